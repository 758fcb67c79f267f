"""What the gallery asks: which images there are, in order and in pieces; their rows by id; what changed since."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from binscout_tui.filtering.tree import EVERYTHING, All, Any, Condition, Filter, Not
from binscout_tui.store import events, filters, views
from binscout_tui.store.images import LIVE, Image, from_row
from binscout_tui.store.labels import Label

Order = Literal["newest", "oldest"]
Box = tuple[float, float, float, float]
MOST_NEWS = 1000
"""After more changes than this everything is read again."""
KINDS = ("image", "trash", "label", "star")
"""Kinds of events about an image after which it is there, is gone, or has other words; those of sets come beside."""
SET_KINDS = frozenset({"set", "set_note"})
NEAR = {
    "review": frozenset({"review"}),
    "note": frozenset({"note"}),
    "tag": frozenset({"tag"}),
    "collection": frozenset({"collection"}),
    "text": frozenset({"tag", "note", "title", "text"}),
    "title": frozenset({"title"}),
    "prompt": frozenset({"text"}),
}
"""Kinds of events about an image after which a field may be true of it, or no more."""
_MODEL = frozenset({"prediction", "model"})
FAR: dict[str, frozenset[str]] = {
    "label": frozenset({"class"}),
    "pred": _MODEL | {"class"},
    "conf": _MODEL,
    "unknown": _MODEL,
    "disagree": _MODEL,
    "model": _MODEL,
    "split": frozenset({"dataset"}),
    "dataset": frozenset({"dataset"}),
    "item": frozenset({"capture", "item"}),
    "compartment": frozenset({"capture", "compartment"}),
    "dup": frozenset({"image", "trash"}),
    "tag": frozenset({"tag_name"}),
    "collection": frozenset({"collection_name"}),
    "text": frozenset({"tag_name"}),
}
"""Kinds of events after which a field may be true of other images than those that the event names."""


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
    found = views.counts(db)
    return events.latest(db), found["all"], bool(found["trash"])


def matches(
    db: sqlite3.Connection, wanted: Filter, order: Order, beyond: int | None, until: int | None, limit: int
) -> array[int]:
    """`piece` of the images that `wanted` lets through, none of them after the id `until`. Raises FilterError."""
    return array("q", filters.page(db, wanted, beyond=beyond, until=until, limit=limit, order=order))


def entry(
    db: sqlite3.Connection, wanted: Filter, order: Order, image_id: int | None, limit: int
) -> tuple[bool, array[int]]:
    """(Whether `wanted` lets an image through, its first `limit` matches). Raises FilterError."""
    there = image_id is not None and bool(among(db, wanted, [image_id]))
    return there, matches(db, wanted, order, None, None, limit)


def among(db: sqlite3.Connection, wanted: Filter, ids: Iterable[int]) -> frozenset[int]:
    """Those of `ids` that `wanted` lets through. Raises FilterError."""
    there = filters.checked(db, wanted)
    sql = f"SELECT image.id FROM json_each(?) AS asked JOIN image ON image.id = asked.value WHERE {there.text}"
    return frozenset(int(found) for (found,) in db.execute(sql, (json.dumps(list(ids)), *there.values)))


def last_id(db: sqlite3.Connection) -> int:
    """The greatest id that an image has, 0 without any."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM image").fetchone()[0])


def relevant(wanted: Filter) -> frozenset[str]:
    """The kinds of events after which there may be `news` for a filter."""
    return _near(wanted) | SET_KINDS | _far(wanted)


def news(db: sqlite3.Connection, event_id: int, wanted: Filter = EVERYTHING) -> News:
    """What happened since the event `event_id` to images that `wanted` lets through, or does no more.

    Raises FilterError.
    """
    found = events.since(db, event_id, MOST_NEWS + 1)
    near, far = _near(wanted), _far(wanted)
    many = any(event.kind in far or (event.kind in near and not event.target) for event in found)
    if many or len(found) > MOST_NEWS or events.forgotten(db, event_id):
        return News(event_id=events.latest(db), too_many=True)
    if not found:
        return News(event_id=event_id)
    touched = {int(event.target) for event in found if event.kind in near and event.target.isdigit()}
    touched |= _members(
        db, [int(event.target) for event in found if event.kind in SET_KINDS and event.target.isdigit()]
    )
    live = among(db, wanted, touched) if touched else frozenset[int]()
    return News(event_id=found[-1].id, live=live, gone=frozenset(touched - live))


def _members(db: sqlite3.Connection, sets: list[int]) -> set[int]:
    rows = db.execute("SELECT image_id FROM set_member WHERE set_id IN (SELECT value FROM json_each(?))", (str(sets),))
    return {int(found) for (found,) in rows}


def _near(wanted: Filter) -> frozenset[str]:
    return frozenset(KINDS).union(*(NEAR.get(field, ()) for field in _fields(wanted)))


def _far(wanted: Filter) -> frozenset[str]:
    return frozenset[str]().union(*(FAR.get(field, ()) for field in _fields(wanted)))


def _fields(wanted: Filter) -> Iterator[str]:
    if isinstance(wanted, Condition):
        yield wanted.field
    for part in wanted.parts if isinstance(wanted, (All, Any)) else (wanted.part,) if isinstance(wanted, Not) else ():
        yield from _fields(part)


def _row(row: sqlite3.Row) -> Row:
    label = Label(row["id"], row["said"], row["class"]) if row["said"] is not None else None
    return Row(image=from_row(row), label=label, crops=tuple(tuple(box) for box in json.loads(row["crops"])))
