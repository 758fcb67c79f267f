"""The alias `active` moves only through a valid verdict, and back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import ConflictError, NotFoundError, RefusedError
from binscout_tui.settings import GateSettings
from binscout_tui.store import datasets, journal, known_good, migrate, models, named, runs
from binscout_tui.store.connection import connect
from binscout_tui.store.datasets import Item
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

TASK = "classify"
FLOORS = GateSettings()


@pytest.fixture
def three_models(workspace: Workspace) -> list[str]:
    items = [Item(f"{i:064x}", "m3", "train", str(i)) for i in range(3)]
    version = datasets.content_id(TASK, items)
    dataset = datasets.new_dataset("parts", TASK, version, "datasets/x.jsonl", items)
    workspace.db.write(datasets.add, workspace.user.uid, dataset, items)
    made = []
    for _ in range(3):
        run_id = workspace.db.read(runs.free_id, "parts")
        workspace.db.write(
            runs.add, workspace.user.uid, run_id, task=TASK, dataset_id=version, config={"preset": "tiny"}
        )
        workspace.db.write(
            models.add, workspace.user.uid, run_id, run_id=run_id, task=TASK, sha256="0" * 64, size=1, card={}
        )
        made.append(run_id)
    return made


def verdict(workspace: Workspace, model: str, *, passed: bool = True, floors: GateSettings = FLOORS) -> None:
    workspace.db.write(
        models.add_gate,
        workspace.user.uid,
        model,
        passed=passed,
        checks=[{"name": "overall", "passed": passed}],
        basis=workspace.db.read(models.basis, model, floors),
    )


def activate(workspace: Workspace, model: str, reason: str = "", floors: GateSettings = FLOORS) -> None:
    workspace.db.write(models.activate, workspace.user.uid, model, floors, reason=reason)


def roll_back(workspace: Workspace) -> None:
    target = workspace.db.read(models.previous, TASK)
    workspace.db.write(models.rollback, workspace.user.uid, TASK, target.id)


def active(workspace: Workspace) -> str | None:
    model = workspace.db.read(models.active, TASK)
    return model.id if model else None


def test_no_verdict_or_a_failed_one_keeps_the_model_out(workspace: Workspace, three_models: list[str]) -> None:
    with pytest.raises(RefusedError, match="has not stood at the gate"):
        activate(workspace, three_models[0])
    verdict(workspace, three_models[0], passed=False)
    with pytest.raises(RefusedError, match="did not pass the gate: overall"):
        activate(workspace, three_models[0])
    assert active(workspace) is None


def test_a_verdict_on_another_list_is_stale(
    workspace: Workspace, three_models: list[str], add_images: AddImages
) -> None:
    verdict(workspace, three_models[0])
    workspace.db.write(models.add_known_good, workspace.user.uid, TASK, add_images(1)[0], "m3")
    with pytest.raises(RefusedError, match="list changed"):
        activate(workspace, three_models[0])


def test_a_verdict_beside_another_active_model_is_stale(workspace: Workspace, three_models: list[str]) -> None:
    verdict(workspace, three_models[0])
    verdict(workspace, three_models[1])
    activate(workspace, three_models[0])
    with pytest.raises(RefusedError, match="Another model became active"):
        activate(workspace, three_models[1])


def test_rollback_goes_back_step_by_step_and_is_journaled(workspace: Workspace, three_models: list[str]) -> None:
    for model in three_models:
        verdict(workspace, model)
        activate(workspace, model)
    assert active(workspace) == three_models[2]
    roll_back(workspace)
    assert active(workspace) == three_models[1]
    roll_back(workspace)
    assert active(workspace) == three_models[0]
    with pytest.raises(RefusedError, match="No model was active before"):
        roll_back(workspace)
    history = [(one.action, one.model_id) for one in workspace.db.read(models.activations, TASK)]
    assert history[:2] == [("rollback", three_models[0]), ("rollback", three_models[1])]
    assert len(workspace.db.read(journal.history, area="model")) == 5


def test_after_a_rollback_one_can_go_forward_and_back_again(workspace: Workspace, three_models: list[str]) -> None:
    first, second, third = three_models
    for model in (first, second):
        verdict(workspace, model)
        activate(workspace, model)
    roll_back(workspace)
    verdict(workspace, third)
    activate(workspace, third)
    roll_back(workspace)
    assert active(workspace) == first


def test_a_typed_reason_stands_for_a_verdict_and_is_kept(workspace: Workspace, three_models: list[str]) -> None:
    activate(workspace, three_models[0], reason="camera changed")
    assert workspace.db.read(models.activations, TASK)[0].reason == "camera changed"


def test_a_verdict_beside_itself_is_none_for_a_later_return(workspace: Workspace, three_models: list[str]) -> None:
    """Judged while it is active a model has no rival; that must not carry it past the next active one."""
    first, second, _ = three_models
    verdict(workspace, first)
    activate(workspace, first)
    verdict(workspace, first)
    verdict(workspace, second)
    activate(workspace, second)
    with pytest.raises(RefusedError, match="Another model became active"):
        activate(workspace, first)
    assert active(workspace) == second


def test_a_verdict_under_other_floors_is_stale(workspace: Workspace, three_models: list[str]) -> None:
    verdict(workspace, three_models[0], floors=GateSettings(overall=0.0))
    with pytest.raises(RefusedError, match="floors changed"):
        activate(workspace, three_models[0])
    activate(workspace, three_models[0], floors=GateSettings(overall=0.0))


def test_a_verdict_on_other_weights_is_stale(workspace: Workspace, three_models: list[str]) -> None:
    now = workspace.db.read(models.basis, three_models[0], FLOORS)
    other = msgspec.structs.replace(now, model_hash="of other weights")
    workspace.db.write(models.add_gate, workspace.user.uid, three_models[0], passed=True, checks=[], basis=other)
    with pytest.raises(RefusedError, match="The model changed since"):
        activate(workspace, three_models[0])


def test_blanks_are_no_reason(workspace: Workspace, three_models: list[str]) -> None:
    with pytest.raises(RefusedError, match="has not stood at the gate"):
        activate(workspace, three_models[0], reason=" \t ")


def test_a_rollback_to_another_model_than_was_looked_at_moves_nothing(
    workspace: Workspace, three_models: list[str]
) -> None:
    for model in three_models:
        activate(workspace, model, reason="for a test")
    with pytest.raises(ConflictError):
        workspace.db.write(models.rollback, workspace.user.uid, TASK, three_models[0])
    assert active(workspace) == three_models[2]


def test_the_journal_tells_what_the_list_expected_before(workspace: Workspace, add_images: AddImages) -> None:
    [image_id], uid = add_images(1), workspace.user.uid
    workspace.db.write(models.add_known_good, uid, TASK, image_id, "m3", must_pass=True)
    workspace.db.write(models.add_known_good, uid, TASK, image_id, "m4")
    workspace.db.write(models.remove_known_good, uid, TASK, image_id)
    removed, changed, added = workspace.db.read(journal.history, area="known_good")
    assert (added.action, added.before) == ("add", {})
    assert (changed.action, changed.before) == ("change", {"task": TASK, "expected": "m3", "must_pass": True})
    assert (removed.action, removed.before) == ("remove", changed.after)


def test_verdicts_of_before_keep_their_meaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What had passed is a pass after the change of the schema, what had not is a fail."""
    every = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: [one for one in every if one[0] < 14])
    db = connect(tmp_path / "old.db")
    migrate.migrate(db, tmp_path / "old.db")
    db.execute("INSERT INTO user VALUES (0, 'ana', 'admin', 'x')")
    db.execute(
        "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES"
        f" ('m', NULL, 'classify', '{'0' * 64}', 1, '{{}}', 0, 'x')"
    )
    for passed in (1, 0):
        db.execute(
            "INSERT INTO gate (model_id, passed, checks, model_hash, list_hash, floors_hash, uid, at)"
            " VALUES ('m', ?, '[]', '', '', '', 0, 'x')",
            (passed,),
        )
    db.commit()
    monkeypatch.setattr(migrate, "migrations", lambda: every)
    migrate.migrate(db, tmp_path / "old.db")
    rows = db.execute("SELECT passed, state, broken, replay FROM gate ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(1, "pass", "[]", "[]"), (0, "fail", "[]", "[]")]
    assert models.get(db, "m").note == ""
    db.close()


def test_a_test_that_could_not_be_carried_out_is_told_as_that(workspace: Workspace, three_models: list[str]) -> None:
    now = workspace.db.read(models.basis, three_models[0], FLOORS)
    checks = [{"name": "tried", "passed": False, "detail": "The engine does not answer."}]
    write = workspace.db.write
    write(models.add_gate, 0, three_models[0], passed=False, state="error", checks=checks, basis=now)
    with pytest.raises(RefusedError, match=r"could not test .*: The engine does not answer"):
        activate(workspace, three_models[0])


@pytest.mark.parametrize("task", [TASK, "select", "count"])
def test_what_a_verdict_stands_on_is_the_same_while_some_of_it_is_hidden(
    workspace: Workspace, three_models: list[str], add_images: AddImages, task: str
) -> None:
    ids, db, uid = add_images(4), workspace.db, workspace.user.uid
    for one in ids[:2]:
        db.write(models.add_known_good, uid, TASK, one, "m3")
        db.write(models.add_known_count, uid, one, 5)
    for key, members in (("a", ids[:2]), ("b", ids[2:])):
        db.write(models.add_known_set, uid, key, members, 0)
    before = known_good.listed(db.connection, task), db.read(models.basis, three_models[0], FLOORS)
    tag = db.write(named.ensure, uid, named.TAG, "private")
    db.write(named.put, uid, named.TAG, tag, ids[:1])
    db.write(named.hide, uid, named.TAG, tag)
    assert db.read(known_good.listed, task) == before[0][1:]
    assert db.read(known_good.listed, task, concealed=True) == before[0]
    assert db.read(known_good.hidden, task) == {known_good.identity(before[0][0])}
    assert db.read(models.basis, three_models[0], FLOORS) == before[1]
    db.write(named.put, uid, named.TAG, tag, ids[1:])
    assert db.read(known_good.listed, task) == []
    assert not db.read(known_good.is_empty, task), "a version that is built fills no list whose images are hidden"


def test_the_list_of_each_task_is_its_own(workspace: Workspace, three_models: list[str], add_images: AddImages) -> None:
    ids, write, uid = add_images(4), workspace.db.write, workspace.user.uid
    before = workspace.db.read(models.basis, three_models[0], FLOORS).list_hash
    write(models.add_known_count, uid, ids[0], 5)
    write(models.add_known_set, uid, "key", ids[1:], 2, crop=(0.1, 0.1, 0.9, 0.9), must_pass=True)
    assert workspace.db.read(models.basis, three_models[0], FLOORS).list_hash == before
    [counted], [chosen] = workspace.db.read(models.known_counts), workspace.db.read(models.known_sets)
    assert (counted.count, counted.item, counted.must_pass) == (5, None, False)
    assert ([image_id for image_id, _ in chosen.images], chosen.chosen) == (ids[1:], 2)
    assert (chosen.crop, chosen.must_pass, chosen.set_id) == ((0.1, 0.1, 0.9, 0.9), True, None)
    assert [workspace.db.read(known_good.is_empty, task) for task in (TASK, "select", "count")] == [True, False, False]
    write(models.add_known_count, uid, ids[0], 6)
    write(models.remove_known_good, uid, "count", ids[0])
    removed, changed = workspace.db.read(journal.history, area="known_good", limit=2)
    assert (removed.action, removed.before["count"]) == ("remove", 6)
    assert (changed.action, changed.before["count"]) == ("change", 5)
    with pytest.raises(NotFoundError):
        write(models.remove_known_good, uid, "count", ids[0])
