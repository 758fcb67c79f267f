"""Knowing when the terminal has taken what was written: it answers a question that was sent behind it.

Terminals work through what they get in order, and answer on the line on which keys come. So a key that arrives behind
the answer was pressed after the frame before the question was drawn, however slow the link is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

ROW = 2
COLUMNS = 32
FIRST_S = 0.5
LEAST_S = 1.0
TIMES = 4.0
"""An answer that takes so many times longer than any before is not waited for any more."""


class Fence:
    """Questions to the terminal, and which of them were answered; `write` sends to it, `now` tells the time.

    Asked is where the cursor is, which every terminal and multiplexer answers; each question puts it elsewhere, so
    that an answer which got lost is not taken for the next one. A terminal that leaves the first question without
    an answer for half a second is not asked again, until one comes after all.
    """

    def __init__(self, write: Callable[[str], object], now: Callable[[], float]) -> None:
        self._write = write
        self._now = now
        self._open: deque[tuple[int, float]] = deque(maxlen=COLUMNS)
        self._number = 0
        self._longest: float | None = None
        self._silent = False

    @property
    def patience_s(self) -> float:
        """How long an answer is worth waiting for."""
        return FIRST_S if self._longest is None else max(LEAST_S, TIMES * self._longest)

    def ask(self) -> int | None:
        """Send a question behind all that was written so far, and its number; None where nobody would answer."""
        if self._silent:
            return None
        self._number += 1
        self._open.append((self._number, self._now()))
        self._write(f"\x1b7\x1b[{ROW};{_column(self._number)}H\x1b[6n\x1b8")
        return self._number

    def answered(self, row: int, column: int, moment: float) -> int:
        """The number of the question to which this answer (counted from 1) belongs; 0 for none that is open.

        Keys can look like an answer: shift+F3 is one from the first row.
        """
        if row != ROW or not any(_column(number) == column for number, _ in self._open):
            return 0
        number, asked = self._open.popleft()
        while _column(number) != column:
            number, asked = self._open.popleft()
        self._silent = False
        self._longest = max(self._longest or 0.0, moment - asked)
        return number

    def gave_up(self) -> None:
        """Nobody waits for the answer any more."""
        if self._longest is None:
            self._silent = True


def _column(number: int) -> int:
    return 1 + number % COLUMNS
