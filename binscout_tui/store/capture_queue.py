"""The queue of captures as a person goes through it: where one is in it, and what lies before and behind."""

from __future__ import annotations

import sqlite3
from typing import Literal

import msgspec

from binscout_tui.store.images import HIDDEN_CAPTURES, LIVE

State = Literal["staged", "accepted", "superseded", "rejected", "failed"]
_SEEN = "NOT EXISTS (SELECT 1 FROM image WHERE image.id = image_id AND withheld = 'hidden')"


class Need(msgspec.Struct, frozen=True):
    """How many pictures of an item are accepted and in use, and how many are wanted."""

    have: int
    target: int


def need(db: sqlite3.Connection, item_id: int, default_target: int) -> Need | None:
    """The need of one item, without counting all others; None where there is no such item."""
    row = db.execute(
        "SELECT coalesce(target, ?2) AS target, (SELECT count(DISTINCT image_id) FROM capture"
        f" JOIN image ON image.id = image_id WHERE item_id = ?1 AND state = 'accepted' AND {LIVE}) AS have"
        " FROM item WHERE id = ?1",
        (item_id, default_target),
    ).fetchone()
    return None if row is None else Need(row["have"], row["target"])


def position(db: sqlite3.Connection, capture_id: int, state: State | None = None) -> int:
    """How many captures of `state` (None: of any) came up to this one, itself counted if it is one of them."""
    where = "id <= :id" if state is None else "state = :state AND id <= :id"
    sql = f"SELECT count(*) FROM capture WHERE {where} AND id NOT IN ({HIDDEN_CAPTURES})"
    return int(db.execute(sql, {"id": capture_id, "state": state}).fetchone()[0])


def neighbour(db: sqlite3.Connection, capture_id: int, by: Literal[-1, 1], state: State | None = None) -> int | None:
    """The id of the next (1) or previous (-1) capture of `state` in order of arrival, None at the end."""
    which, order = ("> ?", "ASC") if by > 0 else ("< ?", "DESC")
    where, values = (
        (f"id {which}", [capture_id]) if state is None else (f"state = ? AND id {which}", [state, capture_id])
    )
    sql = f"SELECT id FROM capture WHERE {where} AND {_SEEN} ORDER BY id {order} LIMIT 1"
    row = db.execute(sql, values).fetchone()
    return None if row is None else int(row[0])


def edge(db: sqlite3.Connection, state: State | None = None, *, newest: bool) -> int | None:
    """The id of the oldest or newest capture of `state`, None where there is none."""
    if newest:
        return neighbour(db, 1 << 62, -1, state)
    return neighbour(db, 0, 1, state)


def unwarned(db: sqlite3.Connection, beyond: int, limit: int) -> tuple[list[int], int | None, int]:
    """Of up to `limit` staged captures after id `beyond`: the ids of those that no check warns of, the last id looked
    at (None when there were no more), and how many were looked at.
    """
    rows = db.execute(
        "SELECT id, checks -> '$.findings' IS NULL"  # nobody looked at it: not known to be fine
        " OR EXISTS (SELECT 1 FROM json_each(checks, '$.findings') WHERE value ->> 'level' <> 'ok') AS warned"
        f" FROM capture WHERE state = 'staged' AND id > ? AND {_SEEN} ORDER BY id LIMIT ?",
        (beyond, limit),
    ).fetchall()
    return [row["id"] for row in rows if not row["warned"]], rows[-1]["id"] if rows else None, len(rows)
