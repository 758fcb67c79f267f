"""Hearing of what other processes changed: one cheap question twice a second."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

import msgspec

from binscout_tui.store import events
from binscout_tui.store.database import AsyncDatabase
from binscout_tui.store.events import Event

INTERVAL_S = 0.5


class Seen(msgspec.Struct, frozen=True):
    """How far the store's events are known: SQLite's data version and the newest event."""

    version: int = -1
    event_id: int = 0


def begin(db: sqlite3.Connection) -> Seen:
    """The present state, of which nothing is told."""
    return Seen(events.data_version(db), events.latest(db))


def look(db: sqlite3.Connection, seen: Seen, *, thoroughly: bool = False) -> tuple[Seen, list[Event]]:
    """What happened since `seen`; without `thoroughly` only when another connection has written."""
    version = events.data_version(db)
    if version == seen.version and not thoroughly:
        return seen, []
    found = events.since(db, seen.event_id)
    if found:
        return Seen(version, found[-1].id), found
    # Where numbers went back, an older state was put into the database: what comes now is new all the same.
    return Seen(version, min(seen.event_id, events.latest(db))), found


class ChangeWatcher:
    """Polls the store and hands out its events, in order and each once."""

    def __init__(self, db: AsyncDatabase, *, interval_s: float = INTERVAL_S) -> None:
        self._db = db
        self.interval_s = interval_s
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Look now, also for what this process itself wrote."""
        self._nudged.set()

    async def run(self, deliver: Callable[[list[Event]], Awaitable[None]]) -> None:
        """For ever, until cancelled."""
        seen = await self._db.read(begin)
        while True:
            thoroughly = await self._wait()
            seen, found = await self._db.read(look, seen, thoroughly=thoroughly)
            if found:
                await deliver(found)

    async def _wait(self) -> bool:
        try:
            await asyncio.wait_for(self._nudged.wait(), self.interval_s)
        except TimeoutError:
            return False
        self._nudged.clear()
        return True
