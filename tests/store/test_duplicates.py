"""Deciding on duplicates: what is known of all stays with the kept one, and one undo takes all of it back."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import duplicates, images, journal, labels, named, reviews, stars, texts, undoing
from binscout_tui.store.duplicates import AREAS, Kind
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


def known(ws: Workspace, image_id: int) -> dict[str, Any]:
    """All that people said of an image."""
    [facts] = ws.db.read(duplicates.facts, [image_id])
    return {
        "tags": facts.tags,
        "collections": facts.collections,
        "label": facts.label,
        "note": facts.note,
        "title": facts.title,
        "starred": facts.image.starred,
        "trashed": facts.image.trashed_at is not None,
    }


def enter(ws: Workspace, *found: tuple[Kind, bool, list[int]]) -> None:
    """Groups as a look leaves them."""
    rows = [(kind, same, [(one, "first" if one == ids[0] else "resized") for one in ids]) for kind, same, ids in found]
    ws.db.write(duplicates.replace, rows)


@pytest.fixture
def described(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Three images; the first is bare, the others have tags, collections, a star, a label, notes and a title."""
    ids = add_images(3)
    db, uid = workspace.db, workspace.user.uid
    for name, members in {"brass": [ids[1]], "shiny": ids[1:]}.items():
        db.write(named.put, uid, TAG, db.write(named.ensure, uid, TAG, name), members)
    db.write(named.put, uid, COLLECTION, db.write(named.ensure, uid, COLLECTION, "Screws"), [ids[2]])
    db.write(stars.star, uid, [ids[2]])
    db.write(labels.add_class, "m3")
    db.write(labels.set_label, uid, ids[1], "m3")
    db.write(reviews.set_note, uid, ids[1], "dusty")
    db.write(reviews.set_note, uid, ids[2], "from the left")
    db.write(texts.set_title, uid, ids[2], "An M3 screw")
    return ids


def test_the_kept_one_gets_what_is_known_of_the_others(workspace: Workspace, described: list[int]) -> None:
    before = [known(workspace, one) for one in described]
    db, uid = workspace.db, workspace.user.uid
    done = db.write(duplicates.keep, uid, described[0], described[1:])
    assert (done.trashed, done.left) == (2, [])
    assert known(workspace, described[0]) == {
        "tags": ["brass", "shiny"],
        "collections": ["Screws"],
        "label": "m3",
        "note": "dusty · from the left",
        "title": "An M3 screw",
        "starred": True,
        "trashed": False,
    }
    assert [known(workspace, one)["trashed"] for one in described] == [False, True, True]
    for _ in range(2):
        assert db.write(undoing.undo, uid, AREAS).left == 0
        assert [known(workspace, one) for one in described] == before
        assert db.write(undoing.redo, uid, AREAS).left == 0
    assert known(workspace, described[0])["tags"] == ["brass", "shiny"]
    rows = [row for row in db.read(journal.history) if row.action in ("trash", "merge")]
    assert {row.area for row in rows} == {"trash", "tag", "collection", "star", "label", "note", "title"}


def test_undo_of_a_label_does_not_reach_what_was_kept(workspace: Workspace, add_images: AddImages) -> None:
    kept, gone = add_images(2)
    db, uid = workspace.db, workspace.user.uid
    db.write(labels.add_class, "m3")
    db.write(labels.set_label, uid, gone, "m3")
    db.write(duplicates.keep, uid, kept, [gone])
    assert db.write(undoing.undo, uid, ("label",)).target == gone
    assert (known(workspace, kept)["label"], known(workspace, gone)["trashed"]) == ("m3", True)
    assert db.write(undoing.undo, uid, AREAS).left == 0
    assert (known(workspace, kept)["label"], known(workspace, gone)["trashed"]) == ("", False)


def test_what_is_said_already_stays_and_is_told(workspace: Workspace, described: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(labels.add_class, "m4")
    db.write(labels.set_label, uid, described[0], "m4")
    db.write(texts.set_title, uid, described[0], "Mine")
    db.write(reviews.set_note, uid, described[0], "x" * 495)
    done = db.write(duplicates.keep, uid, described[0], described[1:])
    kept = known(workspace, described[0])
    assert (kept["label"], kept["title"], kept["note"]) == ("m4", "Mine", "x" * 495)
    assert done.left == ["another label", "a note that is too long", "a note that is too long", "another title"]


@pytest.mark.parametrize(
    ("kept", "others", "error"), [(1, [], UsageError), (1, [1], UsageError), (1, [99], NotFoundError)]
)
def test_nonsense_changes_nothing(
    workspace: Workspace, add_images: AddImages, kept: int, others: list[int], error: type[Exception]
) -> None:
    add_images(2)
    before = list(workspace.db.connection.iterdump())
    with pytest.raises(error):
        workspace.db.write(duplicates.keep, workspace.user.uid, kept, others)
    assert list(workspace.db.connection.iterdump()) == before


def test_groups_go_when_they_are_decided_and_come_back_with_undo(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c, d = add_images(4)
    db, uid = workspace.db, workspace.user.uid
    enter(workspace, ("near", False, [c, d]), ("pixels", True, [a, b]), ("near", False, [a, b, c]))

    def left() -> list[tuple[str, set[int]]]:
        return [(one.kind, set(one.images)) for one in db.read(duplicates.groups)]

    assert left() == [("pixels", {a, b}), ("near", {c, d}), ("near", {a, b, c})]
    db.write(duplicates.keep, uid, a, [b])
    assert left() == [("near", {c, d}), ("near", {a, c})]
    db.write(duplicates.set_apart, uid, [a, c])
    assert left() == [("near", {c, d})]
    assert db.read(duplicates.not_duplicates) == {(a, c)}
    db.write(undoing.undo, uid, AREAS)
    db.write(undoing.undo, uid, AREAS)
    assert left() == [("pixels", {a, b}), ("near", {c, d}), ("near", {a, b, c})]
    db.write(undoing.redo, uid, AREAS)
    assert left() == [("near", {c, d}), ("near", {a, c})]


def test_only_sure_groups_are_taken_together(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c, d, e = add_images(5)
    db, uid = workspace.db, workspace.user.uid
    enter(workspace, ("pixels", True, [a, b]), ("pixels", True, [c, d]), ("near", True, [d, e]))
    first, second, near = db.read(duplicates.groups)
    with pytest.raises(UsageError, match="one by one"):
        db.write(duplicates.keep_first, uid, [first, near])
    assert all(known(workspace, one)["trashed"] is False for one in (a, b, c, d, e))
    change = db.write(duplicates.keep_first, uid, [first])
    assert db.write(duplicates.keep_first, uid, [second], change.batch).batch == change.batch
    assert sum(known(workspace, one)["trashed"] for one in (a, b, c, d)) == 2
    db.write(undoing.undo, uid, AREAS)
    assert sum(known(workspace, one)["trashed"] for one in (a, b, c, d)) == 0


def test_a_group_that_is_not_as_it_was_shown_is_not_taken(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c, d = add_images(4)
    db, uid = workspace.db, workspace.user.uid
    enter(workspace, ("pixels", True, [a, b, c]))
    db.write(images.trash, uid, [a])
    shown = db.read(duplicates.groups)
    assert [one.images for one in shown] == [[b, c]]
    db.write(images.restore, uid, [a])
    assert db.write(duplicates.keep_first, uid, shown).changed == 0
    shown = db.read(duplicates.groups)
    enter(workspace, ("pixels", True, [c, d]))
    assert db.write(duplicates.keep_first, uid, shown).changed == 0, "another look has found other groups"
    assert db.read(images.page, trashed=True) == []


def test_one_group_is_what_it_is_among_all(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c, d = add_images(4)
    enter(workspace, ("pixels", True, [a, b]), ("near", False, [b, c, d]))
    workspace.db.write(duplicates.set_apart, workspace.user.uid, [c, d])
    for group in workspace.db.read(duplicates.groups):
        assert workspace.db.read(duplicates.group, group.id) == group
    workspace.db.write(images.trash, workspace.user.uid, [a])
    assert workspace.db.read(duplicates.group, 1) is None


def test_the_order_is_that_of_the_look_and_what_near_ones_are_is_said_of_its_first(
    workspace: Workspace, add_images: AddImages
) -> None:
    a, b, c = add_images(3)
    for kind, left in (("near", ["", ""]), ("pixels", ["resized", "resized"])):
        enter(workspace, (kind, True, [b, c, a]))  # type: ignore[arg-type]
        [group] = workspace.db.read(duplicates.groups)
        assert (group.images, group.relations) == ([b, c, a], ["first", "resized", "resized"])
        workspace.db.write(images.trash, workspace.user.uid, [b])
        [group] = workspace.db.read(duplicates.groups)
        assert (group.images, group.relations) == ([c, a], left)
        workspace.db.write(images.restore, workspace.user.uid, [b])


def test_purged_images_leave_no_pairs(workspace: Workspace, add_images: AddImages) -> None:
    a, b = add_images(2)
    enter(workspace, ("near", True, [a, b]))
    workspace.db.write(duplicates.set_apart, workspace.user.uid, [a, b])
    workspace.db.write(lambda db: db.execute("DELETE FROM image WHERE id = ?", (b,)))
    assert workspace.db.read(duplicates.not_duplicates) == set()
    assert workspace.db.read(duplicates.groups) == []
    assert workspace.db.read(images.get, a).id == a
