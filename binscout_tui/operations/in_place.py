"""Files that stayed where they were: noticing when they change, go, or come back elsewhere."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from binscout_tui.operations.originals import hash_of
from binscout_tui.store import images
from binscout_tui.store.images import Image


class Checked(msgspec.Struct, frozen=True):
    """How many in-place files were looked at, and the ids of those that changed, went, or came back."""

    looked_at: int
    changed: list[int]
    missing: list[int]
    returned: list[int]


def check(db: sqlite3.Connection) -> Checked:
    """Look at every in-place file by size and modification time, and by hash where those differ."""
    everything = images.in_place(db)
    result = Checked(len(everything), [], [], [])
    for image in everything:
        health = health_of(image)
        if health == image.health:
            continue
        images.set_health(db, image.id, health, image.path.stat().st_mtime_ns if health == "ok" else None)
        {"changed": result.changed, "missing": result.missing, "ok": result.returned}[health].append(image.id)
    return result


def health_of(image: Image) -> str:
    """`ok`, `changed` or `missing`, as the file is now."""
    try:
        stat = image.path.stat()
        if (stat.st_size, stat.st_mtime_ns) == (image.bytes, image.mtime_ns):
            return "ok"
        return "ok" if stat.st_size == image.bytes and hash_of(image.path) == image.sha256 else "changed"
    except OSError:
        return "missing"


def make_room(db: sqlite3.Connection, path: Path, sha256: str) -> None:
    """Before other bytes at `path` are entered: the image that was there has changed under us."""
    there = images.by_path(db, path)
    if there is not None and there.sha256 != sha256:
        images.set_health(db, there.id, "changed")


def found_again(db: sqlite3.Connection, image: Image, path: Path) -> None:
    """The bytes of an in-place image that had gone were met at `path`."""
    if image.storage == "in_place" and image.health != "ok":
        images.relocate(db, image.id, path.absolute(), path.stat().st_mtime_ns)
