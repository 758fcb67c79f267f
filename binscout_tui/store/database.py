"""The two ways to the database: in line for commands, over one thread for the app.

Every store function takes a connection first and does all its statements in one go. Writers run inside one
transaction; so a decision costs one thread hop and one commit.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from binscout_tui.errors import ConflictError
from binscout_tui.store.connection import connect, plain_words, transaction
from binscout_tui.store.migrate import migrate

if TYPE_CHECKING:
    from binscout_tui.store.thread import DatabaseThread

# Times that `insist` waits for the busy timeout: ten minutes in all.
INSIST = 120
FOLD_S = 0.2
"""So long the log grows before it is folded in again."""
BULK = {"wal_autocheckpoint": 0, "cache_size": -131_072, "temp_store": 2, "synchronous": 1}
"""Pragmas for very many rows: no checkpoint, 128 MiB of cache, memory for temporary data, no wait for the disk."""
P = ParamSpec("P")
T = TypeVar("T")
StoreFunction = Callable[Concatenate[sqlite3.Connection, P], T]


class Database:
    """The database for commands and jobs, which may wait."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path)
        try:
            with plain_words(path):
                migrate(self.connection, path)
        except BaseException:
            self.connection.close()
            raise

    def read(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a store function that only looks."""
        with plain_words(self.path):
            return function(self.connection, *args, **kwargs)

    def write(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a store function in one transaction; its changes are on the disk when this returns."""
        with plain_words(self.path), transaction(self.connection):
            return function(self.connection, *args, **kwargs)

    def insist(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`write` that goes on trying while others keep the database busy: for what must not be lost to a queue."""
        for _ in range(INSIST):
            try:
                return self.write(function, *args, **kwargs)
            except ConflictError as error:
                if error.code != "busy":
                    raise
        return self.write(function, *args, **kwargs)

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """For very many rows in several transactions.

        The write-ahead log is folded in by a thread of its own: else each label that somebody gives meanwhile would do
        that, and wait for it. What SQLite keeps to take back one statement (every row has triggers) stays in memory: as
        a file it costs more than the rows. So do the pages of indexes in no order: what does not fit into the cache is
        written and read again for every few rows. The disk is waited for once at the end, not under the lock of each
        transaction.
        """
        before = {name: self.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in BULK}
        self._set(BULK)
        over = threading.Event()
        folding = threading.Thread(target=self._fold, args=(over,), name="fold", daemon=True)
        folding.start()
        try:
            yield
        finally:
            over.set()
            folding.join()
            self._set(before)
            self._sync_log()

    def _fold(self, over: threading.Event) -> None:
        """Fold the log in again and again, beside those who write and with a connection of its own."""
        with closing(connect(self.path)) as beside:
            while not over.wait(FOLD_S):
                beside.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _set(self, pragmas: Mapping[str, int]) -> None:
        for name, value in pragmas.items():
            self.connection.execute(f"PRAGMA {name}={value}")

    def _sync_log(self) -> None:
        """Have all that was committed so far on the disk."""
        try:
            log = os.open(f"{self.path}-wal", os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            os.fsync(log)
        finally:
            os.close(log)

    def close(self) -> None:
        """Close the connection; the write-ahead log is folded in when this was the last one."""
        self.connection.close()


class AsyncDatabase:
    """The database for the app: the same functions, awaited, one thread hop a call.

    A function that was begun is finished even when its caller is cancelled, so a decision is never half taken.
    """

    def __init__(self, database: Database, thread: DatabaseThread) -> None:
        self._database = database
        self._thread = thread

    @classmethod
    async def open(cls, path: Path) -> AsyncDatabase:
        """Open the database on a thread of its own."""
        from binscout_tui.store.thread import DatabaseThread

        opened: list[Database] = []

        def connector() -> sqlite3.Connection:
            opened.append(Database(path))
            return opened[0].connection

        thread = DatabaseThread(connector, iter_chunk_size=64)
        await thread
        return cls(opened[0], thread)

    async def read(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`Database.read` off the event loop."""
        return await self._thread.run(lambda: self._database.read(function, *args, **kwargs))

    async def write(self, function: StoreFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`Database.write` off the event loop."""
        return await self._thread.run(lambda: self._database.write(function, *args, **kwargs))

    async def close(self) -> None:
        """Finish what is queued, then close."""
        await self._thread.close()
