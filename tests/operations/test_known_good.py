"""Who may put which image on the gate's list."""

from __future__ import annotations

import pytest

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.known_good import add, remove
from binscout_tui.store import datasets, images, labels, models
from binscout_tui.store.users import Role, User
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

TASK = "classify"


@pytest.fixture
def image_id(workspace: Workspace, add_images: AddImages) -> int:
    """An image with the class `bolt`."""
    [image_id] = add_images(1)
    workspace.db.write(labels.import_label, workspace.user.uid, image_id, "bolt")
    return image_id


def put(workspace: Workspace, image_id: int, role: Role = "admin", *, must_pass: bool = False) -> int:
    return workspace.db.write(add, person(workspace, role), TASK, [image_id], must_pass=must_pass)


def person(workspace: Workspace, role: Role) -> User:
    return User(workspace.user.uid, workspace.user.name, role)


def entry(workspace: Workspace, image_id: int) -> models.KnownGood | None:
    return workspace.db.read(models.known_good_entry, TASK, image_id)


def test_an_operator_may_add_and_insist_but_not_loosen(workspace: Workspace, image_id: int) -> None:
    assert put(workspace, image_id, "operator") == 1
    assert put(workspace, image_id, "operator", must_pass=True) == 1
    with pytest.raises(RefusedError, match="role admin"):
        put(workspace, image_id, "operator")
    found = entry(workspace, image_id)
    assert found is not None
    assert found.must_pass
    put(workspace, image_id, "admin")
    found = entry(workspace, image_id)
    assert found is not None
    assert not found.must_pass


def test_an_operator_may_not_change_what_is_expected(workspace: Workspace, image_id: int) -> None:
    put(workspace, image_id, "operator")
    workspace.db.write(labels.add_class, "nut")
    workspace.db.write(labels.set_label, workspace.user.uid, image_id, "nut")
    with pytest.raises(RefusedError, match="Expecting nut instead of bolt"):
        put(workspace, image_id, "operator")
    found = entry(workspace, image_id)
    assert found is not None
    assert found.expected == "bolt"


def test_viewers_change_nothing_and_only_admins_remove(workspace: Workspace, image_id: int) -> None:
    with pytest.raises(RefusedError):
        put(workspace, image_id, "viewer")
    put(workspace, image_id)
    with pytest.raises(RefusedError):
        workspace.db.write(remove, person(workspace, "operator"), TASK, [image_id])
    workspace.db.write(remove, person(workspace, "admin"), TASK, [image_id])
    assert entry(workspace, image_id) is None


@pytest.mark.parametrize("split", ["train", "val"])
def test_an_image_that_models_learn_from_cannot_test_them(
    workspace: Workspace, image_id: int, split: datasets.Split
) -> None:
    group = workspace.db.read(images.get, image_id).source_group
    workspace.db.write(datasets.keep_assignments, TASK, {group: split})
    with pytest.raises(RefusedError, match=split):
        put(workspace, image_id)
    assert entry(workspace, image_id) is None


def test_the_group_of_a_listed_image_is_for_testing_for_ever(workspace: Workspace, image_id: int) -> None:
    put(workspace, image_id)
    workspace.db.write(remove, workspace.user, TASK, [image_id])
    group = workspace.db.read(images.get, image_id).source_group
    assert workspace.db.read(datasets.assignments, TASK) == {group: "test"}


def test_an_image_without_a_class_is_refused_with_all_others(
    workspace: Workspace, image_id: int, add_images: AddImages
) -> None:
    [bare] = add_images(1)
    with pytest.raises(UsageError, match="no class"):
        workspace.db.write(add, workspace.user, TASK, [image_id, bare], must_pass=False)
    assert entry(workspace, image_id) is None
