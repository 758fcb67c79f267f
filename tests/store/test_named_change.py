"""Several names put and taken at once: one decision about each image, one undo."""

from __future__ import annotations

import sqlite3

import pytest

from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.store import images, journal, named, undoing, users
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


def test_a_merge_shows_nothing_that_was_hidden(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    secret, nut = (db.write(named.add, uid, TAG, name) for name in ("secret", "nut"))
    db.write(named.put, uid, TAG, secret, ids[:1])
    for hide in (named.hide, named.set_sensitive):
        db.write(hide, uid, TAG, secret)
        with pytest.raises(RefusedError, match="would be shown"):
            db.write(named.merge, uid, TAG, secret, nut)
        db.write(hide, uid, TAG, nut)
        db.write(named.merge, uid, TAG, secret, nut)
        assert db.read(under)[ids[0]] == {"secret", "nut"}
        for _ in range(2):
            db.write(undoing.undo, uid, ("tag_name",))
        db.write(hide, uid, TAG, secret, on=False)


def test_what_a_hidden_name_has_is_counted_for_who_manages_it(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    secret = db.write(named.add, uid, TAG, "secret")
    db.write(named.put, uid, TAG, secret, ids[:3])
    db.write(images.trash, uid, ids[:1])
    assert [one.images for one in db.read(named.listed, TAG)] == [2]
    db.write(named.hide, uid, TAG, secret)
    assert [one.images for one in db.read(named.listed, TAG, concealed=True)] == [2]
    assert db.read(named.find, TAG, "secret", concealed=True).images == 2


def test_nothing_is_decided_about_a_deleted_name(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    gone, there = (db.write(named.add, uid, TAG, name) for name in ("gone", "there"))
    db.write(named.put, uid, TAG, gone, ids[:1])
    db.write(named.delete, uid, TAG, gone)
    before = db.read(under)
    for decide in (
        lambda: db.write(named.put, uid, TAG, gone, ids),
        lambda: db.write(named.take, uid, TAG, gone, ids),
        lambda: db.write(named.rename, uid, TAG, gone, "other"),
        lambda: db.write(named.hide, uid, TAG, gone),
        lambda: db.write(named.delete, uid, TAG, gone),
        lambda: db.write(named.merge, uid, TAG, there, gone),
        lambda: db.write(named.merge, uid, TAG, gone, there),
    ):
        with pytest.raises(NotFoundError):
            decide()
    assert db.read(under) == before
    db.write(undoing.undo, uid, ("tag_name",))
    assert db.write(named.put, uid, TAG, gone, ids[1:2]).changed == 1


def test_an_undo_that_would_make_two_of_a_name_leaves_all_as_it_is(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    areas = ("tag", "tag_name")
    brass, steel = (db.write(named.add, uid, TAG, name) for name in ("brass", "steel"))
    db.write(named.put, uid, TAG, brass, ids)
    db.write(named.merge, uid, TAG, brass, steel)
    other = db.write(users.sign_in, uid + 1, "other").uid
    db.write(named.add, other, TAG, "brass")
    before = db.read(under)
    entry = db.write(undoing.undo, uid, areas)
    assert (entry.stale, entry.turned, entry.left) == (True, (), 1 + len(ids))
    assert db.read(under) == before
    assert db.write(undoing.undo, uid, areas).action == "put"
    assert db.write(undoing.undo, uid, areas).target == steel
