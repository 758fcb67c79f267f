"""Images in place that wait for a guarded worker to decode them, and what became of those that it looked at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.store import events, told
from binscout_tui.store.images import Image, from_row, signed

WAITING = "image.examined = 0 AND image.health = 'ok'"
"""The condition of what can be examined now; a file that changed or went has to come back first."""


class Damage(msgspec.Struct, frozen=True):
    """Why an image could not be decoded: a code for scripts and a sentence."""

    code: str
    reason: str


class Known(msgspec.Struct, frozen=True):
    """A file in place as it was looked at last; `label` is the name of its class, None without one."""

    id: int
    bytes: int
    mtime_ns: int
    is_live: bool
    label: str | None


class File(msgspec.Struct, frozen=True, gc=False):
    """A file in place as its image says it is."""

    id: int
    path: bytes
    size: int
    mtime_ns: int
    health: str


def waiting(db: sqlite3.Connection, *, after: int = 0, limit: int = 500, without: Collection[int] = ()) -> list[Image]:
    """Up to `limit` images with ids above `after` that wait, in order of arrival, but for those `without`."""
    rows = db.execute(
        f"SELECT * FROM image WHERE {WAITING} AND id > ? AND id NOT IN (SELECT value FROM json_each(?))"
        " ORDER BY id LIMIT ?",
        (after, json.dumps(list(without)), limit),
    )
    return [from_row(row) for row in rows]


def count_waiting(db: sqlite3.Connection) -> int:
    """How many images wait."""
    return int(db.execute(f"SELECT count(*) FROM image WHERE {WAITING}").fetchone()[0])


def enter(db: sqlite3.Connection, image_id: int, seen: Decoded) -> bool:
    """Write down what decoding told of an image; False when it waits no more, or for other bytes than these."""
    changed = db.execute(
        "UPDATE image SET examined = 1, width = ?, height = ?, format = ?, mode = ?, frames = ?, orientation = ?,"
        " phash = ?, sharpness = ?, warnings = ?,"
        # A glance saw all that is to be taken for the moment, but for what a PNG tells behind its pixels.
        " taken_at = CASE WHEN image.format = 'PNG' THEN coalesce(taken_at, ?) ELSE taken_at END"
        " WHERE id = ? AND sha256 = ? AND examined = 0",
        (
            *(seen.width, seen.height, seen.format, seen.mode, seen.frames, seen.orientation),
            *(signed(seen.phash), seen.sharpness, msgspec.json.encode(seen.warnings).decode()),
            *(seen.taken_at, image_id, seen.sha256),
        ),
    ).rowcount
    if changed:
        told.note(db, image_id, seen.told, quietly=True)
        events.emit(db, "image", image_id)
    return bool(changed)


def reject(db: sqlite3.Connection, image_id: int, damage: Damage) -> bool:
    """Write down that an image cannot be decoded: from now on nothing uses it. False when it waits no more."""
    changed = db.execute(
        "UPDATE image SET examined = 1, withheld = coalesce(withheld, 'rejected') WHERE id = ? AND examined = 0",
        (image_id,),
    ).rowcount
    if changed:
        db.execute("INSERT INTO image_damage VALUES (?, ?, ?, ?)", (image_id, damage.code, damage.reason, utc_now()))
        events.emit(db, "image", image_id)
    return bool(changed)


def damage_of(db: sqlite3.Connection, image_id: int) -> Damage | None:
    """Why the image could not be decoded, or None."""
    row = db.execute("SELECT code, reason FROM image_damage WHERE image_id = ?", (image_id,)).fetchone()
    return Damage(*row) if row else None


def again(db: sqlite3.Connection, image_id: int) -> None:
    """Let an image that could not be decoded wait for another try."""
    if db.execute("DELETE FROM image_damage WHERE image_id = ?", (image_id,)).rowcount:
        kept_out = "(SELECT state FROM withholding WHERE image_id = image.id)"
        db.execute(f"UPDATE image SET examined = 0, withheld = {kept_out} WHERE id = ?", (image_id,))
        events.emit(db, "image", image_id)


def known_files(db: sqlite3.Connection) -> dict[bytes, Known]:
    """Every file in place that is as its image says, by its absolute path."""
    rows = db.execute(
        "SELECT path, image.id, bytes, mtime_ns, trashed_at IS NULL AND withheld IS NULL, class.name FROM image"
        " LEFT JOIN label ON label.image_id = image.id LEFT JOIN class ON class.id = label.class_id"
        " WHERE storage = 'in_place' AND health = 'ok'"
    )
    return {row[0]: Known(row[1], row[2], row[3], bool(row[4]), row[5]) for row in rows}


def files_in_place(db: sqlite3.Connection, *, after: int = 0, limit: int = -1) -> list[File]:
    """The files in place of images with ids above `after`, in order of arrival; up to `limit`, -1 for all."""
    found = db.execute(
        "SELECT id, path, bytes, mtime_ns, health FROM image WHERE storage = 'in_place' AND id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [File(*row) for row in found]


def rows(db: sqlite3.Connection, ids: Sequence[int]) -> list[Image]:
    """These images, in order of arrival; those that are not there any more are left out."""
    found = db.execute(
        "SELECT * FROM image WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (json.dumps(list(ids)),)
    )
    return [from_row(row) for row in found]
