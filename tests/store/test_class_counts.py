"""How many images a class has is kept, and is what plain counting says whatever was done to images and labels."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui import workspace as workspaces
from binscout_tui.errors import NotFoundError
from binscout_tui.store import classes, filters, images, journal, labels, migrate
from binscout_tui.store.images import LIVE
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages, row

NAMES = ("m3", "m4", "nut")
STEPS = ("label", "clear", "trash", "restore", "purge", "withhold", "accept", "merge", "back", "undo", "redo")
Step = tuple[str, int, str]


def kept(workspace: Workspace) -> dict[str, int]:
    return {one.name: one.images for one in workspace.db.read(classes.all_classes, archived=True)}


def counted(workspace: Workspace) -> dict[str, int]:
    rows = workspace.db.connection.execute(
        "SELECT class.name, count(image.id) FROM class LEFT JOIN label ON class_id = class.id"
        f" LEFT JOIN image ON image.id = image_id AND {LIVE} GROUP BY class.id"
    )
    return dict(map(tuple, rows))


def done(workspace: Workspace, step: Step) -> None:
    """Do one step, as far as it can be done."""
    kind, number, name = step
    db, uid = workspace.db, workspace.user.uid
    ids = [one[0] for one in db.connection.execute("SELECT id FROM image ORDER BY id")]
    if kind in ("undo", "redo"):
        with suppress(NotFoundError):  # nothing is left to undo
            db.write(journal.undo if kind == "undo" else journal.redo, uid)
        return
    if kind in ("merge", "back"):
        into = db.read(classes.find, NAMES[number % len(NAMES)])
        one = db.read(classes.find, name)
        if kind == "back":
            db.write(classes.archive, uid, one.id, back=True)
        elif one.id != into.id and one.archived_at is None and into.archived_at is None:
            db.write(classes.merge, uid, one.id, into.id)
        return
    if not ids:
        return
    image = ids[number % len(ids)]
    if kind in ("withhold", "accept"):
        db.write(withheld, image, "staged" if kind == "withhold" else None)
    elif kind == "purge":
        db.write(purged, image)
    elif db.read(images.get, image).withheld is None:
        if kind in ("trash", "restore"):
            db.write(images.trash if kind == "trash" else images.restore, uid, [image])
        elif db.read(images.get, image).is_live:
            is_there = db.read(classes.find, name).archived_at is None
            if kind == "label" and is_there:
                db.write(labels.set_label, uid, image, name)
            elif kind == "clear":
                db.write(labels.clear, uid, image)


def withheld(db: sqlite3.Connection, image_id: int, state: str | None) -> None:
    db.execute("UPDATE image SET withheld = ? WHERE id = ?", (state, image_id))


def purged(db: sqlite3.Connection, image_id: int) -> None:
    db.execute("DELETE FROM image WHERE id = ?", (image_id,))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.sampled_from(NAMES)), max_size=40))
def test_what_is_kept_is_what_is_counted(tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> None:
    root = tmp_path_factory.mktemp("counts") / "workspace"
    workspaces.create(root)
    with Workspace(root) as workspace:
        workspace.db.connection.execute("PRAGMA synchronous = OFF")
        for name in NAMES:
            workspace.db.write(labels.add_class, name)
        for number in range(6):
            image, _ = workspace.db.write(images.add, workspace.user.uid, row(number))
            workspace.db.write(labels.set_label, workspace.user.uid, image, NAMES[number % 3])
        for step in steps:
            with suppress(NotFoundError):  # undo of what was done to an image that was purged since
                done(workspace, step)
            assert kept(workspace) == counted(workspace), step


def test_the_trash_does_not_count(workspace: Workspace, add_images: AddImages) -> None:
    ids, db, uid = add_images(4), workspace.db, workspace.user.uid
    db.write(labels.add_class, "m3")
    for image in ids:
        db.write(labels.set_label, uid, image, "m3")
    db.write(images.trash, uid, ids[:2])
    assert db.read(labels.find_class, "m3").images == 2
    assert len(db.read(filters.page, filters.parse("label:m3"))) == 2
    assert len(db.read(filters.page, filters.parse("label:m3 in:trash"))) == 2
    db.write(images.restore, uid, ids[:1])
    assert db.read(labels.find_class, "m3").images == 3
    db.write(journal.undo, uid)
    db.write(journal.undo, uid)
    assert db.read(labels.find_class, "m3").images == 4


def test_counts_that_were_kept_with_the_trash_are_put_right(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    steps = migrate.migrations()
    for script in (script for number, script in steps if number < 12):
        for statement in migrate.statements(script):
            db.execute(statement)
    db.execute("PRAGMA foreign_keys = OFF")
    for number in (1, 2, 3):
        db.execute(
            "INSERT INTO image (id, sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height,"
            " format, mode, frames, orientation, family, source_group, warnings, added_at, added_by)"
            " VALUES (?, ?, 'imported', 'copy', ?, 'a', 'a', 1, 1, 1, 1, 'JPEG', 'RGB', 1, 1, '', 'g', '[]', '', 1)",
            (number, f"{number:064x}", bytes([number])),
        )
    db.execute("INSERT INTO class (id, name) VALUES (1, 'm3')")
    db.executemany("INSERT INTO label VALUES (?, 'class', 1, 1, '')", [(1,), (2,), (3,)])
    db.execute("UPDATE image SET trashed_at = 'now', trashed_by = 1 WHERE id = 2")
    assert db.execute("SELECT images FROM class").fetchone() == (3,), "as it was kept before"
    for statement in migrate.statements(dict(steps)[12]):
        db.execute(statement)
    assert db.execute("SELECT images FROM class").fetchone() == (2,)
    db.execute("UPDATE image SET trashed_at = NULL, trashed_by = NULL WHERE id = 2")
    assert db.execute("SELECT images FROM class").fetchone() == (3,)
    db.close()
