"""What earlier captures have to do with a new one: their hashes, their bytes, how sharp the accepted ones are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from binscout_tui.store.images import SEEN, unsigned

PART = 50_000
MOST_TWINS = 20
_IN_USE = "state IN ('staged', 'accepted')"


def hashes_after(db: sqlite3.Connection, image_id: int, limit: int = PART) -> tuple[list[int], list[int]]:
    """(image ids, unsigned perceptual hashes) of up to `limit` captured images above `image_id`, ascending."""
    rows = db.execute(
        "SELECT id, phash FROM image WHERE id > ? AND origin = 'captured' AND phash IS NOT NULL ORDER BY id LIMIT ?",
        (image_id, limit),
    ).fetchall()
    return [row[0] for row in rows], [unsigned(row[1]) or 0 for row in rows]


def comparable(
    db: sqlite3.Connection, image_ids: Sequence[int], leaving_out: int | None = None
) -> list[tuple[int, str]]:
    """(capture id, SHA-256 of its image), newest first, of the staged and accepted captures of these images.

    `leaving_out` is a capture that is about to be replaced: a retake may look like it.
    """
    marks = ", ".join("?" * len(image_ids))
    rows = db.execute(
        f"SELECT capture.id, sha256 FROM capture JOIN image ON image.id = image_id"
        f" WHERE image_id IN ({marks}) AND {_IN_USE} AND {SEEN} AND capture.id IS NOT ? ORDER BY capture.id DESC",
        (*image_ids, leaving_out),
    )
    return [(row[0], row[1]) for row in rows]


def same_bytes(db: sqlite3.Connection, sha256: str, leaving_out: int | None = None) -> int | None:
    """The newest capture, in whatever state, whose image has these bytes."""
    row = db.execute(
        "SELECT capture.id FROM image JOIN capture ON image_id = image.id"
        f" WHERE sha256 = ? AND {SEEN} AND capture.id IS NOT ? ORDER BY capture.id DESC LIMIT 1",
        (sha256, leaving_out),
    ).fetchone()
    return int(row[0]) if row else None


def accepted_focus(db: sqlite3.Connection, compartment_id: int, limit: int = MOST_TWINS) -> list[float]:
    """How sharp the last accepted captures of this compartment were measured, newest first."""
    rows = db.execute(
        "SELECT json_extract(checks, '$.measures.focus') FROM capture WHERE compartment_id = ? AND state = 'accepted'"
        " AND json_extract(checks, '$.measures.focus') > 0 ORDER BY id DESC LIMIT ?",
        (compartment_id, limit),
    )
    return [float(row[0]) for row in rows]
