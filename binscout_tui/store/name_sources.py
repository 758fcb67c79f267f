"""What images are told to show in words, page by page: file names, titles, prompts, people in metadata."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import msgspec

from binscout_tui.store.images import LIVE

PAGE = 2000


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one image, empty where there are none."""

    id: int
    name: str
    title: str
    prompt: str
    people: tuple[str, ...]


def page(db: sqlite3.Connection, after: int = 0, limit: int = PAGE) -> list[Words]:
    """Up to `limit` images that count with ids above `after`, in order of arrival."""
    rows = db.execute(
        "SELECT image.id, image.name, coalesce(title, ''), coalesce(prompt, ''), json_extract(data, '$.people')"
        " FROM image LEFT JOIN image_text ON image_text.image_id = image.id"
        " LEFT JOIN image_meta ON image_meta.image_id = image.id"
        f" WHERE {LIVE} AND image.id > ? ORDER BY image.id LIMIT ?",
        (after, limit),
    )
    return [Words(id=row[0], name=row[1], title=row[2], prompt=row[3], people=_people(row[4])) for row in rows]


def _people(data: str | None) -> tuple[str, ...]:
    """Names as metadata has them; what is no list of texts is nothing."""
    try:
        found = json.loads(data) if data else []
    except ValueError:  # one text instead of a list
        found = [data]
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def counting(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[int]:
    """Those of these images that count."""
    rows = db.execute(
        f"SELECT image.id FROM json_each(?) AS asked JOIN image ON image.id = asked.value WHERE {LIVE}",
        (json.dumps(list(image_ids)),),
    )
    return [row[0] for row in rows]
