"""What similarity asks: the bytes and hashes of images that count, and which of those found may still be shown."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from binscout_tui.store.images import LIVE

PIECE = 10_000
Traits = tuple[int, str, int | None, int]
"""(id, SHA-256, signed perceptual hash, id of its class or 0)."""


class ToDescribe(msgspec.Struct, frozen=True):
    """What is needed to look at an image: `path` is relative to the workspace for copies.

    It may not be `examined` yet, and its file may not be `there` as it was.
    """

    id: int
    sha256: str
    path: Path
    examined: bool
    there: bool


def piece(db: sqlite3.Connection, after: int, limit: int = PIECE) -> list[Traits]:
    """Up to `limit` images that count with ids above `after`, in their order."""
    rows = db.execute(
        "SELECT image.id, image.sha256, image.phash, coalesce(label.class_id, 0) FROM image"
        f" LEFT JOIN label ON label.image_id = image.id WHERE image.id > ? AND {LIVE} ORDER BY image.id LIMIT ?",
        (after, limit),
    )
    return [tuple(row) for row in rows]


def still_live(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, str]:
    """{id: SHA-256} of those of `ids` that count now: nothing else found by looks may be shown or counted."""
    rows = db.execute(
        f"SELECT image.id, sha256 FROM json_each(?) AS asked JOIN image ON image.id = asked.value WHERE {LIVE}",
        (json.dumps(list(ids)),),
    )
    return {int(row[0]): str(row[1]) for row in rows}


def to_describe(db: sqlite3.Connection, ids: Iterable[int]) -> list[ToDescribe]:
    """Those of `ids` that count."""
    rows = db.execute(
        "SELECT image.id, sha256, image.path, examined, health = 'ok' FROM json_each(?) AS asked"
        f" JOIN image ON image.id = asked.value WHERE {LIVE} ORDER BY image.id",
        (json.dumps(list(ids)),),
    )
    return [ToDescribe(row[0], row[1], Path(os.fsdecode(row[2])), bool(row[3]), bool(row[4])) for row in rows]


def class_names(db: sqlite3.Connection) -> dict[int, str]:
    """{id: name} of all classes."""
    return {int(row[0]): str(row[1]) for row in db.execute("SELECT id, name FROM class")}
