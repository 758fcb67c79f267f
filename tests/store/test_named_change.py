"""Several names put and taken at once: one decision about each image, one undo."""

from __future__ import annotations

import sqlite3

import pytest

from binscout_tui.errors import NotFoundError
from binscout_tui.store import images, journal, named, undoing
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace
from tests.app.made_up import add_images


@pytest.fixture
def ids(workspace: Workspace) -> list[int]:
    return add_images(workspace.paths.root, 4, previews=False)


def under(db: sqlite3.Connection) -> dict[int, set[str]]:
    """{image: its tags}, hidden ones too."""
    found: dict[int, set[str]] = {}
    for image_id, name in db.execute("SELECT image_id, name FROM image_tag JOIN tag ON tag.id = tag_id"):
        found.setdefault(image_id, set()).add(name)
    return found


def test_put_and_take_are_one_decision_and_one_undo(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    brass, nut, steel = (db.write(named.add, uid, TAG, name) for name in ("brass", "nut", "steel"))
    db.write(named.put, uid, TAG, brass, ids[:2])
    before = db.read(under)
    first = db.write(named.change, uid, TAG, ids[:2], put=[nut, steel], take=[brass])
    more = db.write(named.change, uid, TAG, ids[2:], put=[nut, steel], take=[brass], batch=first.batch)
    assert (first.changed, more.changed, more.batch) == (2, 2, first.batch)
    assert db.read(under) == {one: {"nut", "steel"} for one in ids}
    assert {entry.action for entry in db.read(journal.history, area="tag", limit=4)} == {"change"}
    assert len(db.write(undoing.undo, uid, ("tag",)).turned) == 4
    assert db.read(under) == before


def test_what_is_so_already_is_no_decision(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    brass, nut = (db.write(named.add, uid, TAG, name) for name in ("brass", "nut"))
    db.write(named.put, uid, TAG, brass, ids)
    assert db.write(named.change, uid, TAG, ids, put=[brass], take=[nut]).changed == 0
    assert len(db.read(journal.history, area="tag")) == len(ids)


def test_a_hidden_tag_among_others_is_put_with_them(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    secret, other, nut = (db.write(named.add, uid, TAG, name) for name in ("secret", "other secret", "nut"))
    db.write(named.hide, uid, TAG, secret)
    db.write(named.hide, uid, TAG, other)
    assert db.write(named.change, uid, TAG, ids[:1], put=[secret, other, nut]).changed == 1
    assert db.read(under)[ids[0]] == {"secret", "other secret", "nut"}
    with pytest.raises(NotFoundError):
        db.read(images.get, ids[0])
    db.write(undoing.undo, uid, ("tag",))
    assert db.read(images.get, ids[0]).id == ids[0]


def test_merging_a_hidden_tag_tells_everybody_that_images_are_there_again(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    secret, nut = (db.write(named.add, uid, TAG, name) for name in ("secret", "nut"))
    db.write(named.put, uid, TAG, secret, ids[:1])
    db.write(named.hide, uid, TAG, secret)
    before = workspace.db.connection.execute("SELECT max(id) FROM event").fetchone()[0]
    db.write(named.merge, uid, TAG, secret, nut)
    assert db.read(images.get, ids[0]).id == ids[0]
    kinds = workspace.db.connection.execute("SELECT kind, target FROM event WHERE id > ?", (before,)).fetchall()
    assert ("image", "") in {tuple(row) for row in kinds}
