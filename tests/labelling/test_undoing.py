"""Undo and redo over labels and trash together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui import workspace
from binscout_tui.errors import NotFoundError
from binscout_tui.store import images, labels, sets, undoing
from binscout_tui.workspace import Workspace

from ..app.made_up import add_classes, add_images, add_sets

AREAS = ("label", "trash")


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with two images and two classes."""
    workspace.create(tmp_path / "bins")
    add_classes(tmp_path / "bins", ["nut", "pin"])
    add_images(tmp_path / "bins", 2, previews=False)
    with Workspace(tmp_path / "bins") as opened:
        yield opened


def state(ws: Workspace, image_id: int) -> tuple[str | None, bool]:
    """(class, in the trash) of an image."""
    found = ws.db.read(labels.get, image_id)
    return (found.name if found else None, ws.db.read(images.get, image_id).trashed_at is not None)


def test_the_newest_decision_goes_first_whatever_its_area(ws: Workspace) -> None:
    ws.db.write(labels.set_label, ws.user.uid, 1, "nut")
    ws.db.write(images.trash, ws.user.uid, [2])
    ws.db.write(labels.set_label, ws.user.uid, 1, "pin")
    areas = [ws.db.write(undoing.undo, ws.user.uid, AREAS).area for _ in range(3)]
    assert areas == ["label", "trash", "label"]
    assert (state(ws, 1), state(ws, 2)) == ((None, False), (None, False))
    with pytest.raises(NotFoundError):
        ws.db.write(undoing.undo, ws.user.uid, AREAS)
    areas = [ws.db.write(undoing.redo, ws.user.uid, AREAS).area for _ in range(3)]
    assert areas == ["label", "trash", "label"]
    assert (state(ws, 1), state(ws, 2)) == (("pin", False), (None, True))


def test_a_new_label_ends_the_redo_of_an_undone_trashing(ws: Workspace) -> None:
    ws.db.write(images.trash, ws.user.uid, [1])
    ws.db.write(undoing.undo, ws.user.uid, AREAS)
    ws.db.write(labels.set_label, ws.user.uid, 1, "nut")
    with pytest.raises(NotFoundError):
        ws.db.write(undoing.redo, ws.user.uid, AREAS)
    assert state(ws, 1) == ("nut", False)


def test_other_areas_are_left_alone(ws: Workspace) -> None:
    (set_id,) = add_sets(ws.paths.root, [2])
    ws.db.write(labels.set_label, ws.user.uid, 1, "nut")
    ws.db.write(sets.choose, ws.user.uid, set_id, None, state="rejected")
    assert ws.db.write(undoing.undo, ws.user.uid, AREAS).area == "label"
    assert ws.db.read(sets.get, set_id).state == "rejected"
