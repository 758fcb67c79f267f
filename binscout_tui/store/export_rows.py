"""Everything that goes beside an exported picture, read for a few hundred images at once."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from binscout_tui.store import label_rows
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import Image
from binscout_tui.store.label_rows import ImageWords

_OF = "image_id IN (SELECT value FROM json_each(?))"
_VISIBLE = "archived_at IS NULL AND conceals = 0"


class Exported(msgspec.Struct, kw_only=True):
    """An image with all that people, its file and its generation say of it; names of classes, tags and collections."""

    words: ImageWords
    title: str = ""
    prompt: str = ""
    note: str = ""
    tags: list[str] = []
    collections: list[str] = []
    crops: list[Box] = []
    meta: dict[str, Any] = {}

    @property
    def image(self) -> Image:
        """The image."""
        return self.words.image


def of(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[Exported]:
    """What is known of those of these images that count, in their order; at most a few hundred of them."""
    words = [one for one in label_rows.of(db, _live(db, image_ids)) if one.image.is_live]
    ids = (json.dumps([one.image.id for one in words]),)
    found = {one.image.id: Exported(words=one) for one in words}
    for image_id, title, prompt in db.execute(f"SELECT image_id, title, prompt FROM image_text WHERE {_OF}", ids):
        found[image_id].title, found[image_id].prompt = title, prompt
    for image_id, text in db.execute(f"SELECT image_id, text FROM image_note WHERE {_OF}", ids):
        found[image_id].note = text
    for image_id, data in db.execute(f"SELECT image_id, data FROM image_meta WHERE {_OF}", ids):
        found[image_id].meta = json.loads(data)
    tags, collections = _names(db, "tag", "image_tag", ids), _names(db, "collection", "collection_image", ids)
    crops = _crops(db, ids)
    for image_id, one in found.items():
        one.tags, one.collections, one.crops = tags[image_id], collections[image_id], crops[image_id]
    return list(found.values())


def class_names(db: sqlite3.Connection) -> dict[int, str]:
    """{class: its name}, archived ones too."""
    return {row[0]: row[1] for row in db.execute("SELECT id, name FROM class")}


def _live(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[int]:
    """Those that there are, in their order."""
    rows = db.execute(
        "SELECT image.id FROM json_each(?) AS asked JOIN image ON image.id = asked.value ORDER BY asked.key",
        (json.dumps(list(image_ids)),),
    )
    return [row[0] for row in rows]


def _names(db: sqlite3.Connection, kind: str, link: str, ids: tuple[str]) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = db.execute(
        f"SELECT image_id, name FROM {link} JOIN {kind} ON {kind}.id = {kind}_id WHERE {_OF} AND {_VISIBLE}"
        " ORDER BY fold",
        ids,
    )
    for image_id, name in rows:
        found[image_id].append(name)
    return found


def _crops(db: sqlite3.Connection, ids: tuple[str]) -> defaultdict[int, list[Box]]:
    found: defaultdict[int, list[Box]] = defaultdict(list)
    rows = db.execute(f"SELECT DISTINCT image_id, x1, y1, x2, y2 FROM crop WHERE {_OF} ORDER BY 1, 3, 2, 5, 4", ids)
    for image_id, *box in rows:
        found[image_id].append((box[0], box[1], box[2], box[3]))
    return found
