"""What people said of the things in an image: boxes with classes, that there is nothing, and counts.

Apart from the class label of the whole image, and from what models say. Free boxes for crops are in `store.crops`.
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

BoxState = Literal["boxes", "empty", "skipped"]
STATES: tuple[BoxState, ...] = ("boxes", "empty", "skipped")
BOXES, COUNTS = "boxes", "counts"
"""Areas of the journal: all boxes of an image with its state, and all counts of an image."""
DECIMALS = 9
"""Of normalised coordinates: a millionth of a pixel in a picture 1,000 pixels wide, and given back exactly by text."""
SMALLEST = 0.01
"""The least width and height of a box, in pixels of the upright picture."""
MOST = 1_000_000_000
_COLUMNS = "x1, y1, x2, y2, class_id"


class LabelBox(msgspec.Struct, frozen=True, kw_only=True):
    """A box normalised to the upright picture, and the id of the class of what is in it or None."""

    box: Box
    class_id: int | None = None


class Boxes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the things in an image; `state` None means that nobody looked yet."""

    image_id: int
    state: BoxState | None
    boxes: tuple[LabelBox, ...] = ()


class LabelCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many a person counted of a class, or of everything when `class_id` is None."""

    class_id: int | None
    count: int


def get(db: sqlite3.Connection, image_id: int) -> Boxes:
    """The boxes of an image from top to bottom. Raises NotFoundError."""
    images.get(db, image_id)
    state = _read_boxes(db, image_id)
    boxes = tuple(LabelBox(box=tuple(row[:4]), class_id=row[4]) for row in state["boxes"])
    return Boxes(image_id=image_id, state=state["state"], boxes=boxes)


def set_boxes(
    db: sqlite3.Connection,
    uid: int,
    image_id: int,
    boxes: Sequence[LabelBox],
    *,
    suggested: dict[str, Any] | None = None,
) -> int | None:
    """Make `boxes` all boxes of an image; none at all says that it is empty. One decision.

    Returns the journal's id, or None when that was so already. Raises NotFoundError, and UsageError for a bad box, an
    unknown or archived class, or an image that is in the trash or withheld; then nothing changed.
    """
    image = images.get(db, image_id)
    kept = {row[4] for row in _rows(db, image_id)}
    rows = [(*fit(one.box, (image.width, image.height)), one.class_id) for one in boxes]
    for class_id in {one.class_id for one in boxes} - kept - {None}:
        _must_be_usable(db, class_id)
    after = {"state": "boxes" if rows else "empty", "boxes": _in_order(rows)}
    return _decide(db, uid, BOXES, image_id, after, suggested)


def skip(db: sqlite3.Connection, uid: int, image_id: int) -> int | None:
    """Pass by an image; boxes that it had are gone until undo. Returns as `set_boxes`."""
    return _decide(db, uid, BOXES, image_id, {"state": "skipped", "boxes": []})


def clear(db: sqlite3.Connection, uid: int, image_id: int) -> int | None:
    """Make an image one that nobody drew boxes on. Returns as `set_boxes`."""
    return _decide(db, uid, BOXES, image_id, {"state": None, "boxes": []})


def counts(db: sqlite3.Connection, image_id: int) -> tuple[LabelCount, ...]:
    """What people counted in an image, that of everything first. Raises NotFoundError."""
    images.get(db, image_id)
    found = _read_counts(db, image_id)["counts"]
    return tuple(LabelCount(class_id=class_id, count=count) for class_id, count in found)


def set_count(
    db: sqlite3.Connection, uid: int, image_id: int, count: int | None, *, class_id: int | None = None
) -> int | None:
    """Enter how many of a class, or of everything, are in an image; None takes the number away.

    Returns and raises as `set_boxes`.
    """
    if count is not None and not 0 <= count <= MOST:
        raise UsageError(f"A count is a whole number from 0 to {MOST:,}.", code="bad_count")
    images.get(db, image_id)
    known = dict(_read_counts(db, image_id)["counts"])
    if count is not None and class_id is not None and class_id not in known:
        _must_be_usable(db, class_id)
    known.pop(class_id, None)
    rows = [*known.items(), *([] if count is None else [(class_id, count)])]
    return _decide(db, uid, COUNTS, image_id, {"counts": _counted(rows)})


def queue(
    db: sqlite3.Connection, *, after: int = 0, limit: int = 50, which: str = "unlabelled", back: bool = False
) -> list[int]:
    """Ids of the next images to draw boxes on after image `after`, in order of arrival; `back` goes the other way.

    `which`: `unlabelled`, one of the states, or `all`.
    """
    tables = "image"
    condition = "NOT EXISTS (SELECT 1 FROM box_label WHERE image_id = image.id)" if which == "unlabelled" else "1"
    if which in STATES:
        # From the index of states: few images may be skipped among very many.
        tables, condition = "box_label CROSS JOIN image ON image.id = image_id", "state = :which"
    key, (way, order) = "image_id" if which in STATES else "image.id", ("<", "DESC") if back else (">", "ASC")
    rows = db.execute(
        f"SELECT image.id FROM {tables} WHERE {condition} AND {key} {way} :after AND {images.LIVE}"
        f" ORDER BY {key} {order} LIMIT :limit",
        {"after": after, "limit": limit, "which": which},
    )
    return [int(row[0]) for row in rows]


def states(db: sqlite3.Connection, image_ids: Sequence[int]) -> dict[int, BoxState]:
    """What is known of the boxes of these images; those that nobody looked at are left out. At most some hundreds."""
    marks = ", ".join("?" * len(image_ids))
    rows = db.execute(f"SELECT image_id, state FROM box_label WHERE image_id IN ({marks})", list(image_ids))
    return {row[0]: row[1] for row in rows}


def tally(db: sqlite3.Connection) -> dict[str, int]:
    """How many live images are in each state, and `unlabelled`. Reads all of them: not between two keys."""
    found = dict.fromkeys(("unlabelled", *STATES), 0)
    rows = db.execute(
        f"SELECT state, count(*) FROM box_label JOIN image ON image.id = image_id WHERE {images.LIVE} GROUP BY state"
    )
    found.update((row[0], row[1]) for row in rows)
    return found | {"unlabelled": images.count(db) - sum(found.values())}


def fit(box: Sequence[float], size: tuple[int, int]) -> Box:
    """`box` as it is kept, for a picture of (width, height) pixels. Raises UsageError for one that is none. Pure."""
    x1, y1, x2, y2 = (round(value, DECIMALS) + 0.0 for value in checked_box(box))  # no -0.0
    if _length(x1, x2, size[0]) < SMALLEST or _length(y1, y2, size[1]) < SMALLEST:
        raise UsageError(f"A box is at least {SMALLEST} pixels wide and high.", code="bad_box")
    return x1, y1, x2, y2


def _length(low: float, high: float, pixels: int) -> float:
    """In pixels as they are written, with three decimals, so that what was kept once is kept when it comes back."""
    return round(round(high * pixels, 3) - round(low * pixels, 3), 3)


def boxes_state(boxes: Iterable[tuple[Box, int | None]], state: BoxState | None) -> dict[str, Any]:
    """The state of the area `boxes` that says this."""
    return {"state": state, "boxes": _in_order([(*box, class_id) for box, class_id in boxes])}


def counts_state(found: Iterable[tuple[int | None, int]]) -> dict[str, Any]:
    """The state of the area `counts` that says this."""
    return {"counts": _counted(found)}


def _decide(
    db: sqlite3.Connection,
    uid: int,
    area: str,
    image_id: int,
    after: dict[str, Any],
    suggested: dict[str, Any] | None = None,
) -> int | None:
    images.must_be_live(images.get(db, image_id))
    there = journal.area_of(area)
    before = there.read(db, image_id)
    if before == after:
        return None
    there.write(db, image_id, after, uid)
    action = str(after.get("state") or ("counts" if area == COUNTS else "clear"))
    decision = journal.Decision(
        area=area, action=action, target=image_id, before=before, after=after, suggested=suggested
    )
    return journal.record(db, uid, decision)


def _must_be_usable(db: sqlite3.Connection, class_id: int | None) -> None:
    row = db.execute("SELECT name, archived_at FROM class WHERE id = ?", (class_id,)).fetchone()
    if row is None:
        raise UsageError(f"There is no class {class_id} to label with.", code="no_class")
    if row["archived_at"] is not None:
        raise UsageError(
            f"The class {row['name']} is archived.", hint="Bring it back, or say another class.", code="archived"
        )


def _in_order(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """From top to bottom: the same boxes are the same state, in whatever order somebody drew them."""
    return [list(row) for row in sorted(rows, key=lambda row: (row[1], row[0], row[3], row[2], row[4] or 0))]


def _counted(rows: Iterable[tuple[int | None, int]]) -> list[list[int | None]]:
    return [list(row) for row in sorted(rows, key=lambda row: row[0] or 0)]


def _rows(db: sqlite3.Connection, image_id: int) -> list[list[Any]]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM label_box WHERE image_id = ?", (image_id,))
    return _in_order(tuple(row) for row in rows)


def _read_boxes(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    """Empty for an image that is gone, which is like no state that anybody decided."""
    row = db.execute(
        "SELECT state FROM image LEFT JOIN box_label ON image_id = image.id WHERE image.id = ?", (image_id,)
    ).fetchone()
    return {"state": row["state"], "boxes": _rows(db, image_id) if row["state"] else []} if row else {}


def _write_boxes(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    """Boxes that stay keep their row, with who drew them and when."""
    if state["state"] is None:
        db.execute("DELETE FROM box_label WHERE image_id = ?", (image_id,))
        return
    db.execute(
        "INSERT INTO box_label (image_id, state, uid, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (image_id) DO UPDATE SET state = excluded.state, uid = excluded.uid, at = excluded.at",
        (image_id, state["state"], uid, utc_now()),
    )
    missing = Counter(tuple(row) for row in state["boxes"])
    for row in db.execute(
        f"SELECT id, {_COLUMNS} FROM label_box WHERE image_id = ? ORDER BY id", (image_id,)
    ).fetchall():
        if missing[tuple(row)[1:]] > 0:
            missing[tuple(row)[1:]] -= 1
        else:
            db.execute("DELETE FROM label_box WHERE id = ?", (row["id"],))
    db.executemany(
        f"INSERT INTO label_box (image_id, {_COLUMNS}, uid, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(image_id, *box, uid, utc_now()) for box in missing.elements()],
    )


def _read_counts(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    if db.execute("SELECT 1 FROM image WHERE id = ?", (image_id,)).fetchone() is None:
        return {}
    rows = db.execute("SELECT class_id, count FROM label_count WHERE image_id = ?", (image_id,))
    return {"counts": _counted((row["class_id"], row["count"]) for row in rows)}


def _write_counts(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    wanted = {(row[0], row[1]) for row in state["counts"]}
    for row in db.execute("SELECT id, class_id, count FROM label_count WHERE image_id = ?", (image_id,)).fetchall():
        if (row["class_id"], row["count"]) in wanted:
            wanted.remove((row["class_id"], row["count"]))
        else:
            db.execute("DELETE FROM label_count WHERE id = ?", (row["id"],))
    db.executemany(
        "INSERT INTO label_count (image_id, class_id, count, uid, at) VALUES (?, ?, ?, ?, ?)",
        [(image_id, class_id, count, uid, utc_now()) for class_id, count in wanted],
    )


journal.register(BOXES, _read_boxes, _write_boxes)
journal.register(COUNTS, _read_counts, _write_counts)
