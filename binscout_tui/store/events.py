"""The table by which one process tells the others what it changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from binscout_tui.clock import utc_now

TOLD_ONE_BY_ONE = 500


class Event(msgspec.Struct, frozen=True):
    """Something that happened: `kind` such as `label` or `job`, `target` the thing's id as text."""

    id: int
    kind: str
    target: str


def emit(db: sqlite3.Connection, kind: str, target: object = "") -> None:
    """Tell everybody."""
    db.execute("INSERT INTO event (at, kind, target) VALUES (?, ?, ?)", (utc_now(), kind, str(target)))


def emit_all(db: sqlite3.Connection, kind: str, targets: Sequence[object]) -> None:
    """Tell everybody of many things of one kind: one by one, or without targets in one word where they are too many."""
    for target in targets if len(targets) <= TOLD_ONE_BY_ONE else ("",):
        emit(db, kind, target)


def since(db: sqlite3.Connection, event_id: int, limit: int = 1000) -> list[Event]:
    """Events after `event_id`, oldest first."""
    rows = db.execute("SELECT id, kind, target FROM event WHERE id > ? ORDER BY id LIMIT ?", (event_id, limit))
    return [Event(*row) for row in rows]


def prune(db: sqlite3.Connection, before: str) -> None:
    """Forget events older than `before` (store text): whoever looks that seldom looks at everything anyway."""
    db.execute("DELETE FROM event WHERE id < (SELECT min(id) FROM event WHERE at >= ?)", (before,))


def forgotten(db: sqlite3.Connection, event_id: int) -> bool:
    """Whether events that came after `event_id` may have been pruned."""
    oldest = db.execute("SELECT min(id) FROM event").fetchone()[0]
    return oldest is not None and oldest > event_id + 1


def latest(db: sqlite3.Connection) -> int:
    """The id of the newest event, 0 when there is none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0])


def data_version(db: sqlite3.Connection) -> int:
    """A number that changes when ANOTHER connection has written: the cheap question before `since`."""
    return int(db.execute("PRAGMA data_version").fetchone()[0])
