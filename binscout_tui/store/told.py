"""What files say of themselves, written down: prompts to be found by, and other facts.

Titles, tags and people are never taken from it; they are suggestions that lie in `texts.meta`.
"""

from __future__ import annotations

import json
import sqlite3

from binscout_tui.imaging.outcomes import Told
from binscout_tui.store import events
from binscout_tui.store.images import HIDDEN, Image, from_row

_UNREAD = (
    "image.examined = 1 AND image.health = 'ok' AND image.withheld IS NOT ?"
    " AND (?2 OR NOT EXISTS (SELECT 1 FROM image_meta WHERE image_meta.image_id = image.id))"
)


def note(db: sqlite3.Connection, image_id: int, told: Told, *, quietly: bool = False) -> None:
    """Write down what a file says; `quietly` where the image is new and told of anyway.

    A generated image keeps the prompt that its generation noted, and what stood beside a file stays known when the
    file is read again without it.
    """
    data = told.data
    row = db.execute("SELECT data FROM image_meta WHERE image_id = ?", (image_id,)).fetchone()
    if row is not None:
        before = json.loads(row[0])
        data = {key: before[key] for key in ("caption", "sidecar") if key in before} | data
        if not told.prompt and before.get("prompt_from") in ("caption", "sidecar"):
            data = data | {"prompt_from": before["prompt_from"]}
    text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()
    db.execute("INSERT OR REPLACE INTO image_meta VALUES (?, ?)", (image_id, text))
    if told.prompt:
        db.execute(
            "INSERT INTO image_text (image_id, prompt) VALUES (?1, ?2) ON CONFLICT (image_id) DO UPDATE SET prompt = ?2"
            " WHERE prompt = '' OR (SELECT origin FROM image WHERE id = ?1) <> 'generated'",
            (image_id, told.prompt),
        )
    if not quietly:
        events.emit(db, "text", image_id)


def unread(db: sqlite3.Connection, *, after: int = 0, limit: int = 500, again: bool = False) -> list[Image]:
    """Up to `limit` images with ids above `after` whose files were not read for this, or with `again` any."""
    rows = db.execute(
        f"SELECT * FROM image WHERE {_UNREAD} AND id > ? ORDER BY id LIMIT ?", (HIDDEN, again, after, limit)
    )
    return [from_row(row) for row in rows]


def count_unread(db: sqlite3.Connection, *, again: bool = False) -> int:
    """How many `unread` has in all."""
    return int(db.execute(f"SELECT count(*) FROM image WHERE {_UNREAD}", (HIDDEN, again)).fetchone()[0])
