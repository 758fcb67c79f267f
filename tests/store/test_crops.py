"""Free boxes are rows, saved together; the queue of images that wait for them has an undo of its own."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import crops, images, journal, sets, undoing
from binscout_tui.store.crops import Drawn
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

LOW, HIGH = (0.1, 0.5, 0.4, 0.9), (0.2, 0.1, 0.5, 0.3)


def add_item(ws: Workspace, name: str) -> int:
    """An item, entered as a row."""

    def enter(db) -> int:  # type: ignore[no-untyped-def]
        row = db.execute(
            "INSERT INTO item (name, added_at, added_by) VALUES (?, '2026-01-01T00:00:00Z', ?)", (name, ws.user.uid)
        )
        return int(row.lastrowid)

    return ws.db.write(enter)


def test_boxes_of_an_image_are_one_decision_from_top_to_bottom(workspace: Workspace, add_images: AddImages) -> None:
    (image,), washer = add_images(1), add_item(workspace, "washer")
    uid, db = workspace.user.uid, workspace.db
    assert db.write(crops.keep, uid, image, [Drawn(box=LOW), Drawn(box=HIGH, item_id=washer)], task="done")
    found = db.read(crops.get, image)
    assert [(drawn.box, drawn.item_id) for drawn in found.boxes] == [(HIGH, washer), (LOW, None)]
    assert found.task == "done"
    assert not db.write(crops.keep, uid, image, [Drawn(box=HIGH, item_id=washer), Drawn(box=LOW)])
    db.write(undoing.undo, uid, [crops.BOXES])
    assert db.read(crops.get, image).boxes == ()
    assert db.read(crops.task, image) is None
    db.write(undoing.redo, uid, [crops.BOXES])
    assert db.read(crops.get, image) == found


def test_a_box_that_stays_keeps_its_row(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    uid, db = workspace.user.uid, workspace.db

    def ids() -> dict[float, int]:
        return dict(db.connection.execute("SELECT x1, id FROM crop").fetchall())

    db.write(crops.keep, uid, image, [Drawn(box=LOW), Drawn(box=HIGH)])
    before = ids()
    db.write(crops.keep, uid, image, [Drawn(box=HIGH)])
    assert ids() == {HIGH[0]: before[HIGH[0]]}


def test_the_box_of_a_sets_choice_is_left_alone(workspace: Workspace, add_images: AddImages) -> None:
    pair = add_images(2)
    uid, db = workspace.user.uid, workspace.db
    set_id, _ = db.write(sets.add, name="pair", kind="folder", image_ids=pair)
    db.write(sets.choose, uid, set_id, pair[0], crop=LOW)
    db.write(crops.keep, uid, pair[0], [Drawn(box=HIGH)])
    db.write(crops.keep, uid, pair[0], [])
    assert db.read(sets.get, set_id).crop == LOW
    assert db.read(crops.boxed) == []


@pytest.mark.parametrize("box", [(0, 0, 0, 1), (0.5, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, 1, float("nan"))])
def test_one_bad_box_keeps_none(
    workspace: Workspace, add_images: AddImages, box: tuple[float, float, float, float]
) -> None:
    (image,) = add_images(1)
    with pytest.raises(UsageError):
        workspace.db.write(crops.keep, workspace.user.uid, image, [Drawn(box=LOW), Drawn(box=box)], task="done")
    assert workspace.db.read(crops.get, image).boxes == ()
    assert workspace.db.read(journal.history) == []


def test_unknown_items_and_trashed_images_are_refused(workspace: Workspace, add_images: AddImages) -> None:
    first, second = add_images(2)
    uid, db = workspace.user.uid, workspace.db
    with pytest.raises(UsageError, match="no item 77"):
        db.write(crops.keep, uid, first, [Drawn(box=LOW, item_id=77)])
    db.write(images.trash, uid, [first])
    with pytest.raises(UsageError, match="in the trash"):
        db.write(crops.keep, uid, first, [Drawn(box=LOW)])
    with pytest.raises(UsageError, match="in the trash"):
        db.write(crops.enqueue, uid, [second, first])
    with pytest.raises(NotFoundError):
        db.write(crops.enqueue, uid, [second, 999])
    assert db.read(crops.queue) == []


def test_the_queue_goes_by_image_and_leaves_out_what_is_trashed(workspace: Workspace, add_images: AddImages) -> None:
    first, second, third = add_images(3)
    uid, db = workspace.user.uid, workspace.db
    assert db.write(crops.enqueue, uid, [third, first, third, second]) == 3
    assert db.write(crops.enqueue, uid, [third]) == 0
    db.write(images.trash, uid, [second])
    db.write(crops.keep, uid, first, [Drawn(box=LOW)], task="skipped")
    assert db.read(crops.queue) == [first, third]
    assert db.read(crops.counts) == {"waiting": 1, "done": 0, "skipped": 1}
    db.write(images.restore, uid, [second])
    assert db.read(crops.queue, "waiting") == [second, third]
    assert [(image.id, state, boxes) for image, state, boxes in db.read(crops.tasks)] == [
        (first, "skipped", 1),
        (second, "waiting", 0),
        (third, "waiting", 0),
    ]


def test_undo_of_queueing_leaves_what_was_done_since(workspace: Workspace, add_images: AddImages) -> None:
    first, second = add_images(2)
    uid, db = workspace.user.uid, workspace.db
    db.write(crops.enqueue, uid, [first, second])
    db.write(crops.keep, uid, first, [Drawn(box=LOW)], task="done")
    entry = db.write(undoing.undo, uid, [crops.QUEUE])
    assert (entry.turned, entry.left) == ((second,), 1)
    assert (db.read(crops.task, first), db.read(crops.task, second)) == ("done", None)
    assert db.write(crops.dequeue, uid, [first, second]) == 1
    assert len(db.read(crops.get, first).boxes) == 1


BOXES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 2), st.integers(1, 2)).map(
        lambda made: Drawn(box=(made[0] / 10, made[1] / 10, (made[0] + made[2]) / 10, (made[1] + made[3]) / 10))
    ),
    max_size=5,
)


@given(steps=st.lists(BOXES, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undo_walks_back_through_every_state(
    workspace: Workspace, add_images: AddImages, steps: list[list[Drawn]]
) -> None:
    (image,) = add_images(1)
    uid, db = workspace.user.uid, workspace.db
    states = [db.read(crops.get, image).boxes]
    for boxes in steps:
        if db.write(crops.keep, uid, image, boxes):
            states.append(db.read(crops.get, image).boxes)
    for expected in reversed(states[:-1]):
        assert not db.write(undoing.undo, uid, [crops.BOXES]).stale
        assert db.read(crops.get, image).boxes == expected
