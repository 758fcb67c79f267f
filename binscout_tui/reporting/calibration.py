"""Whether a model is as often right as it says: confidence against accuracy, in ten equal bins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from binscout_tui.reporting.cases import Case

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The cases whose confidence is between `low` and `high`; means over them, all 0..1."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bins that have cases, and the mean gap between confidence and accuracy weighted by their cases (ECE)."""

    bins: tuple[Bin, ...]
    error: float


def calibration(cases: Sequence[Case], bins: int = BINS) -> Calibration | None:
    """The calibration over the cases that have a score; None without any."""
    scored = [(min(max(case.score, 0.0), 1.0), case.right) for case in cases if case.score is not None]
    if not scored:
        return None
    found = []
    for place in range(bins):
        inside = [(score, right) for score, right in scored if min(int(score * bins), bins - 1) == place]
        if inside:
            confidence = sum(score for score, _ in inside) / len(inside)
            share = sum(right for _, right in inside) / len(inside)
            found.append(Bin(place / bins, (place + 1) / bins, len(inside), confidence, share))
    error = sum(abs(one.right - one.confidence) * one.n for one in found) / len(scored)
    return Calibration(tuple(found), error)
