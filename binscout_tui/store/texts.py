"""What an image is called and what it was made from, in words; full text is found by `filters`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.errors import UsageError
from binscout_tui.store import events, images, journal
from binscout_tui.store.names import composed, is_printable

TITLE = "title"
LONGEST_TITLE = 200
LONGEST_PROMPT = 40_000
MOST_META = 256 * 1024
"""Bytes of metadata that are kept of one file."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """The words of an image, empty where there are none."""

    title: str = ""
    prompt: str = ""


def get(db: sqlite3.Connection, image_id: int) -> Text:
    """The words of an image."""
    row = db.execute("SELECT title, prompt FROM image_text WHERE image_id = ?", (image_id,)).fetchone()
    return Text(title=row[0], prompt=row[1]) if row else Text()


def set_title(db: sqlite3.Connection, uid: int, image_id: int, title: str) -> int | None:
    """Give an image a title, empty for none; the journal's id, None when that is its title.

    Raises NotFoundError, UsageError for an image in the trash, or a title that is too long or not printable.
    """
    images.must_count(db, [image_id])
    title = composed(title)
    if title and not is_printable(title):
        raise UsageError(f"A title has up to {LONGEST_TITLE} printable characters.", code="bad_title")
    before, after = _read(db, image_id), {TITLE: title}
    if before == after:
        return None
    _write(db, image_id, after, uid)
    return journal.record(
        db, uid, journal.Decision(area=TITLE, action="title", target=image_id, before=before, after=after)
    )


def set_prompt(db: sqlite3.Connection, image_id: int, prompt: str) -> None:
    """Note what an image was made from, as its file or its generation says; cut after 40,000 characters."""
    prompt = prompt[:LONGEST_PROMPT]
    db.execute(
        "INSERT INTO image_text (image_id, prompt) VALUES (?1, ?2) ON CONFLICT (image_id) DO UPDATE SET prompt = ?2",
        (image_id, prompt),
    )
    events.emit(db, "text", image_id)


def meta(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    """What its file says of itself, as it was read; {} where it was not."""
    row = db.execute("SELECT data FROM image_meta WHERE image_id = ?", (image_id,)).fetchone()
    return dict(json.loads(row[0])) if row else {}


def set_meta(db: sqlite3.Connection, image_id: int, data: Mapping[str, Any]) -> bool:
    """Note what a file says of itself; False, and nothing noted, where that is more than 256 KiB."""
    text = json.dumps(data, ensure_ascii=False)
    if len(text.encode()) > MOST_META:
        return False
    db.execute("INSERT OR REPLACE INTO image_meta VALUES (?, ?)", (image_id, text))
    events.emit(db, "text", image_id)
    return True


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    return {TITLE: get(db, image_id).title}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    db.execute(
        "INSERT INTO image_text (image_id, title) VALUES (?1, ?2) ON CONFLICT (image_id) DO UPDATE SET title = ?2",
        (image_id, state[TITLE]),
    )


journal.register(TITLE, _read, _write)
