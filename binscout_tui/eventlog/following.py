"""Every line of a log once and in order, from whichever source works at the moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from binscout_tui.errors import BinScoutError
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.source import EventSource, SourceLostError, SourceUnfitError
from binscout_tui.eventlog.tail import Taken, follows

SETTLED_S = 5.0
"""A source that stays open for so long works, though no line came."""
LONGEST_BETTER_S = 600.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard to try, in seconds.

    The pause before trying again doubles from `first_s` to `longest_s`, less up to half of it by chance, so that
    readers who lost one server do not come back together. A source that was lost `losses` times in a row without a
    word is left for the next one; while the first one is not in use, it is tried again after `better_s`, then after
    twice as long. `rounds`: so many failed tries at each source before the very first word end it all.
    """

    first_s: float = 0.25
    longest_s: float = 15.0
    losses: int = 3
    better_s: float = 30.0
    rounds: int = 1

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return float(min(self.longest_s, self.first_s * 2 ** min(failures - 1, 16)) * random.uniform(0.5, 1.0))


class EventReader:
    """Reads from `sources`, the best first, and changes over when one does not work.

    `cursor` is where it stands: behind the last line that was handed on. All sources count in bytes of the same
    file, so changing over neither doubles nor drops a line. `told` gets a sentence whenever something changes.
    """

    def __init__(
        self,
        sources: Sequence[EventSource],
        cursor: Cursor = START,
        *,
        patience: Patience | None = None,
        told: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.cursor = cursor
        self._sources = sources
        self._patience = patience or Patience()
        self._told = told
        self._place = 0
        self._failures = 0
        self._heard = False
        self._better_s = self._patience.better_s

    @property
    def source(self) -> EventSource:
        """The one in use."""
        return self._sources[self._place]

    async def follow(self) -> AsyncGenerator[Taken, None]:
        """What comes, for ever; each with lines, or a reset, or both.

        Raises BinScoutError: what a source finds final, and `no_events` when none has ever worked.
        """
        while True:
            try:
                async with aclosing(self._read()) as found:
                    async for taken in found:
                        yield taken
            except _BetterIsDue:
                self._place = 0
            except SourceUnfitError as error:
                await self._after(str(error), None, unfit=True)
            except SourceLostError as error:
                await self._after(str(error), error.wait_s, unfit=False)

    async def _read(self) -> AsyncGenerator[Taken, None]:
        """What the present source gives, until it is lost or it is time to try a better one."""
        began = monotonic()
        until = began + self._better_s if self._place else float("inf")
        async with aclosing(self.source.follow(self.cursor)) as found:
            async for taken in found:
                self._heard = True
                if taken.reset:
                    self.cursor = START
                self._check(taken)
                if taken.lines or monotonic() - began >= SETTLED_S:
                    self._works()
                if taken.lines:
                    self.cursor = taken.lines[-1].cursor
                if taken.lines or taken.reset:
                    yield taken
                if monotonic() >= until:
                    self._better_s = min(self._better_s * 2, LONGEST_BETTER_S)
                    raise _BetterIsDue
        raise SourceLostError("the stream ended")

    def _works(self) -> None:
        if self._failures:
            self._told(f"Reading on by {self.source.name}.")
        self._failures = 0
        if self._place == 0:
            self._better_s = self._patience.better_s

    def _check(self, taken: Taken) -> None:
        """Whoever is in between may drop or double bytes: then nothing of what came is taken."""
        before = self.cursor
        if before.is_bare:
            return
        for line in taken.lines:
            if not follows(before, line):
                raise SourceLostError(f"a line is missing or came twice behind byte {before.offset}")
            before = line.cursor

    async def _after(self, reason: str, wait_s: float | None, *, unfit: bool) -> None:
        """Choose what to try next, and wait."""
        self._failures += 1
        if not self._heard and self._failures >= self._patience.rounds * len(self._sources):
            raise BinScoutError(
                f"The events cannot be read: {reason}.", hint="See that the engine runs there.", code="no_events"
            )
        failed = self.source.name
        if unfit or not self._heard or self._failures % self._patience.losses == 0:
            self._place = (self._place + 1) % len(self._sources)
        pause = max(self._patience.pause(self._failures), wait_s or 0.0)
        self._told(f"{failed}: {reason}; trying {self.source.name} in {pause:.1f} s.")
        await asyncio.sleep(pause)


class _BetterIsDue(Exception):  # noqa: N818 - never leaves this module
    """It is time to see whether the first source works again."""
