"""Images that people labelled with one class, to be looked over: the newest first, but for those that need review."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from binscout_tui.store import images, journal, labels, reviews
from binscout_tui.store.verifying import Said, Waiting


def classes(db: sqlite3.Connection) -> list[Waiting]:
    """The classes that images have, that of the most images first."""
    found = [Waiting(one.name, one.images) for one in labels.classes(db) if one.images]
    return sorted(found, key=lambda one: (-one.images, one.name))


def page(db: sqlite3.Connection, name: str, *, beyond: int | None = None, limit: int = 60) -> list[Said]:
    """Up to `limit` images with this class, those that follow the image `beyond`."""
    rows = db.execute(
        "SELECT image_id FROM label CROSS JOIN image ON image.id = image_id"
        f" WHERE class_id = (SELECT id FROM class WHERE name = ?) AND image_id < ? AND {images.LIVE}"
        " AND NOT EXISTS (SELECT 1 FROM image_review WHERE image_review.image_id = image.id)"
        " ORDER BY image_id DESC LIMIT ?",
        (name, 2**62 if beyond is None else beyond, limit),
    )
    return [Said(row[0], 1.0) for row in rows]


def newest(db: sqlite3.Connection, image_ids: Iterable[int]) -> tuple[str, Said] | None:
    """The first of these images in the order of pages, with its class; None when none has one."""
    row = db.execute(
        "SELECT class.name, image_id FROM label JOIN class ON class.id = class_id"
        " WHERE image_id IN (SELECT value FROM json_each(?)) ORDER BY image_id DESC LIMIT 1",
        (json.dumps(list(image_ids)),),
    ).fetchone()
    return (row[0], Said(row[1], 1.0)) if row else None


def flag(db: sqlite3.Connection, uid: int, name: str, image_ids: Sequence[int]) -> tuple[int, ...]:
    """Say that images need review where they still have this class, as one decision; which of them do since now."""
    still = []
    for image_id in image_ids:
        label = labels.get(db, image_id)
        if label is not None and label.name == name:
            still.append(image_id)
    found = [change for image_id in still if (change := reviews.flagged(db, uid, image_id))]
    journal.record_all(db, uid, found)
    return tuple(change.target for change in found)
