"""The images that a model was judged on, and pictures of what they were taken for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from binscout_tui.store import images
from binscout_tui.store.images import Image

AT_ONCE = 500


def by_hashes(db: sqlite3.Connection, hashes: Iterable[str]) -> dict[str, Image]:
    """The images with these bytes; those that the workspace does not have are left out."""
    return {row["sha256"]: images.from_row(row) for row in _rows(db, "*", hashes)}


def names(db: sqlite3.Connection, hashes: Iterable[str]) -> dict[str, str]:
    """What the images with these bytes are called, behind the name of a set that has them and a slash."""
    columns = (
        "sha256, name, (SELECT image_set.name FROM set_member JOIN image_set ON image_set.id = set_id"
        f" WHERE image_id = image.id AND set_id NOT IN ({images.HIDDEN_SETS}) ORDER BY set_id LIMIT 1) AS set_name"
    )
    return {
        row["sha256"]: f"{PurePath(row['set_name']).name}/{row['name']}" if row["set_name"] else row["name"]
        for row in _rows(db, columns, hashes)
    }


def hidden(db: sqlite3.Connection) -> frozenset[str]:
    """The SHA-256 of every hidden image: no case of theirs is listed."""
    return frozenset(row[0] for row in db.execute(images.HIDDEN_HASHES))


def _rows(db: sqlite3.Connection, columns: str, hashes: Iterable[str]) -> Iterator[sqlite3.Row]:
    wanted = list(dict.fromkeys(hashes))
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        marks = ", ".join("?" * len(part))
        yield from db.execute(f"SELECT {columns} FROM image WHERE sha256 IN ({marks}) AND {images.SEEN}", part)


def examples(db: sqlite3.Connection, learned: Mapping[str, Sequence[str]], label: str) -> Image | None:
    """A picture of what `label` looks like: a known-good one, else one of those that were learned from (by hash)."""
    row = db.execute(
        "SELECT image.* FROM known_good JOIN image ON image.id = image_id"
        " WHERE task = 'classify' AND expected = ?"
        f" AND {images.LIVE} ORDER BY image_id LIMIT 1",
        (label,),
    ).fetchone()
    if row is not None:
        return images.from_row(row)
    found = by_hashes(db, learned.get(label, ()))
    return next((image for image in found.values() if image.is_live), None)
