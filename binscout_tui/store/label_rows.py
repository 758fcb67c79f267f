"""Everything that people said of images, read for an export; and words that come with an import."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.store import images, journal
from binscout_tui.store.box_labels import BoxState
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import LIVE, Image
from binscout_tui.store.labels import LabelState

Outcome = Literal["new", "replaced", "known", "kept"]
NOTHING: tuple[dict[str, Any], ...] = ({}, {"state": None, "boxes": []}, {"counts": []})
"""The states of the three areas that nobody decided."""


class ImageWords(msgspec.Struct, kw_only=True):
    """An image with its class label, boxes and counts; classes as ids, None for a state that nobody decided."""

    image: Image
    state: LabelState | None = None
    class_id: int | None = None
    boxes_state: BoxState | None = None
    boxes: list[tuple[Box, int | None]] = []
    counts: list[tuple[int | None, int]] = []


def names(db: sqlite3.Connection) -> list[tuple[int, str, str, str]]:
    """(id, name, SHA-256, format) of all live images."""
    rows = db.execute(f"SELECT id, name, sha256, format FROM image WHERE {LIVE} ORDER BY id")
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def sources(db: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """(id, name, source) of all live images: what an import may call them."""
    rows = db.execute(f"SELECT id, name, source FROM image WHERE {LIVE} ORDER BY id")
    return [(row[0], row[1], row[2]) for row in rows]


def of(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[ImageWords]:
    """What is known of these images, in this order; at most a few hundred of them."""
    marks = ", ".join("?" * len(image_ids))
    found = {
        row["id"]: ImageWords(image=images.from_row(row))
        for row in db.execute(f"SELECT * FROM image WHERE id IN ({marks})", image_ids)
    }
    for row in db.execute(f"SELECT image_id, state, class_id FROM label WHERE image_id IN ({marks})", image_ids):
        found[row[0]].state, found[row[0]].class_id = row[1], row[2]
    for row in db.execute(f"SELECT image_id, state FROM box_label WHERE image_id IN ({marks})", image_ids):
        found[row[0]].boxes_state = row[1]
    boxes: defaultdict[int, list[tuple[Box, int | None]]] = defaultdict(list)
    columns = "image_id, x1, y1, x2, y2, class_id"
    for row in db.execute(f"SELECT {columns} FROM label_box WHERE image_id IN ({marks})", image_ids):
        boxes[row[0]].append(((row[1], row[2], row[3], row[4]), row[5]))
    counts: defaultdict[int, list[tuple[int | None, int]]] = defaultdict(list)
    for row in db.execute(f"SELECT image_id, class_id, count FROM label_count WHERE image_id IN ({marks})", image_ids):
        counts[row[0]].append((row[1], row[2]))
    for image_id, one in found.items():
        one.boxes, one.counts = boxes[image_id], counts[image_id]
    return [found[image_id] for image_id in image_ids]


def used_classes(db: sqlite3.Connection) -> set[int]:
    """Ids of the classes that a label, box or count of a live image has, also of archived ones."""
    found: set[int] = set()
    for table in ("label", "label_box", "label_count"):
        rows = db.execute(
            "SELECT id FROM class WHERE EXISTS"
            f" (SELECT 1 FROM {table} JOIN image ON image.id = image_id WHERE class_id = class.id AND {LIVE})"
        )
        found |= {int(row[0]) for row in rows}
    return found


def has_unclassed(db: sqlite3.Connection) -> bool:
    """Whether a live image has a box without a class."""
    row = db.execute(
        f"SELECT 1 FROM label_box JOIN image ON image.id = image_id WHERE class_id IS NULL AND {LIVE} LIMIT 1"
    ).fetchone()
    return row is not None


def take_over(
    db: sqlite3.Connection, uid: int, area: str, image_id: int, after: dict[str, Any], *, replace: bool
) -> Outcome:
    """Enter what an import says of an image: `kept` where a person said otherwise and that stays.

    `area` is `label`, `boxes` or `counts` and `after` its state. Journaled, but not for undo, which walks what a person
    decided here. Raises NotFoundError, UsageError for an image in the trash or withheld.
    """
    images.must_be_live(images.get(db, image_id))
    there = journal.area_of(area)
    before = there.read(db, image_id)
    if before == after:
        return "known"
    is_new = before in NOTHING
    if not is_new and not replace:
        return "kept"
    there.write(db, image_id, after, uid)
    decision = journal.Decision(area=area, action="import", target=image_id, before=before, after=after)
    journal.note(db, uid, decision)
    return "new" if is_new else "replaced"
