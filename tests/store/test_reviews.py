"""Remarks on images: flags and notes are decisions that undo takes back."""

from __future__ import annotations

import pytest

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, journal, reviews, undoing
from binscout_tui.store.reviews import Remarks
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

AREAS = ("review", "note")


def test_flags_are_one_decision_and_told(workspace: Workspace, add_images: AddImages) -> None:
    ids, db, uid = add_images(3), workspace.db, workspace.user.uid
    before = db.read(events.latest)
    assert db.write(reviews.flag, uid, [ids[0], ids[2], ids[0]]) == 2
    assert db.write(reviews.flag, uid, [ids[0]]) == 0
    assert db.read(reviews.page) == [ids[0], ids[2]]
    assert [event.kind for event in db.read(events.since, before)] == ["review", "review"]
    assert len(db.write(undoing.undo, uid, AREAS).turned) == 2
    assert db.read(reviews.page) == []
    db.write(undoing.redo, uid, AREAS)
    assert db.write(reviews.flag, uid, ids, on=False) == 2
    assert db.read(reviews.page) == []


def test_a_note_is_kept_changed_removed_and_brought_back(workspace: Workspace, add_images: AddImages) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    for text in ("  a [bold]dusty[/] one ", "a [bold]dusty[/] one", "clean", ""):
        db.write(reviews.set_note, uid, image, text)
    assert [entry.action for entry in db.read(journal.history)] == ["note"] * 3
    assert db.read(reviews.get, image) == Remarks()
    for kept in ("clean", "a [bold]dusty[/] one", ""):
        db.write(undoing.undo, uid, AREAS)
        assert db.read(reviews.get, image) == Remarks(note=kept)


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "x" * 501, "\u202eback"])
def test_what_moves_a_cursor_is_no_note(workspace: Workspace, add_images: AddImages, text: str) -> None:
    (image,) = add_images(1)
    with pytest.raises(UsageError):
        workspace.db.write(reviews.set_note, workspace.user.uid, image, text)
    assert workspace.db.read(reviews.get, image) == Remarks()


def test_of_images_that_are_not_there_nothing_is_remarked(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(1)
    with pytest.raises(NotFoundError):
        workspace.db.write(reviews.flag, workspace.user.uid, [*ids, 99])
    assert workspace.db.read(reviews.page) == []
    with pytest.raises(NotFoundError):
        workspace.db.write(reviews.set_note, workspace.user.uid, 99, "x")
