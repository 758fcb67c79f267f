"""The images of cases by their hashes, what they are called, and examples of classes."""

from __future__ import annotations

from binscout_tui.store import case_images, images, known_good, sets
from binscout_tui.workspace import Workspace
from tests.reporting import made


def test_images_are_found_by_their_bytes_however_many_are_asked_for(workspace: Workspace) -> None:
    ids = [made.add_image(workspace, f"part {number}") for number in range(3)]
    asked = [made.sha(f"other {number}") for number in range(1200)] + [
        made.sha(f"part {number}") for number in range(3)
    ]
    found = workspace.db.read(case_images.by_hashes, asked)
    assert {image.id for image in found.values()} == set(ids)
    assert workspace.db.read(case_images.by_hashes, []) == {}


def test_an_image_of_a_set_is_called_by_both_names(workspace: Workspace) -> None:
    ids = [made.add_image(workspace, f"part {number}") for number in range(3)]
    workspace.db.write(sets.add, name="bench/burst 7", kind="hand", image_ids=ids[:2])
    names = workspace.db.read(case_images.names, [made.sha("part 0"), made.sha("part 2")])
    assert names == {made.sha("part 0"): "burst 7/part-0.jpg", made.sha("part 2"): "part-2.jpg"}


def test_a_known_good_image_stands_for_its_class_before_one_that_was_learned(workspace: Workspace) -> None:
    learned, good = made.add_image(workspace, "learned"), made.add_image(workspace, "good")
    pictures = {"washer": [made.sha("gone"), made.sha("learned")]}
    found = workspace.db.read(case_images.examples, pictures, "washer")
    assert found is not None
    assert found.id == learned
    workspace.db.write(known_good.add_known_good, workspace.user.uid, "classify", good, "washer")
    found = workspace.db.read(case_images.examples, pictures, "washer")
    assert found is not None
    assert found.id == good
    assert workspace.db.read(case_images.examples, pictures, "nut") is None


def test_what_is_in_the_trash_stands_for_nothing(workspace: Workspace) -> None:
    image = made.add_image(workspace, "learned")
    workspace.db.write(images.trash, workspace.user.uid, [image])
    assert workspace.db.read(case_images.examples, {"washer": [made.sha("learned")]}, "washer") is None
