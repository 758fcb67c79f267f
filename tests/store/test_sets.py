"""A set has one selection with one owner, whatever is pressed."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import images, sets
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

BOX = (0.1, 0.1, 0.9, 0.9)


@pytest.fixture
def one_set(workspace: Workspace, add_images: AddImages) -> tuple[int, list[int]]:
    ids = add_images(4)
    return workspace.db.write(sets.add, name="burst", kind="folder", image_ids=ids)[0], ids


def test_cropping_another_image_moves_the_choice(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0])
    found = workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[1], crop=BOX)
    assert (found.chosen_image_id, found.crop) == (ids[1], BOX)
    crops = workspace.db.connection.execute("SELECT image_id FROM crop WHERE set_id = ?", (set_id,)).fetchall()
    assert [row[0] for row in crops] == [ids[1]]


CHOICES = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 3)), st.booleans(), st.sampled_from(["skipped", "rejected", "pending"])
    ),
    min_size=1,
    max_size=12,
)


@given(choices=CHOICES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_at_most_one_is_ever_chosen(
    workspace: Workspace, one_set: tuple[int, list[int]], choices: list[tuple[int | None, bool, str]]
) -> None:
    set_id, ids = one_set
    for which, cropped, state in choices:
        image = None if which is None else ids[which]
        crop = BOX if cropped and image is not None else None
        workspace.db.write(sets.choose, workspace.user.uid, set_id, image, crop=crop, state=state)  # type: ignore[arg-type]
        found = workspace.db.read(sets.get, set_id)
        assert found.chosen_image_id == image
        assert found.state == (state if image is None else "done")
        assert found.crop == crop
        crops = workspace.db.connection.execute("SELECT image_id FROM crop").fetchall()
        assert [row[0] for row in crops] == ([image] if crop else [])


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 1), (0.5, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (float("nan"), 0, 1, 1)]
)
def test_a_box_outside_the_picture_is_refused(
    workspace: Workspace, one_set: tuple[int, list[int]], box: tuple[float, float, float, float]
) -> None:
    set_id, ids = one_set
    with pytest.raises(UsageError, match="between 0 and 1"):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0], crop=box)
    assert workspace.db.read(sets.get, set_id).state == "pending"


def test_the_database_itself_refuses_a_stranger_as_the_choice(
    workspace: Workspace, one_set: tuple[int, list[int]], add_images: AddImages
) -> None:
    set_id, _ = one_set
    (stranger,) = add_images(1)
    with pytest.raises(UsageError, match="not in set"):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, stranger)
    with pytest.raises(sqlite3.IntegrityError):
        workspace.db.connection.execute(
            "UPDATE image_set SET state = 'done', chosen_image_id = ? WHERE id = ?", (stranger, set_id)
        )


def test_trashed_images_and_unknown_sets_are_refused(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    workspace.db.write(images.trash, workspace.user.uid, [ids[0]])
    with pytest.raises(UsageError, match="in the trash"):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0])
    with pytest.raises(NotFoundError):
        workspace.db.write(sets.choose, workspace.user.uid, 999, ids[1])


def test_a_set_is_known_by_its_members(
    workspace: Workspace, one_set: tuple[int, list[int]], add_images: AddImages
) -> None:
    set_id, ids = one_set
    again = workspace.db.write(sets.add, name="other name", kind="folder", image_ids=list(reversed(ids)))
    assert again == (set_id, False)
    other, added = workspace.db.write(sets.add, name="overlap", kind="folder", image_ids=[ids[0], *add_images(1)])
    assert added
    workspace.db.write(sets.choose, workspace.user.uid, other, ids[0])
    assert workspace.db.read(sets.get, set_id).state == "pending"
    with pytest.raises(UsageError, match="at least two"):
        workspace.db.write(sets.add, name="single", kind="folder", image_ids=add_images(1))
