"""Images: one holder of a path, and classes found however they are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.store import events, images, labels
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages, row

HERE = Path("/photos/here.jpg")


def healths(workspace: Workspace) -> list[str]:
    return [image.health for image in workspace.db.read(images.page)]


def add_in_place(workspace: Workspace, number: int) -> int:
    new = row(number, storage="in_place", path=HERE)
    return workspace.db.write(images.add, workspace.user.uid, new)[0]


def test_of_several_images_at_one_path_the_last_that_was_seen_has_it(workspace: Workspace) -> None:
    first, second = add_in_place(workspace, 1), add_in_place(workspace, 2)
    assert healths(workspace) == ["changed", "ok"]
    workspace.db.write(images.set_health, first, "ok", 7)
    assert healths(workspace) == ["ok", "changed"]
    workspace.db.write(images.relocate, second, HERE, 8)
    assert healths(workspace) == ["changed", "ok"]
    found = workspace.db.read(images.by_path, HERE)
    assert found is not None
    assert (found.id, found.mtime_ns) == (second, 8)


def test_a_new_time_of_the_same_bytes_is_no_news(workspace: Workspace) -> None:
    image = add_in_place(workspace, 1)
    before = workspace.db.read(events.since, 0)
    workspace.db.write(images.set_health, image, "ok", 99)
    assert workspace.db.read(images.get, image).mtime_ns == 99
    assert workspace.db.read(events.since, 0) == before


@pytest.mark.parametrize("spelled", ["Größe", "Gro\u0308ße", "  Größe "])
def test_a_class_is_found_however_it_is_spelled(workspace: Workspace, add_images: AddImages, spelled: str) -> None:
    [image] = add_images(1)
    made = workspace.db.write(labels.add_class, "Größe")
    workspace.db.write(labels.set_label, workspace.user.uid, image, spelled)
    assert workspace.db.read(labels.find_class, spelled).id == made.id
    assert [one.id for one in workspace.db.read(images.page, label=spelled)] == [image]
