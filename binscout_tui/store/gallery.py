"""What the gallery asks: which images there are, in order and in pieces; their rows by id; what changed since."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable
from typing import Literal

import msgspec

from binscout_tui.store import events
from binscout_tui.store.images import LIVE, Image, from_row
from binscout_tui.store.labels import Label

Order = Literal["newest", "oldest"]
Box = tuple[float, float, float, float]
MOST_NEWS = 1000
"""After more changes than this everything is read again."""
KINDS = ("image", "trash", "label")
"""Kinds of events about an image after which it is there, is gone, or has other words; those of sets come beside."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An image with what was said of it; `crops` are its boxes, normalised to the upright picture."""

    image: Image
    label: Label | None
    crops: tuple[Box, ...]


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What changed: images that are (`live`) or are not (`gone`) in the library now, or that it was too much to say.

    `event_id` is how far the events are known.
    """

    event_id: int
    live: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    too_many: bool = False


def piece(db: sqlite3.Connection, order: Order, beyond: int | None, limit: int) -> array[int]:
    """Up to `limit` ids of live images, those that follow the image `beyond` in this order."""
    newest = order == "newest"
    where = "" if beyond is None else f"AND id {'<' if newest else '>'} {beyond:d}"
    rows = db.execute(
        f"SELECT id FROM image WHERE {LIVE} {where} ORDER BY id {'DESC' if newest else 'ASC'} LIMIT ?",
        (limit,),
    )
    return array("q", (found for (found,) in rows))


def rows(db: sqlite3.Connection, ids: Iterable[int]) -> list[Row]:
    """The rows of these images, in their order; ids that do not exist are left out."""
    found = db.execute(
        "SELECT image.*, label.state AS said, class.name AS class,"
        " (SELECT json_group_array(json_array(x1, y1, x2, y2)) FROM crop WHERE crop.image_id = image.id) AS crops"
        " FROM json_each(?) AS wanted JOIN image ON image.id = wanted.value"
        " LEFT JOIN label ON label.image_id = image.id LEFT JOIN class ON class.id = label.class_id"
        " ORDER BY wanted.key",
        (json.dumps(list(ids)),),
    )
    return [_row(row) for row in found]


def begin(db: sqlite3.Connection) -> tuple[int, int, bool]:
    """(the newest event, what `news` goes on from; how many images are live; whether some are in the trash)."""
    live, trashed = db.execute(
        f"SELECT (SELECT count(*) FROM image WHERE {LIVE}),"
        " EXISTS (SELECT 1 FROM image WHERE trashed_at IS NOT NULL AND withheld IS NULL)"
    ).fetchone()
    return events.latest(db), int(live), bool(trashed)


def news(db: sqlite3.Connection, event_id: int) -> News:
    """What happened to images since the event `event_id`."""
    found = events.since(db, event_id, MOST_NEWS + 1)
    many = any(event.kind == "image" and not event.target for event in found)
    if many or len(found) > MOST_NEWS or events.forgotten(db, event_id):
        return News(event_id=events.latest(db), too_many=True)
    if not found:
        return News(event_id=event_id)
    touched = {int(event.target) for event in found if event.kind in KINDS and event.target.isdigit()}
    touched |= _members(db, [int(event.target) for event in found if event.kind == "set" and event.target.isdigit()])
    live = _live(db, touched)
    return News(event_id=found[-1].id, live=live, gone=frozenset(touched - live))


def _members(db: sqlite3.Connection, sets: list[int]) -> set[int]:
    rows = db.execute("SELECT image_id FROM set_member WHERE set_id IN (SELECT value FROM json_each(?))", (str(sets),))
    return {int(found) for (found,) in rows}


def _live(db: sqlite3.Connection, ids: Iterable[int]) -> frozenset[int]:
    rows = db.execute(
        f"SELECT id FROM image WHERE {LIVE} AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return frozenset(int(found) for (found,) in rows)


def _row(row: sqlite3.Row) -> Row:
    label = Label(row["id"], row["said"], row["class"]) if row["said"] is not None else None
    return Row(image=from_row(row), label=label, crops=tuple(tuple(box) for box in json.loads(row["crops"])))
