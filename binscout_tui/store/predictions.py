"""What models say of images; never labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.store import events, predicted
from binscout_tui.store.images import LIVE, Image, from_row


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """A model's word on an image; `error` instead of a label when it had none."""

    image_id: int
    model_id: str
    label: str | None
    score: float | None
    unknown: bool
    error: str | None = None


def keep(db: sqlite3.Connection, found: Sequence[Prediction]) -> None:
    """Write predictions down; a newer word of the same model replaces the older one."""
    now = utc_now()
    db.executemany(
        "INSERT OR REPLACE INTO prediction VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(p.image_id, p.model_id, p.label, p.score, p.unknown, p.error, now) for p in found],
    )
    for model_id in dict.fromkeys(p.model_id for p in found):
        predicted.sum_up(db, model_id, [p.image_id for p in found if p.model_id == model_id])
    if found:
        events.emit(db, "prediction", found[0].model_id)


def get(db: sqlite3.Connection, image_id: int, model_id: str) -> Prediction | None:
    """What the model says of the image, or None."""
    row = db.execute(
        "SELECT image_id, model_id, label, score, unknown, error FROM prediction WHERE image_id = ? AND model_id = ?",
        (image_id, model_id),
    ).fetchone()
    return _prediction(row) if row else None


def missing(db: sqlite3.Connection, model_id: str, *, after: int = 0, limit: int = 500) -> list[Image]:
    """Unlabelled live images with ids above `after` of which the model could say nothing yet."""
    rows = db.execute(
        "SELECT image.* FROM image LEFT JOIN label ON label.image_id = image.id"
        f" WHERE image.id > ? AND {LIVE} AND health = 'ok' AND examined = 1"
        " AND (label.image_id IS NULL OR label.state = 'skipped')"
        " AND NOT EXISTS (SELECT 1 FROM prediction WHERE image_id = image.id AND model_id = ? AND error IS NULL)"
        " ORDER BY image.id LIMIT ?",
        (after, model_id, limit),
    )
    return [from_row(row) for row in rows]


def _prediction(row: sqlite3.Row) -> Prediction:
    values = dict(row)
    values["unknown"] = bool(row["unknown"])
    return Prediction(**values)
