"""Which images wait for boxes, how many are in which state, and drafts of what is not kept."""

from __future__ import annotations

import pytest

from binscout_tui.errors import UsageError
from binscout_tui.filtering.errors import FilterError
from binscout_tui.labelling import boxing_queue
from binscout_tui.labelling.boxing_queue import Going
from binscout_tui.store import box_drafts, box_labels, classes, images, labels, places
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

BOX = (0.1, 0.1, 0.5, 0.5)


@pytest.fixture
def ids(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Six images: one with a box, one empty, one skipped, one in the trash, two that nobody looked at."""
    found = add_images(6)
    db, uid = workspace.db, workspace.user.uid
    db.write(box_labels.set_boxes, uid, found[1], [LabelBox(box=BOX)])
    db.write(box_labels.set_boxes, uid, found[2], [])
    db.write(box_labels.skip, uid, found[3])
    db.write(images.trash, uid, [found[4]])
    return list(found)


@pytest.mark.parametrize(
    ("which", "places_of"),
    [("unlabelled", [0, 5]), ("skipped", [3]), ("boxes", [1]), ("empty", [2]), ("all", [0, 1, 2, 3, 5])],
)
def test_images_by_state_there_and_back(workspace: Workspace, ids: list[int], which: str, places_of: list[int]) -> None:
    wanted = [ids[place] for place in places_of]
    assert workspace.db.read(box_labels.queue, which=which) == wanted
    assert workspace.db.read(box_labels.queue, which=which, after=ids[5] + 1, back=True) == wanted[::-1]
    assert workspace.db.read(box_labels.queue, which=which, after=wanted[0]) == wanted[1:]
    assert workspace.db.read(boxing_queue.ids, which, f"id>={ids[0]}") == wanted
    assert workspace.db.read(boxing_queue.ids, which, f"id>={ids[0]}", after=ids[5] + 1, back=True) == wanted[::-1]
    assert workspace.db.read(boxing_queue.ids, which, f"id>{ids[5]}") == []


def test_a_filter_is_gone_through_page_by_page(workspace: Workspace, add_images: AddImages) -> None:
    found = add_images(450)
    db, uid = workspace.db, workspace.user.uid
    for image in found[:-3]:
        db.write(box_labels.set_boxes, uid, image, [])
    ahead = db.read(boxing_queue.ahead, Going(filter="id>0"), limit=2)
    assert [image.id for image in ahead] == found[-3:-1]
    again = db.read(boxing_queue.ahead, Going(filter="id>0"), after=found[-1], limit=5)
    assert [image.id for image in again] == found[-3:-1], "on at the other end"
    with pytest.raises(FilterError):
        db.read(boxing_queue.ids, "all", "widt<3")


def test_the_tally_counts_live_images(workspace: Workspace, ids: list[int]) -> None:
    assert workspace.db.read(box_labels.tally) == {"unlabelled": 2, "boxes": 1, "empty": 1, "skipped": 1}
    assert workspace.db.read(box_labels.states, ids) == {ids[1]: "boxes", ids[2]: "empty", ids[3]: "skipped"}


def test_a_draft_belongs_to_a_person_and_an_image_and_is_no_place_to_go_back_to(
    workspace: Workspace, ids: list[int]
) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(places.keep, uid, "boxes", {"image": ids[0]})
    kept = db.read(box_labels.get, ids[1])
    drawn = [LabelBox(box=(1 / 3, 0.1, 2 / 3, 0.2), class_id=None), LabelBox(box=BOX)]
    db.write(boxing_queue.keep_draft, uid, kept, drawn, 1)
    draft = db.read(box_drafts.get, uid, ids[1])
    assert draft is not None
    assert (list(draft.boxes), draft.active) == (drawn, 1)
    assert draft.is_of(kept)
    assert db.read(box_drafts.get, uid + 1, ids[1]) is None
    assert db.read(box_drafts.get, uid, ids[0]) is None
    latest = db.read(places.latest, uid)
    assert latest is not None
    assert latest[0] == "boxes"
    db.write(box_labels.set_boxes, uid, ids[1], [])
    assert not draft.is_of(db.read(box_labels.get, ids[1])), "somebody kept others since"


def test_what_is_kept_is_no_draft(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    kept = db.read(box_labels.get, ids[1])
    db.write(boxing_queue.keep_draft, uid, kept, [], None)
    assert db.read(box_drafts.get, uid, ids[1]) is not None
    db.write(boxing_queue.keep_draft, uid, kept, [LabelBox(box=BOX)], 0)
    assert db.read(box_drafts.get, uid, ids[1]) is None


def test_an_archived_class_is_named_where_it_is_refused(workspace: Workspace, ids: list[int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    m3 = db.write(labels.add_class, "m3").id
    db.write(classes.archive, uid, m3)
    with pytest.raises(UsageError, match="m3 is archived"):
        db.write(box_labels.set_boxes, uid, ids[0], [LabelBox(box=BOX, class_id=m3)])
