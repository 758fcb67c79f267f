"""Who may put which counted image and which decided set on the gate's lists."""

from __future__ import annotations

import pytest

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.operations.known_good import add, remove
from binscout_tui.store import box_labels, frozen_sets, images, known_good, labels, sets
from binscout_tui.store.users import Role, User
from binscout_tui.workspace import Workspace

from .test_dataset_tasks import CROP, add_images, add_set, count_of, decided_sets


def person(workspace: Workspace, role: Role) -> User:
    return User(workspace.user.uid, workspace.user.name, role)


def put(workspace: Workspace, task: str, one: int, role: Role = "operator", *, item: str = "") -> int:
    return workspace.db.write(add, person(workspace, role), task, [one], must_pass=False, item=item)


def test_a_counted_image_is_listed_with_its_number_and_class(workspace: Workspace) -> None:
    one, other = add_images(workspace, 0, 2)
    nut = workspace.db.write(labels.add_class, "nut").id
    count_of(workspace, one, 5)
    count_of(workspace, one, 3, nut)
    assert put(workspace, "count", one, item="nut") == 1
    [found] = workspace.db.read(known_good.known_counts)
    assert (found.image_id, found.count, found.item) == (one, 3, "nut")
    with pytest.raises(UsageError, match="without boxes and without a count"):
        put(workspace, "count", other)
    workspace.db.write(box_labels.skip, workspace.user.uid, other)
    with pytest.raises(UsageError, match="passed by"):
        put(workspace, "count", other)


def test_another_number_needs_an_admin(workspace: Workspace) -> None:
    [one] = add_images(workspace, 0, 1)
    count_of(workspace, one, 5)
    put(workspace, "count", one)
    count_of(workspace, one, 6)
    with pytest.raises(RefusedError, match="Expecting 6 instead of 5"):
        put(workspace, "count", one)
    put(workspace, "count", one, "admin")
    assert [entry.count for entry in workspace.db.read(known_good.known_counts)] == [6]
    with pytest.raises(RefusedError):
        workspace.db.write(remove, person(workspace, "operator"), "count", [one])
    workspace.db.write(remove, person(workspace, "admin"), "count", [one])
    assert workspace.db.read(known_good.known_counts) == []


def test_the_same_number_of_another_class_needs_an_admin(workspace: Workspace) -> None:
    [one] = add_images(workspace, 0, 1)
    nut = workspace.db.write(labels.add_class, "nut").id
    count_of(workspace, one, 5)
    count_of(workspace, one, 5, nut)
    put(workspace, "count", one, item="nut")
    put(workspace, "count", one, item="nut")
    with pytest.raises(RefusedError, match="Counting everything instead of nut"):
        put(workspace, "count", one)
    put(workspace, "count", one, "admin")
    with pytest.raises(RefusedError, match="Counting nut instead of everything"):
        put(workspace, "count", one, item="nut")
    assert [entry.item for entry in workspace.db.read(known_good.known_counts)] == [None]


def test_another_crop_or_none_needs_an_admin(workspace: Workspace) -> None:
    set_id, members = add_set(workspace, 900)
    for crop, refused in ((CROP, False), (CROP, False), ((0.0, 0.0, 1.0, 1.0), True), (None, True)):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, members[2], crop=crop)
        if refused:
            with pytest.raises(RefusedError, match="choice or crop"):
                put(workspace, "select", set_id)
        else:
            put(workspace, "select", set_id)
    assert [entry.crop for entry in workspace.db.read(known_good.known_sets)] == [CROP]
    put(workspace, "select", set_id, "admin")
    assert [entry.crop for entry in workspace.db.read(known_good.known_sets)] == [None]


def test_a_decided_set_is_listed_as_it_is_and_kept_for_testing(workspace: Workspace) -> None:
    set_id, members = add_set(workspace, 900)
    with pytest.raises(UsageError, match="not decided yet"):
        put(workspace, "select", set_id)
    workspace.db.write(sets.choose, workspace.user.uid, set_id, members[2], crop=CROP)
    put(workspace, "select", set_id)
    [found] = workspace.db.read(known_good.known_sets)
    hashes = [workspace.db.read(images.get, one).sha256 for one in members]
    assert (found.key, found.chosen, found.crop) == (frozen_sets.key_of(hashes), 2, CROP)
    decided_sets(workspace)
    lines = workspace.db.read(frozen_sets.of, build(workspace, Wanted(name="picks", task="select")).id)
    assert next(line.split for line in lines if line.key == found.key) == "test"
    workspace.db.write(sets.choose, workspace.user.uid, set_id, members[0])
    with pytest.raises(RefusedError, match="another choice"):
        put(workspace, "select", set_id)
    with pytest.raises(NotFoundError):
        put(workspace, "select", 99_999)


def test_a_set_that_models_learn_from_is_refused(workspace: Workspace) -> None:
    made = decided_sets(workspace)
    lines = workspace.db.read(frozen_sets.of, build(workspace, Wanted(name="picks", task="select")).id)
    trained = next(line for line in lines if line.split == "train")
    first = next(
        set_id for set_id, members in made if workspace.db.read(images.get, members[0]).sha256 == trained.members[0]
    )
    with pytest.raises(RefusedError, match="models learn from"):
        put(workspace, "select", first)
