"""Very many new images at once: a few statements for all of them instead of several for each."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.store import images
from binscout_tui.store.images import NewImage, signed

_ALIKE = tuple(name for name in NewImage.__struct_fields__ if name not in ("path", "phash", "warnings"))
_COLUMNS = ("id", "path", "phash", "warnings", "added_at", "added_by", *_ALIKE)
_INSERT = f"INSERT INTO image ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_alike = attrgetter(*_ALIKE)


def enter_all(db: sqlite3.Connection, uid: int, found: Sequence[NewImage]) -> list[tuple[int, bool]]:
    """`images.enter` for each of `found`, in their order; at most some ten thousand, each with a path of its own."""
    known = _by_hash(db, [new.sha256 for new in found])
    last = _last_id(db)
    added: list[tuple[bytes, NewImage]] = []
    answers: list[tuple[int, bool]] = []
    for new in found:
        there = known.get(new.sha256)
        if there is None:
            added.append((os.fsencode(new.path), new))
            known[new.sha256] = last + len(added)
        answers.append((known[new.sha256], there is None))
    _make_room(db, [path for path, _ in added])
    now = utc_now()
    rows = [_values(new, path, last + place, now, uid) for place, (path, new) in enumerate(added, start=1)]
    db.executemany(_INSERT, rows)
    return answers


def _by_hash(db: sqlite3.Connection, hashes: Sequence[str]) -> dict[str, int]:
    rows = db.execute(
        "SELECT sha256, id FROM image WHERE sha256 IN (SELECT value FROM json_each(?))", (json.dumps(hashes),)
    )
    return {row[0]: row[1] for row in rows}


def _last_id(db: sqlite3.Connection) -> int:
    """The last id that was given away, also to an image that is gone."""
    given = "SELECT seq FROM sqlite_sequence WHERE name = 'image' UNION ALL SELECT max(id) FROM image"
    return int(db.execute(f"SELECT coalesce(max(seq), 0) FROM ({given})").fetchone()[0])


def _make_room(db: sqlite3.Connection, paths: Sequence[bytes]) -> None:
    """Of images whose bytes were at these paths, the bytes have changed."""
    marks = ", ".join("?" * len(paths))
    rows = db.execute(f"SELECT id FROM image WHERE health = 'ok' AND path IN ({marks})", paths).fetchall()
    for row in rows:
        images.set_health(db, row[0], "changed")


def _values(new: NewImage, path: bytes, image_id: int, now: str, uid: int) -> tuple[object, ...]:
    warnings = msgspec.json.encode(new.warnings).decode() if new.warnings else "[]"
    return (image_id, path, signed(new.phash), warnings, now, uid, *_alike(new))
