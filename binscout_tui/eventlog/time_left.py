"""How long still, from how far a run was when: smoothed, so that it can be read."""

from __future__ import annotations

import math

SHORTEST_S, LONGEST_S = 20.0, 180.0
"""The rate looks back about half as long as the run has been seen, within these seconds: over pauses of epochs."""
SHOWN_S = 20.0
"""The time shown comes a good part nearer to what the rate says within so many seconds."""
MOST_CHANGE = 0.05
"""Beyond the passing of time, what is shown changes by at most this share a second."""
LEAST_S = 3.0
"""Nothing is said before so many seconds were seen."""


class TimeLeft:
    """Give it every sight of `done` of `total`; `seconds` is what is left, None while that is a guess.

    Of the rate each moment weighs less the longer ago it is, and what is shown runs down with the clock and nears the
    estimate without jumping.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.seconds: float | None = None
        self._at: float | None = None
        self._done = self._total = 0.0
        self._time = self._parts = 0.0
        self._seen = 0.0

    def add(self, at: float, done: float, total: float) -> None:
        """At the moment `at` (seconds) `done` of `total` parts were ready; another total begins anew."""
        if self._at is None or total != self._total or done < self._done or at < self._at:
            self._begin()
        else:
            self._advance(at - self._at, done - self._done, total - done)
        self._at, self._done, self._total = at, done, total

    def _advance(self, passed: float, parts: float, left: float) -> None:
        kept = math.exp(-passed / min(LONGEST_S, max(SHORTEST_S, self._seen / 2)))
        self._time, self._parts = self._time * kept + passed, self._parts * kept + parts
        self._seen += passed
        if left <= 0:
            self.seconds = 0.0
        elif self._parts > 0 and self._seen >= LEAST_S:
            self.seconds = nearer(self.seconds, left * self._time / self._parts, passed)


def nearer(shown: float | None, estimate: float, passed: float) -> float:
    """What is shown `passed` seconds later, on its way to the estimate."""
    if shown is None:
        return estimate
    run_down = max(0.0, shown - passed)
    most = MOST_CHANGE * max(shown, estimate, 1.0) * passed
    change = (estimate - run_down) * (1 - math.exp(-passed / SHOWN_S))
    return max(0.0, run_down + max(-most, min(most, change)))
