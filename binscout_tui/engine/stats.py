"""Figures for the health report. All methods belong to the event loop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from binscout_tui.engine.protocol import DEADLINE

REMEMBERED = 1024


class Stats:
    """Counts requests and pictures, remembers how long the last ones took, and when there was last something to do."""

    def __init__(self) -> None:
        self.requests = 0
        self.items = 0
        self.errors = 0
        self.last_error: str | None = None
        self._milliseconds: deque[float] = deque(maxlen=REMEMBERED)
        self._started = self._worked = time.monotonic()
        self._working = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """While this is open the engine is not idle."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            self._worked = time.monotonic()

    def worked(self) -> None:
        """Something was done just now that took no time."""
        self._worked = time.monotonic()

    def answered(self, queued_at: float, error: str | None) -> None:
        """A picture that was queued at `queued_at` (`time.monotonic()`) has its answer."""
        self.items += 1
        if error is None:
            self._milliseconds.append((time.monotonic() - queued_at) * 1000)
        else:
            self.failed("A picture was not begun in time." if error == DEADLINE else error)

    def failed(self, sentence: str) -> None:
        """Something went wrong that the health report should show."""
        self.errors += 1
        self.last_error = sentence

    @property
    def idle_seconds(self) -> float:
        """Seconds since there was last something to do, 0 while there is."""
        return 0.0 if self._working else time.monotonic() - self._worked

    def report(self) -> dict[str, Any]:
        """Their part of the health report; times in seconds and milliseconds from queued to answered."""
        ordered = sorted(self._milliseconds)
        return {
            "uptime_s": round(time.monotonic() - self._started, 3),
            "idle_s": round(self.idle_seconds, 3),
            "requests": self.requests,
            "items": self.items,
            "errors": self.errors,
            "last_error": self.last_error,
            "p50_ms": percentile(ordered, 50),
            "p95_ms": percentile(ordered, 95),
        }


def percentile(ordered: list[float], percent: int) -> float | None:
    """The smallest of the ascending values that `percent` of them do not exceed; None without values."""
    if not ordered:
        return None
    rank = -(-len(ordered) * percent // 100)
    return round(ordered[max(0, rank - 1)], 3)
