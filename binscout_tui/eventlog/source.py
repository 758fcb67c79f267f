"""Where the lines of a run's log come from: one way of reading among several, all with the same ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal, Protocol

from binscout_tui.eventlog.cursor import Cursor
from binscout_tui.eventlog.tail import LogTail, Taken

SourceName = Literal["file", "sse", "poll"]
LOOK_S = 0.1


class SourceLostError(Exception):
    """The source went away in the middle; the same one may work again, after `wait_s` seconds if it says so."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class SourceUnfitError(Exception):
    """This way of reading does not work here; another may."""


class EventSource(Protocol):
    """One way of reading a log."""

    name: SourceName

    def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
        """What comes behind `cursor`, for ever; an empty `Taken` says that the way is open.

        Raises SourceLostError, SourceUnfitError, and BinScoutError for what no other way could mend.
        """


class FileSource:
    """Reads the file itself, `look_s` seconds apart while nothing comes."""

    name: SourceName = "file"

    def __init__(self, path: Path, look_s: float = LOOK_S) -> None:
        self._path = path
        self._look_s = look_s

    async def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
        """As `EventSource.follow`; raises StorageError when the file cannot be read."""
        tail = LogTail(self._path, cursor)
        try:
            while True:
                taken = tail.take()
                yield taken
                await asyncio.sleep(0 if taken.more or taken.lines else self._look_s)
        finally:
            tail.close()
