"""A picture that is hidden comes again: it is known, and nothing else is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.operations import in_place
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import events, gallery, images, labels, named, sets, undoing
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace
from tests.pictures import photo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures in a folder that is a class and a set."""
    for number in range(3):
        photo(tmp_path / "washer" / f"{number}.jpg", number)
    return tmp_path / "washer"


def hide(workspace: Workspace, name: str) -> int:
    """Hide the image of this name; its id."""
    found = next(image.id for image in workspace.db.read(images.page) if image.name == name)
    tag = workspace.db.write(named.ensure, workspace.user.uid, TAG, "private")
    workspace.db.write(named.put, workspace.user.uid, TAG, tag, [found])
    workspace.db.write(named.hide, workspace.user.uid, TAG, tag)
    return found


@pytest.mark.parametrize("storage", ["copied", "in place"])
def test_a_picture_that_is_hidden_comes_again_without_a_word(workspace: Workspace, folder: Path, storage: str) -> None:
    stays = storage == "in place"
    import_paths(workspace, [folder], keep_in_place=stays)
    hidden = hide(workspace, "1.jpg")
    again = import_paths(workspace, [folder], sets="folder", labels_from="folder")
    assert (again.imported, again.duplicates, again.labelled) == (0, 3, 2)
    assert again.rejected == []
    assert again.conflicts == []
    (made,) = [workspace.db.read(sets.get, one) for one in workspace.db.read(sets.ids)]
    assert hidden not in [image.id for image in made.images]
    assert workspace.db.read(labels.get, hidden) is None


def test_files_in_place_are_looked_at_and_those_of_hidden_images_are_not_told(
    workspace: Workspace, folder: Path
) -> None:
    import_paths(workspace, [folder], keep_in_place=True)
    hidden = hide(workspace, "1.jpg")
    folder.rename(folder.with_name("elsewhere"))
    found = in_place.check(workspace)
    assert sorted([*found.missing, hidden]) == [1, 2, 3]
    assert workspace.db.read(images.get, hidden, concealed=True).health == "missing"


def test_what_is_hidden_and_shown_again_is_told_to_whoever_looks(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder])
    hidden = hide(workspace, "1.jpg")
    tag = workspace.db.read(named.find, TAG, "private", concealed=True).id
    before = workspace.db.read(events.latest)
    other = next(image.id for image in workspace.db.read(images.page))
    workspace.db.write(named.put, workspace.user.uid, TAG, tag, [other])
    assert workspace.db.read(gallery.news, before).gone == {other}
    before = workspace.db.read(events.latest)
    workspace.db.write(undoing.undo, workspace.user.uid, ["tag"])
    assert workspace.db.read(gallery.news, before).live == {other}
    assert hidden not in [image.id for image in workspace.db.read(images.page)]
