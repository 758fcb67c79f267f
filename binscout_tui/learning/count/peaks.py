"""From a map of centres to points: local maxima, one for each object, and the score from which one counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 0.05  # a maximum below this is no candidate at any threshold
REACH = 0.5  # two maxima nearer than this share of their mean size are one object
MOST = 2000  # candidates of one picture, strongest first
THRESHOLDS = tuple(round(0.1 + 0.025 * step, 3) for step in range(29))  # 0.1 to 0.8
USUAL_THRESHOLD = 0.3


@dataclass(frozen=True, slots=True)
class Peaks:
    """Candidates of one picture, strongest first: `points` (K, 2) x, y in cells of the map, `scores` (K,) 0..1."""

    points: Floats
    scores: Floats

    def above(self, threshold: float) -> Peaks:
        """Those that count."""
        kept = self.scores >= threshold
        return Peaks(self.points[kept], self.scores[kept])

    def count(self, threshold: float) -> int:
        """How many objects there are."""
        return int((self.scores >= threshold).sum())

    def soft_count(self, threshold: float) -> float:
        """A count that knows doubt: a candidate at the threshold is half an object, none at half of it, one at 1.5."""
        return float(np.clip(self.scores / threshold - 0.5, 0.0, 1.0).sum())


def find_peaks(heat: NDArray[np.floating], sizes: NDArray[np.floating], reach: float = REACH) -> Peaks:
    """The candidates of `heat` (H, W) 0..1, the object at each cell being about `sizes` (H, W) cells wide."""
    rows, columns = np.nonzero(_is_maximum(heat) & (heat >= FLOOR))
    scores = heat[rows, columns].astype(np.float64)
    order = np.lexsort((columns, rows, -scores))[:MOST]
    points = np.stack([columns, rows], axis=1)[order].astype(np.float64)
    widths = sizes[rows, columns][order].astype(np.float64)
    kept = suppress(points, widths, reach)
    return Peaks(points[kept], scores[order][kept])


def _is_maximum(heat: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Cells that no neighbour exceeds."""
    height, width = heat.shape
    padded = np.pad(heat, 1, constant_values=-np.inf)
    result = np.ones(heat.shape, bool)
    for down in (0, 1, 2):
        for right in (0, 1, 2):
            result &= heat >= padded[down : down + height, right : right + width]
    return result


def suppress(points: Floats, widths: Floats, reach: float) -> list[int]:
    """The indices that stay when each point, strongest first, silences those within `reach` of their mean width."""
    kept: list[int] = []
    free = np.ones(len(points), bool)
    for index in range(len(points)):
        if not free[index]:
            continue
        kept.append(index)
        apart = np.hypot(*(points - points[index]).T)
        free &= apart >= reach * (widths + widths[index]) / 2
    return kept


def choose_threshold(pictures: Sequence[Peaks], counts: Sequence[int]) -> float:
    """The threshold with the least mean absolute error, then the most exact counts; the middle of the best stretch."""
    if not pictures:
        return USUAL_THRESHOLD
    truth = np.asarray(counts, np.float64)
    errors = [np.abs(np.array([peaks.count(t) for peaks in pictures]) - truth) for t in THRESHOLDS]
    ranks = [(float(error.mean()), -float((error == 0).mean())) for error in errors]
    best = min(ranks)
    stretches = _runs([rank == best for rank in ranks])
    start, end = max(stretches, key=lambda run: (run[1] - run[0], -abs(THRESHOLDS[run[0]] - USUAL_THRESHOLD)))
    return (THRESHOLDS[start] + THRESHOLDS[end]) / 2


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last index of each unbroken run of true values."""
    runs: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if flag and runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        elif flag:
            runs.append((index, index))
    return runs
