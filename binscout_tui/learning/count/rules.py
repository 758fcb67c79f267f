"""How a model turns what it sees in a picture into a count, as numbers on its card and one pure function. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from binscout_tui.learning.count.area import AreaFit, Method
from binscout_tui.learning.count.peaks import Floats, Peaks

LEAST_DOUBT = 0.6
USUAL_GAPS = 0.95  # of the validation photos are not in doubt


class CountRules(msgspec.Struct, frozen=True, kw_only=True):
    """`side` pixels of the longest side of a picture, in which the usual thing is `width` pixels across.

    Peaks count from `threshold` on; None for a model without a network, which counts by `area` alone. A `gap` between
    the two above `doubt` is doubt.
    """

    side: int
    width: float
    threshold: float | None
    area: AreaFit
    doubt: float


@dataclass(frozen=True, slots=True)
class Decision:
    """`count` and what it stands on: `raw` with a fraction, the `points` (K, 2) in pixels with `scores`, `by_area`."""

    count: int
    raw: float
    points: Floats
    scores: Floats
    by_area: float
    doubt: bool

    @property
    def sureness(self) -> float:
        """1 where the count with a fraction is the count, less the further they are apart."""
        return max(0.0, 1 - abs(self.raw - self.count) / max(1, self.count))


def decide(rules: CountRules, peaks: Peaks | None, shares: Mapping[Method, float]) -> Decision:
    """The count of one picture from its peaks (None without a network) and its covered shares."""
    by_area = rules.area.raw(shares[rules.area.method])
    if rules.threshold is None or peaks is None:
        none = np.zeros((0, 2)), np.zeros(0)
        return Decision(whole(by_area), by_area, *none, by_area, False)
    kept = peaks.above(rules.threshold)
    raw = peaks.soft_count(rules.threshold)
    doubt = gap(len(kept.scores), by_area) > rules.doubt
    return Decision(len(kept.scores), raw, kept.points, kept.scores, by_area, doubt)


def whole(raw: float) -> int:
    """The nearest count, halves upwards."""
    return math.floor(raw + 0.5)


def gap(count: float, by_area: float) -> float:
    """How far two counts are apart, as a multiple of the deviation of a count of that size (Poisson)."""
    return abs(count - by_area) / math.sqrt(1 + max(count, by_area))


def usual_gap(counts: Sequence[float], by_area: Sequence[float]) -> float:
    """The gap that nearly all photos stay under."""
    gaps = [gap(one, other) for one, other in zip(counts, by_area, strict=True)]
    return max(LEAST_DOUBT, float(np.quantile(gaps, USUAL_GAPS))) if gaps else LEAST_DOUBT
