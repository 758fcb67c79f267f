"""Free boxes on an image, each with the item that is in it, and the queue of images that wait for boxes.

The box of a set's choice is not among them; `store.sets` owns that.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import UsageError
from binscout_tui.store import images, journal
from binscout_tui.store.boxes import Box, checked_box
from binscout_tui.store.images import LIVE, Image, from_row, must_be_live

TaskState = Literal["waiting", "done", "skipped"]
TASK_STATES: tuple[TaskState, ...] = ("waiting", "done", "skipped")
BOXES, QUEUE = "crops", "crop_queue"
"""Areas of the journal: the boxes of an image with its place in the queue, and that place alone."""
_Row = tuple[float, float, float, float, int | None]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A box normalised to the upright picture, and the id of the item in it or None."""

    box: Box
    item_id: int | None = None


class Boxed(msgspec.Struct, frozen=True, kw_only=True):
    """An image with its free boxes from top to bottom; `task` is its place in the queue, None outside of it."""

    image: Image
    boxes: tuple[Drawn, ...]
    task: TaskState | None


def get(db: sqlite3.Connection, image_id: int) -> Boxed:
    """An image with its boxes. Raises NotFoundError."""
    boxes = tuple(Drawn(box=row[:4], item_id=row[4]) for row in _rows(db, image_id))
    return Boxed(image=images.get(db, image_id), boxes=boxes, task=task(db, image_id))


def boxed(db: sqlite3.Connection) -> list[int]:
    """Ids of the images that have free boxes, in order."""
    rows = db.execute(
        f"SELECT id FROM image WHERE {LIVE} AND id IN (SELECT image_id FROM crop WHERE set_id IS NULL) ORDER BY id"
    )
    return [int(row[0]) for row in rows]


def task(db: sqlite3.Connection, image_id: int) -> TaskState | None:
    """The state of an image in the queue, None outside of it."""
    row = db.execute("SELECT state FROM crop_task WHERE image_id = ?", (image_id,)).fetchone()
    return row[0] if row else None


def queue(db: sqlite3.Connection, *states: TaskState) -> list[int]:
    """Ids of the images in the queue that are neither trashed nor withheld, in order; of some states or of all."""
    marks = ", ".join("?" * len(states or TASK_STATES))
    rows = db.execute(
        f"SELECT image_id FROM crop_task JOIN image ON image.id = image_id WHERE {LIVE} AND state IN ({marks})"
        " ORDER BY image_id",
        states or TASK_STATES,
    )
    return [int(row[0]) for row in rows]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many images of the queue are in each state."""
    found = dict.fromkeys(TASK_STATES, 0)
    rows = db.execute(
        f"SELECT state, count(*) FROM crop_task JOIN image ON image.id = image_id WHERE {LIVE} GROUP BY state"
    )
    return dict(found) | {row[0]: row[1] for row in rows}


def tasks(db: sqlite3.Connection, *states: TaskState) -> list[tuple[Image, TaskState, int]]:
    """(image, state, number of its boxes) of the queue in order."""
    wanted = states or TASK_STATES
    rows = db.execute(
        "SELECT image.*, state, (SELECT count(*) FROM crop WHERE crop.image_id = image.id AND set_id IS NULL) AS boxes"
        f" FROM crop_task JOIN image ON image.id = crop_task.image_id WHERE {LIVE}"
        f" AND state IN ({', '.join('?' * len(wanted))}) ORDER BY crop_task.image_id",
        wanted,
    )
    return [(from_row(row), row["state"], row["boxes"]) for row in rows]


def items_by_use(db: sqlite3.Connection, limit: int = 9) -> list[int]:
    """Ids of the items that boxes were drawn for, the latest first."""
    rows = db.execute(
        "SELECT item_id FROM crop WHERE item_id IS NOT NULL GROUP BY item_id ORDER BY max(id) DESC LIMIT ?", (limit,)
    )
    return [int(row[0]) for row in rows]


def keep(
    db: sqlite3.Connection,
    uid: int,
    image_id: int,
    boxes: Sequence[Drawn],
    *,
    task: TaskState | None = None,
) -> bool:
    """Make `boxes` the free boxes of an image, and put it into `task` in the queue: one decision, False for none.

    `task` None leaves its place in the queue as it is. Raises NotFoundError, UsageError for a bad box, an unknown
    item or an image that is in the trash or withheld; then nothing changed.
    """
    must_be_live(images.get(db, image_id))
    rows = [(*checked_box(drawn.box), _known(db, drawn.item_id)) for drawn in boxes]
    before = _read_boxes(db, image_id)
    after = {"boxes": _in_order(rows), "task": task or before["task"]}
    if before == after:
        return False
    _write_boxes(db, image_id, after, uid)
    decision = journal.Decision(area=BOXES, action=task or "boxes", target=image_id, before=before, after=after)
    journal.record(db, uid, decision)
    return True


def enqueue(db: sqlite3.Connection, uid: int, image_ids: Iterable[int]) -> int:
    """Put images into the queue, or back to its waiting ones, as one decision; how many were not waiting yet.

    Raises NotFoundError, and UsageError for one that is in the trash or withheld; then nothing changed.
    """
    wanted = list(dict.fromkeys(image_ids))
    for image_id in wanted:
        must_be_live(images.get(db, image_id))
    return _queue(db, uid, wanted, "waiting")


def dequeue(db: sqlite3.Connection, uid: int, image_ids: Iterable[int]) -> int:
    """Take images out of the queue, as one decision; how many were in it. Their boxes stay."""
    return _queue(db, uid, list(dict.fromkeys(image_ids)), None)


def _queue(db: sqlite3.Connection, uid: int, image_ids: Sequence[int], state: TaskState | None) -> int:
    after = {"task": state}
    befores = {image_id: _read_task(db, image_id) for image_id in image_ids}
    moved = [image_id for image_id in image_ids if befores[image_id] != after]
    for image_id in moved:
        _write_task(db, image_id, after, uid)
    journal.record_all(
        db,
        uid,
        [
            journal.Decision(
                area=QUEUE,
                action="queue" if state else "unqueue",
                target=image_id,
                before=befores[image_id],
                after=after,
            )
            for image_id in moved
        ],
    )
    return len(moved)


def _known(db: sqlite3.Connection, item_id: int | None) -> int | None:
    if item_id is not None and db.execute("SELECT 1 FROM item WHERE id = ?", (item_id,)).fetchone() is None:
        raise UsageError(f"There is no item {item_id} in this workspace.", code="no_item")
    return item_id


def _in_order(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """From top to bottom: the same boxes are the same state, in whatever order somebody drew them."""
    return [list(row) for row in sorted(rows, key=lambda row: (row[1], row[0], row[3], row[2], row[4] or 0))]


def _rows(db: sqlite3.Connection, image_id: int) -> list[_Row]:
    rows = db.execute("SELECT x1, y1, x2, y2, item_id FROM crop WHERE image_id = ? AND set_id IS NULL", (image_id,))
    return [(x1, y1, x2, y2, item) for x1, y1, x2, y2, item in _in_order(tuple(row) for row in rows)]


def _read_boxes(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    """Boxes and place in the queue; empty for an image that is gone, which is like no state that anybody decided."""
    if db.execute("SELECT 1 FROM image WHERE id = ?", (image_id,)).fetchone() is None:
        return {}
    return {"boxes": [list(row) for row in _rows(db, image_id)], "task": task(db, image_id)}


def _write_boxes(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    """Boxes that stay keep their row, with who drew them and when."""
    missing = Counter(tuple(row) for row in state["boxes"])
    for row in db.execute(
        "SELECT id, x1, y1, x2, y2, item_id FROM crop WHERE image_id = ? AND set_id IS NULL ORDER BY id", (image_id,)
    ).fetchall():
        if missing[tuple(row)[1:]] > 0:
            missing[tuple(row)[1:]] -= 1
        else:
            db.execute("DELETE FROM crop WHERE id = ?", (row["id"],))
    db.executemany(
        "INSERT INTO crop (image_id, x1, y1, x2, y2, item_id, uid, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(image_id, *box, uid, utc_now()) for box in missing.elements()],
    )
    _write_task(db, image_id, state, uid)


def _read_task(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    return {"task": task(db, image_id)}


def _write_task(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    if state["task"] is None:
        db.execute("DELETE FROM crop_task WHERE image_id = ?", (image_id,))
    elif task(db, image_id) != state["task"]:
        db.execute(
            "INSERT INTO crop_task (image_id, state, at, uid) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET state = excluded.state, at = excluded.at, uid = excluded.uid",
            (image_id, state["task"], utc_now(), uid),
        )


journal.register(BOXES, _read_boxes, _write_boxes)
journal.register(QUEUE, _read_task, _write_task)
