"""Gate, activation and what active models say, for sets and counts, with the real engine process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import msgspec
import pytest

from binscout_tui.engine.client import EngineClient
from binscout_tui.engine.protocol import PredictionLine
from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.learning.gate import GateMeasured
from binscout_tui.operations import gate_trial, suggesting
from binscout_tui.operations.gate_trial import Said
from binscout_tui.operations.gating import activate, gate, judged, rollback
from binscout_tui.operations.known_good import add
from binscout_tui.settings import GateSettings
from binscout_tui.store import images, items, known_good, labels, models, sets, suggestions
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.command_line import Answer, answered_here

from .using_models import add_counted, add_model, add_pictures, add_sets, live, plain


def failed(verdict: models.Gate) -> list[str]:
    return [check["name"] for check in verdict.checks if not check["passed"]]


@pytest.fixture
def root(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return workspace.paths.root


@pytest.fixture
def choosers(workspace: Workspace, root: Path, tmp_path: Path) -> list[int]:
    """Six known-good sets, the good models s-1 and s-2, and s-bad."""
    made = add_sets(workspace, tmp_path / "sets")
    workspace.db.write(add, workspace.user, "select", made, must_pass=False)
    for name, swap in (("s-1", False), ("s-2", False), ("s-bad", True)):
        add_model(workspace, name, task="select", swap=swap)
    return made


@pytest.fixture
def counters(workspace: Workspace, root: Path, tmp_path: Path) -> list[int]:
    """Eight known-good images, the good model c-1, and c-bad."""
    made = add_counted(workspace, tmp_path / "counted")
    workspace.db.write(add, workspace.user, "count", made, must_pass=True)
    add_model(workspace, "c-1", task="count")
    add_model(workspace, "c-bad", task="count", swap=True)
    return made


async def active(workspace: LiveWorkspace, task: str) -> str | None:
    model = await workspace.db.read(models.active, task)
    return model.id if model else None


async def test_a_good_model_for_sets_goes_through_and_a_bad_one_does_not(root: Path, choosers: list[int]) -> None:
    async with live(root) as workspace:
        found = await gate(workspace, "s-1")
        assert (found.state, failed(found)) == ("pass", [])
        assert len(found.replay) == 3
        await activate(workspace, "s-1")
        bad = await gate(workspace, "s-bad")
        assert {"top1", "crops", "regression", "crops_no_worse"} <= set(failed(bad))
        assert sorted(bad.broken) == [f"set {set_id}" for set_id in choosers]
        with pytest.raises(RefusedError, match="did not pass"):
            await activate(workspace, "s-bad")
        assert (await gate(workspace, "s-2")).passed
        await activate(workspace, "s-2")
        assert (await rollback(workspace, "select")).model_id == "s-1"
        assert await active(workspace, "select") == "s-1"
        assert await active(workspace, "classify") is None


async def test_a_good_model_for_counts_goes_through_and_one_that_sees_too_many_does_not(
    root: Path, counters: list[int]
) -> None:
    async with live(root) as workspace:
        assert failed(await gate(workspace, "c-1")) == []
        await activate(workspace, "c-1")
        bad = await gate(workspace, "c-bad")
        assert {"exact", "must_pass", "regression", "error_no_worse"} == set(failed(bad))
        assert bad.broken[0] == f"image {counters[0]}"


async def test_a_known_good_set_with_a_picture_of_other_bytes_fails(root: Path, choosers: list[int]) -> None:
    async with live(root) as workspace:
        first = (await workspace.db.read(sets.get, choosers[0])).images[0]
        workspace.paths.original(first).unlink()
        workspace.paths.original(first).write_bytes(b"other bytes")
        found = await gate(workspace, "s-1")
        assert failed(found) == ["readable"]
        assert "other bytes" in next(one for one in found.checks if one["name"] == "readable")["detail"]


async def test_what_is_listed_is_told(
    root: Path, choosers: list[int], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.db.write(labels.set_label, workspace.user.uid, 1, None, state="empty")
    workspace.db.write(add, workspace.user, "classify", [1], must_pass=True)
    [nothing] = (await said_by(root, capsys, "known-good", "list")).data
    assert (nothing["image_id"], nothing["expected"], nothing["must_pass"]) == (1, "", True)
    told = (await said_by(root, capsys, "known-good", "list", "--task", "select")).data
    assert sorted(one["set_id"] for one in told) == choosers
    assert (told[0]["chosen"], told[0]["crop"]) == (1, [0.1, 0.1, 0.9, 0.8])
    gone = await said_by(root, capsys, "known-good", "remove", choosers[0], "--task", "select")
    assert (gone.code, gone.data) == (0, {"removed": 1})
    assert (await said_by(root, capsys, "known-good", "remove", choosers[0], "--task", "select")).code == 1
    assert (await said_by(root, capsys, "known-good", "list", "--task", "count")).data == []


async def test_a_list_that_changed_or_a_set_that_was_decided_anew(root: Path, choosers: list[int]) -> None:
    """A known-good set stays what it was; only changing the list makes a verdict stale."""
    async with live(root) as workspace:
        assert (await gate(workspace, "s-1")).passed
        other = (await workspace.db.read(sets.get, choosers[0])).images[0].id
        await workspace.db.write(sets.choose, workspace.user.uid, choosers[0], other)
        await workspace.db.read(models.may_activate, "s-1", workspace.settings.gate)
        await workspace.db.write(add, workspace.user, "select", choosers[:1], must_pass=False)
        with pytest.raises(RefusedError, match="list changed"):
            await activate(workspace, "s-1")
        found = await gate(workspace, "s-1")
        assert next(one for one in found.checks if one["name"] == "top1")["detail"] == "5 of 6 right"


async def test_learned_pictures_and_their_lookalikes_are_found_in_the_list(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    ids = add_counted(workspace, tmp_path / "counted")
    workspace.db.write(add, workspace.user, "count", ids, must_pass=False)
    found = workspace.db.read(images.page, limit=100)
    twin = workspace.db.write(images.add, workspace.user.uid, _twin(found[0]))[0]
    add_model(workspace, "c-same", task="count", learned=[found[1].sha256])
    add_model(workspace, "c-like", task="count", learned=[workspace.db.read(images.get, twin).sha256])
    async with live(root) as opened:
        same, like = await gate(opened, "c-same"), await gate(opened, "c-like")
    assert (failed(same), failed(like)) == (["unseen"], ["unlike"])
    assert found[0].sha256[:12] in next(one for one in like.checks if one["name"] == "unlike")["detail"]


def _twin(image: images.Image) -> images.NewImage:
    """A row with another hash of bytes and one bit of the perceptual hash turned."""
    assert image.phash is not None
    return images.NewImage(
        sha256="f" * 64,
        storage="copy",
        path=Path("originals/twin.png"),
        name="twin.png",
        source="x",
        bytes=1,
        mtime_ns=1,
        width=64,
        height=64,
        format="PNG",
        mode="RGB",
        source_group="elsewhere",
        phash=image.phash ^ 1,
    )


async def test_an_engine_that_cannot_be_had_is_an_error_and_lets_nothing_through(
    root: Path, counters: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "logs").mkdir(exist_ok=True)
    workspace = await LiveWorkspace.open(root)
    monkeypatch.setenv("PYTHONPATH", str(root))
    (root / "uvicorn.py").write_text("raise ImportError('no server here')")
    try:
        found = await gate(workspace, "c-1")
        assert (found.state, found.passed, failed(found)) == ("error", False, ["tried"])
        with pytest.raises(RefusedError, match="could not test c-1") as caught:
            await activate(workspace, "c-1")
        assert caught.value.code == "gate_error"
        told = await said_by(root, capsys, "gate", "c-1")
        assert (told.code, told.data["state"], told.data["passed"]) == (1, "error", False)
    finally:
        await workspace.close()


async def test_an_active_model_that_cannot_be_asked_makes_the_verdict_an_error(root: Path, choosers: list[int]) -> None:
    async with live(root) as workspace:
        await activate(workspace, "s-1", reason="for a test")
        workspace.paths.model("s-1").rename(workspace.paths.models / "aside")
        found = await gate(workspace, "s-2")
        assert (found.state, failed(found)) == ("error", ["tried"])
        assert "The active model s-1 could not be asked" in found.checks[0]["detail"]


@pytest.mark.parametrize("late", ["the candidate", "the active model"])
async def test_an_engine_that_is_too_busy_makes_the_verdict_an_error(
    root: Path, choosers: list[int], monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    patiently = EngineClient.suggest

    def hurried(client: EngineClient, model_id: str, *words: Any, **options: Any) -> Any:
        is_late = (model_id == "s-1") == (late == "the active model")
        return patiently(client, model_id, *words, **options, deadline_s=1e-9 if is_late else 60)

    async with live(root) as workspace:
        await activate(workspace, "s-1", reason="for a test")
        monkeypatch.setattr(EngineClient, "suggest", hurried)
        found = await gate(workspace, "s-bad")
        assert (found.state, failed(found)) == ("error", ["tried"])
        assert "too busy" in found.checks[0]["detail"]


async def test_a_busy_engine_is_not_told_as_another_answer(
    root: Path, choosers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live(root) as workspace:
        assert (await gate(workspace, "s-1")).passed
        monkeypatch.setattr(EngineClient, "suggest", partialmethod(EngineClient.suggest, deadline_s=1e-9))
        with pytest.raises(BinScoutError, match="too busy") as caught:
            await activate(workspace, "s-1")
        assert caught.value.code == "engine_busy"
        assert await active(workspace, "select") is None


async def test_a_model_is_judged_on_numbers_of_what_it_counts(root: Path, counters: list[int]) -> None:
    async with live(root) as workspace:
        nut = (await workspace.db.write(labels.add_class, "nut")).id
        await workspace.db.write(items.add, workspace.user.uid, "M3 nut", class_name="nut")
        for entry in await workspace.db.read(known_good.known_counts):
            await workspace.db.write(
                known_good.add_known_count, workspace.user.uid, entry.image_id, entry.count, class_id=nut
            )
        found = await gate(workspace, "c-1")
        assert (found.state, failed(found)) == ("error", ["same_item"])
        assert found.checks[-1]["detail"] == "the list counts nut in 8 images, the model everything"
        await workspace.db.write(lambda db: db.execute("UPDATE dataset SET item = 'M3 nut'"))
        assert (await gate(workspace, "c-1")).passed, "the item is of that class"


@pytest.mark.parametrize(
    ("card", "refuses"),
    [
        ({}, False),
        ({"unknown": None, "unknown_threshold": 0.0}, False),
        ({"unknown_threshold": 0.4}, True),
        ({"unknown": {"threshold": 1.5}, "unknown_threshold": 0.0}, True),
    ],
)
def test_images_of_nothing_count_for_what_can_call_them_unknown(
    workspace: Workspace, tmp_path: Path, card: dict[str, Any], refuses: bool
) -> None:
    [first, *_] = add_pictures(workspace, tmp_path / "photos", labelled=False)
    workspace.db.write(models.add_known_good, workspace.user.uid, "classify", first, "")
    add_model(workspace, "m-1")
    trial = workspace.db.read(gate_trial.gather, "m-1", GateSettings())
    trial = replace(trial, model=msgspec.structs.replace(trial.model, card=trial.model.card | card))
    line = PredictionLine(trial.listed[0].sha256, "red", 0.9, {"red": 0.9}, False, None, "m-1")  # type: ignore[union-attr]
    said = Said({str(line.id): line}, GateMeasured(), [], None)
    checks = [check.name for check in judged(trial, said, None, GateSettings()).checks]
    assert ("unknown" in checks) is refuses


async def test_a_model_that_says_something_else_than_at_the_gate_is_not_put_to_use(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    for number, image_id in enumerate(add_pictures(workspace, tmp_path / "photos", labelled=True)):
        name = ("blue", "red")[number // 5]
        workspace.db.write(models.add_known_good, workspace.user.uid, "classify", image_id, name)
    add_model(workspace, "m-1")
    async with live(root) as opened:
        assert (await gate(opened, "m-1")).passed
        (moody := opened.paths.model("m-1") / "moody").touch()
        with pytest.raises(BinScoutError, match="something else of") as caught:
            await activate(opened, "m-1")
        assert caught.value.code == "replay_differs"
        assert await active(opened, "classify") is None
        assert failed(await gate(opened, "m-1")) == ["repeatable"]
        moody.unlink()
        assert (await gate(opened, "m-1")).passed
        await activate(opened, "m-1")
        assert await active(opened, "classify") == "m-1"


async def test_a_move_that_fails_leaves_the_engine_with_the_model_of_before(
    root: Path, choosers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from binscout_tui.operations import gating

    async with live(root) as workspace:
        await activate(workspace, "s-1", reason="for a test")

        def broken(*_: object, **__: object) -> None:
            raise RefusedError("The disk is full.", code="disk_full")

        monkeypatch.setattr(gating.models, "activate", broken)
        with pytest.raises(RefusedError, match="disk is full"):
            await activate(workspace, "s-2", reason="for a test")
        async with EngineClient(root, workspace.settings.engine) as client:
            health = await client.health()
        assert health is not None
        assert health["default_models"] == {"select": "s-1"}
        assert await active(workspace, "select") == "s-1"


async def test_sets_get_the_words_of_the_active_model_and_stay_undecided(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    add_sets(workspace, tmp_path / "sets", 2)
    for set_id in workspace.db.read(sets.ids):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, None)
    add_model(workspace, "s-1", task="select")
    async with live(root) as opened:
        await activate(opened, "s-1", reason="for a test")
        assert await suggesting.for_set(opened, 1)
        said, found = await opened.db.read(suggestions.get, 1), await opened.db.read(sets.get, 1)
        assert said is not None
        assert (said.by, said.image_id, said.crop) == ("s-1", found.images[1].id, (0.1, 0.1, 0.9, 0.9))
        assert (found.state, found.chosen_image_id) == ("pending", None)
        assert not await suggesting.for_set(opened, 1), "nobody is asked twice"
        (opened.paths.model("s-1") / "unsure").touch()
        await suggesting.for_set(opened, 2)
        said = await opened.db.read(suggestions.get, 2)
        assert said is None or said.by == "sharpest"


async def test_the_active_model_is_heard_before_one_that_was(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    add_sets(workspace, tmp_path / "sets", 1)
    ids = [image.id for image in workspace.db.read(sets.get, 1).images]
    for name in ("s-1", "s-2"):
        add_model(workspace, name, task="select")
        workspace.db.write(models.activate, workspace.user.uid, name, workspace.settings.gate, reason="for a test")
    workspace.db.write(suggestions.put, 1, "s-1", ids[0], 0.99)
    workspace.db.write(suggestions.put, 1, "s-2", ids[1], 0.5)
    said = workspace.db.read(suggestions.get, 1)
    assert said is not None
    assert said.by == "s-2"


async def said_by(root: Path, capsys: pytest.CaptureFixture[str], *words: object) -> Answer:
    """What a command answers beside this event loop."""
    return await asyncio.to_thread(answered_here, root, capsys, *words)


async def test_the_commands_ask_the_active_models(
    workspace: Workspace, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bins := tmp_path / "bins").mkdir()
    pictures = [plain(bins / f"{red}.png", red, 1) for red in (30, 50)]
    (bins / "bad.png").write_text("no picture")
    add_model(workspace, "s-1", task="select")
    add_model(workspace, "c-1", task="count")
    async with live(root) as opened:
        none = await said_by(root, capsys, "count", bins)
        assert (none.code, none.data["error"]["code"]) == (1, "none_active")
        rule = await said_by(root, capsys, "suggest", *pictures)
        assert (rule.data["by"], rule.data["crop"]) == ("sharpest", None)
        await activate(opened, "s-1", reason="for a test")
        await activate(opened, "c-1", reason="for a test")
        counted = await said_by(root, capsys, "count", bins)
        assert counted.code == 0
        by_name = {Path(one["path"]).name: one for one in counted.data}
        assert (by_name["30.png"]["count"], by_name["50.png"]["count"]) == (3, 5)
        assert len(by_name["50.png"]["points"]) == 5
        assert by_name["bad.png"]["count"] is None
        assert by_name["bad.png"]["error"]
        assert {one["model"] for one in counted.data} == {"c-1"}
        assert (await said_by(root, capsys, "count", bins / "bad.png")).code == 1
        for words, code in ((("--item", "M3"), "wrong_item"), (("--exemplar", "1,1,9,9"), "no_exemplars")):
            refused = await said_by(root, capsys, "count", bins, *words)
            assert (refused.code, refused.data["error"]["code"]) == (3, code)
        model = await said_by(root, capsys, "suggest", bins)
        assert model.code == 0
        assert (model.data["by"], Path(model.data["chosen"]).name) == ("s-1", "50.png")
        assert model.data["crop"] == [0.1, 0.1, 0.9, 0.9]
        assert model.data["scores"][str(bins / "bad.png")] is None
