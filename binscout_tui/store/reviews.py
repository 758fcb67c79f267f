"""Remarks on images: that somebody is to look again, and a note."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import UsageError
from binscout_tui.store import images, journal
from binscout_tui.store.names import composed

REVIEW, NOTE = "review", "note"
LONGEST_NOTE = 500


class Remarks(msgspec.Struct, frozen=True):
    """What is remarked on an image: whether it needs review, and its note, empty for none."""

    review: bool = False
    note: str = ""


def get(db: sqlite3.Connection, image_id: int) -> Remarks:
    """The remarks on an image."""
    return Remarks(bool(_read_review(db, image_id)), _read_note(db, image_id).get("note", ""))


def flag(db: sqlite3.Connection, uid: int, image_ids: Iterable[int], *, on: bool = True) -> int:
    """Say that images need review, or with `on=False` that they do not, as one decision; how many that changed.

    Raises NotFoundError, then nothing changed.
    """
    found = [change for image_id in dict.fromkeys(image_ids) if (change := flagged(db, uid, image_id, on=on))]
    journal.record_all(db, uid, found)
    return len(found)


def flagged(db: sqlite3.Connection, uid: int, image_id: int, *, on: bool = True) -> journal.Decision | None:
    """The decision that `flag` makes of one image, written but not journaled; None where nothing changes."""
    images.get(db, image_id)
    before, after = _read_review(db, image_id), {REVIEW: True} if on else {}
    if before == after:
        return None
    _write_review(db, image_id, after, uid)
    return journal.Decision(area=REVIEW, action="flag" if on else "unflag", target=image_id, before=before, after=after)


def set_note(db: sqlite3.Connection, uid: int, image_id: int, text: str) -> int | None:
    """Write a note on an image, empty for none; the journal's id, None when that was its note already.

    Raises NotFoundError, UsageError for a text that is too long or has control characters.
    """
    images.get(db, image_id)
    text = composed(text)
    if len(text) > LONGEST_NOTE or not (text.isprintable() or not text):
        raise UsageError(f"A note has up to {LONGEST_NOTE} printable characters.", code="bad_note")
    before, after = _read_note(db, image_id), {NOTE: text} if text else {}
    if before == after:
        return None
    _write_note(db, image_id, after, uid)
    decision = journal.Decision(area=NOTE, action="note", target=image_id, before=before, after=after)
    return journal.record(db, uid, decision)


def page(db: sqlite3.Connection, *, after: int = 0, limit: int = 50) -> list[int]:
    """Ids of up to `limit` images above `after` that count and need review."""
    rows = db.execute(
        "SELECT image_id FROM image_review CROSS JOIN image ON image.id = image_id"
        f" WHERE image_id > ? AND {images.LIVE} ORDER BY image_id LIMIT ?",
        (after, limit),
    )
    return [int(row[0]) for row in rows]


def _read_review(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    there = db.execute("SELECT 1 FROM image_review WHERE image_id = ?", (image_id,)).fetchone()
    return {REVIEW: True} if there else {}


def _write_review(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    if state:
        db.execute("INSERT OR REPLACE INTO image_review VALUES (?, ?, ?)", (image_id, uid, utc_now()))
    else:
        db.execute("DELETE FROM image_review WHERE image_id = ?", (image_id,))


def _read_note(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    row = db.execute("SELECT text FROM image_note WHERE image_id = ?", (image_id,)).fetchone()
    return {NOTE: row[0]} if row else {}


def _write_note(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    if state:
        values = (image_id, state[NOTE], uid, utc_now())
        db.execute("INSERT OR REPLACE INTO image_note VALUES (?, ?, ?, ?)", values)
    else:
        db.execute("DELETE FROM image_note WHERE image_id = ?", (image_id,))


journal.register(REVIEW, _read_review, _write_review)
journal.register(NOTE, _read_note, _write_note)
