"""What waits to be verified: kept whatever happens to images, labels and predictions, and paged by key."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import classes, images, journal, labels, migrate, models, predictions, verifying
from binscout_tui.store.database import Database
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.verifying import Said, Waiting
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

MODEL = "m-1"
NAMES = ("m3", "m4")
Say = Callable[[int, str, float], None]


@pytest.fixture
def say(workspace: Workspace) -> Say:
    """Has the active model say a class of an image."""
    for name in NAMES:
        workspace.db.write(labels.add_class, name)

    def activate(db: Any) -> None:
        models.add(db, workspace.user.uid, MODEL, run_id=None, task="classify", sha256="a" * 64, size=1, card={})
        models.activate(db, workspace.user.uid, MODEL, workspace.settings.gate, reason="for a test")

    workspace.db.write(activate)

    def one(image_id: int, name: str, score: float) -> None:
        said = Prediction(image_id=image_id, model_id=MODEL, label=name, score=score, unknown=False)
        workspace.db.write(predictions.keep, [said])

    return one


def waiting(workspace: Workspace, name: str = "m3") -> list[int]:
    return [one.image_id for one in workspace.db.read(verifying.page, MODEL, name, limit=1000)]


def kept(workspace: Workspace) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in workspace.db.connection.execute("SELECT * FROM to_verify ORDER BY 1, 2")]


def counted(workspace: Workspace) -> dict[str, int]:
    return {one.name: one.images for one in workspace.db.read(verifying.classes, MODEL)}


def test_pages_follow_each_other_by_confidence_and_the_newest_of_equals_comes_first(
    workspace: Workspace, add_images: AddImages, say: Say
) -> None:
    ids = add_images(7)
    for image_id, score in zip(ids, (0.5, 0.9, 0.9, 1.0, 0.2, 0.9, 0.7), strict=True):
        say(image_id, "m3", score)
    first = workspace.db.read(verifying.page, MODEL, "m3", limit=3)
    assert [one.image_id for one in first] == [ids[3], ids[5], ids[2]]
    rest = workspace.db.read(verifying.page, MODEL, "m3", beyond=first[-1], limit=9)
    assert [one.image_id for one in rest] == [ids[1], ids[6], ids[0], ids[4]]
    sure = workspace.db.read(verifying.page, MODEL, "m3", least=0.7, beyond=first[-1])
    assert [one.image_id for one in sure] == [ids[1], ids[6]]
    assert workspace.db.read(verifying.classes, MODEL) == [Waiting("m3", 7)]


def test_a_page_is_one_decision_that_one_undo_takes_back(workspace: Workspace, add_images: AddImages, say: Say) -> None:
    ids, uid = add_images(5), workspace.user.uid
    for image_id in ids:
        say(image_id, "m3", 0.9)
    said = [Said(image_id, 0.9) for image_id in ids]
    done = workspace.db.write(verifying.take, uid, MODEL, "m3", said[:3], said[3:4])
    assert (done.taken, done.ruled_out, done.left) == (tuple(ids[:3]), (ids[3],), ())
    assert waiting(workspace) == [ids[4]]
    rows = workspace.db.read(journal.history)[:4][::-1]
    assert [(row.area, row.target) for row in rows] == [*(("label", one) for one in ids[:3]), ("verify", ids[3])]
    assert all(row.suggested == {"label": "m3", "score": 0.9, "model": MODEL, "page": 4} for row in rows)
    turned = workspace.db.write(verifying.undo, uid)
    assert (turned.entry.turned, turned.class_name, turned.ruled_out) == (tuple(ids[:4]), "m3", (ids[3],))
    assert waiting(workspace) == ids[::-1]
    assert all(workspace.db.read(labels.get, image_id) is None for image_id in ids)
    again = workspace.db.write(verifying.redo, uid)
    assert again.ruled_out == (ids[3],)
    assert waiting(workspace) == [ids[4]]


def test_what_somebody_else_labelled_meanwhile_stays_as_they_said(
    workspace: Workspace, add_images: AddImages, say: Say
) -> None:
    ids, uid = add_images(3), workspace.user.uid
    for image_id in ids:
        say(image_id, "m3", 0.9)
    workspace.db.write(labels.set_label, uid, ids[0], "m4")
    workspace.db.write(images.trash, uid, [ids[1]])
    done = workspace.db.write(verifying.take, uid, MODEL, "m3", [Said(one, 0.9) for one in ids])
    assert (done.taken, done.left) == ((ids[2],), (ids[0], ids[1]))
    label = workspace.db.read(labels.get, ids[0])
    assert label is not None
    assert label.name == "m4"
    assert workspace.db.read(labels.get, ids[1]) is None


def test_an_image_that_was_ruled_out_is_not_asked_again_by_another_model(
    workspace: Workspace, add_images: AddImages, say: Say
) -> None:
    (image_id,), uid = add_images(1), workspace.user.uid
    say(image_id, "m3", 0.9)
    workspace.db.write(verifying.take, uid, MODEL, "m3", [], [Said(image_id, 0.9)])
    say(image_id, "m3", 0.99)
    assert waiting(workspace) == []
    say(image_id, "m4", 0.8)
    assert waiting(workspace, "m4") == [image_id]


def test_a_class_that_is_gone_is_not_offered(workspace: Workspace, add_images: AddImages, say: Say) -> None:
    ids, uid = add_images(2), workspace.user.uid
    say(ids[0], "m3", 0.9)
    say(ids[1], "m4", 0.9)
    workspace.db.write(classes.archive, uid, workspace.db.read(labels.find_class, "m4").id)
    assert counted(workspace) == {"m3": 1}
    with pytest.raises(NotFoundError):
        workspace.db.write(verifying.take, uid, MODEL, "m4", [Said(ids[1], 0.9)])


def test_taking_the_sure_ones_leaves_out_what_was_named_and_undoes_as_one(
    workspace: Workspace, add_images: AddImages, say: Say
) -> None:
    ids, uid = add_images(6), workspace.user.uid
    for place, image_id in enumerate(ids):
        say(image_id, "m3", 0.5 + place / 10)
    workspace.db.connection.execute("UPDATE image SET examined = 0 WHERE id = ?", (ids[5],))
    took = workspace.db.write(verifying.take_sure, uid, MODEL, "m3", 0.7, without=[ids[4]], dry_run=True)
    assert [one.image_id for one in took] == [ids[3], ids[2]], "undecoded pictures are not taken unseen"
    assert waiting(workspace) == ids[::-1]
    workspace.db.write(verifying.take_sure, uid, MODEL, "m3", 0.0, limit=2)
    assert waiting(workspace) == [ids[5], ids[2], ids[1], ids[0]]
    assert workspace.db.write(verifying.undo, uid).entry.turned == (ids[4], ids[3])
    assert waiting(workspace) == ids[::-1]


EVENTS = st.sampled_from(["say", "unsure", "label", "skip", "clear", "trash", "restore", "rule out", "undo", "redo"])


@given(st.lists(st.tuples(EVENTS, st.integers(0, 3), st.sampled_from(NAMES), st.floats(0, 1)), max_size=25))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_the_kept_list_is_what_counting_gives(
    workspace: Workspace, add_images: AddImages, say: Say, steps: list[tuple[str, int, str, float]]
) -> None:
    db, uid = workspace.db, workspace.user.uid
    if not db.read(images.count) and not db.read(images.page, trashed=True):
        add_images(4)
    for what, which, name, score in steps:
        image_id = which + 1
        acts: dict[str, Callable[[], object]] = {
            "say": lambda i=image_id, n=name, s=score: say(i, n, s),
            "unsure": lambda i=image_id, n=name: db.write(
                predictions.keep, [Prediction(image_id=i, model_id=MODEL, label=n, score=0.1, unknown=True)]
            ),
            "label": lambda i=image_id, n=name: db.write(labels.set_label, uid, i, n),
            "skip": lambda i=image_id: db.write(labels.set_label, uid, i, None, state="skipped"),
            "clear": lambda i=image_id: db.write(labels.clear, uid, i),
            "trash": lambda i=image_id: db.write(images.trash, uid, [i]),
            "restore": lambda i=image_id: db.write(images.restore, uid, [i]),
            "rule out": lambda i=image_id, n=name: db.write(verifying.take, uid, MODEL, n, [], [Said(i, 0.5)]),
            "undo": lambda: db.write(verifying.undo, uid),
            "redo": lambda: db.write(verifying.redo, uid),
        }
        with suppress(NotFoundError, UsageError):  # what is refused changes nothing
            acts[what]()
    fresh = [tuple(row) for row in db.connection.execute("SELECT * FROM verifiable ORDER BY 1, 2")]
    assert kept(workspace) == fresh
    numbers = {name: sum(row[2] == name for row in fresh) for name in NAMES}
    assert counted(workspace) == {name: number for name, number in numbers.items() if number}


def test_an_older_workspace_gets_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = [one for one in migrate.migrations() if one[0] < 10]
    with monkeypatch.context() as before:
        before.setattr(migrate, "migrations", lambda: older)
        old = Database(tmp_path / "binscout.db")
        old.write(_fill)
        old.close()
    with_rows = Database(tmp_path / "binscout.db")
    assert with_rows.read(verifying.classes, MODEL) == [Waiting("m3", 2)]
    assert [one.image_id for one in with_rows.read(verifying.page, MODEL, "m3")] == [2, 1]
    with_rows.close()


def _fill(db: sqlite3.Connection) -> None:
    """In the words of that time."""
    db.execute("INSERT INTO user VALUES (1, 'anna', 'admin', 'now')")
    db.execute("INSERT INTO class (name) VALUES ('m3')")
    db.execute(
        "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES"
        " (?, NULL, 'classify', ?, 1, '{}', 1, 'now')",
        (MODEL, "a" * 64),
    )
    for number in range(4):
        db.execute(
            "INSERT INTO image (sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height, format,"
            " mode, source_group, added_at, added_by) VALUES"
            " (?, 'imported', 'copy', ?, 'x', 'x', 1, 1, 4, 3, 'JPEG', 'RGB', 'g', 'now', 1)",
            (f"{number:064x}", f"{number}.jpg".encode()),
        )
        values = (number + 1, MODEL, 0.5 + number / 10)
        db.execute("INSERT INTO prediction VALUES (?, ?, 'm3', ?, 0, NULL, 'now')", values)
    db.execute("INSERT INTO label VALUES (3, 'class', 1, 1, 'now')")
    db.execute("UPDATE image SET trashed_at = 'now', trashed_by = 1 WHERE id = 4")
