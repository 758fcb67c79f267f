"""Boxes and counts that people say of an image: one decision each, apart from its class label, undone whole."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import box_labels, classes, images, journal, labels, undoing
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

LOW, HIGH = (0.1, 0.5, 0.4, 0.9), (0.2, 0.1, 0.5, 0.3)


def test_all_boxes_of_an_image_are_one_decision(workspace: Workspace, add_images: AddImages) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    m3 = db.write(labels.add_class, "m3").id
    assert db.read(box_labels.get, image).state is None
    assert db.write(box_labels.set_boxes, uid, image, [LabelBox(box=LOW), LabelBox(box=HIGH, class_id=m3)])
    found = db.read(box_labels.get, image)
    assert (found.state, [(one.box, one.class_id) for one in found.boxes]) == ("boxes", [(HIGH, m3), (LOW, None)])
    assert db.write(box_labels.set_boxes, uid, image, list(found.boxes)[::-1]) is None, "nothing changed"
    db.write(journal.undo, uid, box_labels.BOXES)
    assert db.read(box_labels.get, image) == box_labels.Boxes(image_id=image, state=None)
    db.write(journal.redo, uid, box_labels.BOXES)
    assert db.read(box_labels.get, image) == found
    assert db.read(labels.get, image) is None, "the class label is a thing of its own"


def test_three_different_states_and_back(workspace: Workspace, add_images: AddImages) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    db.write(box_labels.set_boxes, uid, image, [LabelBox(box=LOW)])
    db.write(box_labels.skip, uid, image)
    db.write(box_labels.set_boxes, uid, image, [])
    db.write(box_labels.clear, uid, image)
    seen = [db.read(box_labels.get, image).state]
    for _ in range(3):
        db.write(undoing.undo, uid, [box_labels.BOXES])
        seen.append(db.read(box_labels.get, image).state)
    assert seen == [None, "empty", "skipped", "boxes"]
    assert [one.box for one in db.read(box_labels.get, image).boxes] == [LOW]


def test_a_box_that_stays_keeps_its_row(workspace: Workspace, add_images: AddImages) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    db.write(box_labels.set_boxes, uid, image, [LabelBox(box=LOW), LabelBox(box=HIGH)])
    before = dict(db.connection.execute("SELECT x1, id FROM label_box").fetchall())
    db.write(box_labels.set_boxes, uid, image, [LabelBox(box=HIGH)])
    assert dict(db.connection.execute("SELECT x1, id FROM label_box").fetchall()) == {HIGH[0]: before[HIGH[0]]}


@pytest.mark.parametrize(
    "box", [(0.5, 0, 0.5, 1), (0, 0, 1.1, 1), (0, -0.1, 1, 1), (0, 0, 1, float("nan")), (0, 0, 1e-6, 1)]
)
def test_a_bad_box_changes_nothing(workspace: Workspace, add_images: AddImages, box: tuple[float, ...]) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    with pytest.raises(UsageError):
        db.write(box_labels.set_boxes, uid, image, [LabelBox(box=LOW), LabelBox(box=box)])  # type: ignore[arg-type]
    assert db.read(box_labels.get, image).state is None


def test_classes_that_are_gone_and_images_that_are_not_in_use(workspace: Workspace, add_images: AddImages) -> None:
    (image, trashed), db, uid = add_images(2), workspace.db, workspace.user.uid
    m3 = db.write(labels.add_class, "m3").id
    db.write(box_labels.set_boxes, uid, image, [LabelBox(box=LOW, class_id=m3)])
    db.write(classes.archive, uid, m3)
    db.write(box_labels.set_boxes, uid, image, [LabelBox(box=LOW, class_id=m3), LabelBox(box=HIGH)])
    for boxes, target in (([LabelBox(box=LOW, class_id=m3)], trashed), ([LabelBox(box=LOW, class_id=99)], image)):
        with pytest.raises(UsageError):
            db.write(box_labels.set_boxes, uid, target, boxes)
    db.write(images.trash, uid, [trashed])
    for decide in (box_labels.skip, box_labels.clear):
        with pytest.raises(UsageError):
            db.write(decide, uid, trashed)
    with pytest.raises(NotFoundError):
        db.write(box_labels.skip, uid, 99)


def test_counts_of_a_class_and_of_everything(workspace: Workspace, add_images: AddImages) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    m3 = db.write(labels.add_class, "m3").id
    db.write(box_labels.set_count, uid, image, 12)
    db.write(box_labels.set_count, uid, image, 0, class_id=m3)
    assert db.write(box_labels.set_count, uid, image, 12) is None
    assert [(one.class_id, one.count) for one in db.read(box_labels.counts, image)] == [(None, 12), (m3, 0)]
    db.write(box_labels.set_count, uid, image, None)
    db.write(journal.undo, uid, box_labels.COUNTS)
    db.write(journal.undo, uid, box_labels.COUNTS)
    assert [(one.class_id, one.count) for one in db.read(box_labels.counts, image)] == [(None, 12)]
    for number in (-1, 10**10):
        with pytest.raises(UsageError):
            db.write(box_labels.set_count, uid, image, number)
    assert db.read(box_labels.get, image).state is None, "counting is not drawing"


def test_the_queue_goes_on_where_it_was(workspace: Workspace, add_images: AddImages) -> None:
    ids, db, uid = add_images(5), workspace.db, workspace.user.uid
    db.write(box_labels.set_boxes, uid, ids[1], [])
    db.write(box_labels.skip, uid, ids[2])
    db.write(images.trash, uid, [ids[3]])
    assert db.read(box_labels.queue) == [ids[0], ids[4]]
    assert db.read(box_labels.queue, after=ids[0]) == [ids[4]]
    assert db.read(box_labels.queue, which="skipped") == [ids[2]]
    assert db.read(box_labels.queue, which="all", limit=2) == ids[:2]


edge = st.floats(0, 1)
drawn = st.lists(st.tuples(edge, edge, edge, edge), max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(drawn, min_size=1, max_size=5))
def test_undo_leads_back_through_every_state(workspace: Workspace, add_images: AddImages, told: list) -> None:  # type: ignore[type-arg]
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    seen = [db.read(box_labels.get, image)]
    for boxes in told:
        good = [LabelBox(box=(x1, y1, x2, y2)) for x1, y1, x2, y2 in boxes if x2 - x1 > 0.01 and y2 - y1 > 0.01]
        if db.write(box_labels.set_boxes, uid, image, good) is not None:
            seen.append(db.read(box_labels.get, image))
    for state in reversed(seen[:-1]):
        db.write(journal.undo, uid, box_labels.BOXES)
        assert db.read(box_labels.get, image) == state
