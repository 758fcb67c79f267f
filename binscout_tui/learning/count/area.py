"""Counting without a network: how much of the picture is covered, against the counts that are known. numpy only.

What is covered is what differs from the surroundings: a plane of colour is fitted through the border of the picture,
and Otsu's threshold (1979) parts the differences in two. A line through covered share and count, fitted so that a few
odd photos do not move it (Theil-Sen), turns area into a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.learning.pixels import Pixels

Floats = NDArray[np.float64]
Method = Literal["colour", "darker", "brighter"]

SIDE = 256  # pixels of the longest side at most: area needs no more
METHODS: tuple[Method, ...] = ("colour", "darker", "brighter")
BORDER = 0.04  # of the shorter side
BINS = 256
CONTRAST = 4.0  # how many deviations of the border the covered part must differ by, on average
FAINTEST = 0.06  # and by how much at least, 0..1
MOST_PHOTOS = 200  # that are worth measuring for one line
FOLDS = 5


class AreaFit(msgspec.Struct, frozen=True, kw_only=True):
    """A count is `intercept + slope * share`, `share` being the covered part of the picture 0..1 by `method`.

    `error` is its mean absolute error on the photos it was fitted to, each judged by a line through the others.
    """

    method: Method
    slope: float
    intercept: float
    error: float | None = None

    def raw(self, share: float) -> float:
        """The count as a number with a fraction, 0 where nothing is covered."""
        return max(0.0, self.intercept + self.slope * share) if share > 0 else 0.0


def small(picture: Pixels) -> Pixels:
    """`picture` (h, w, 3) at the size at which areas are measured."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def covered_shares(picture: Pixels) -> dict[Method, float]:
    """The share of `picture` (h, w, 3) uint8 that differs from its surroundings, by each method; 0 for nothing."""
    return {method: float(mask.mean()) for method, mask in covered(small(picture)).items()}


def covered(picture: Pixels) -> dict[Method, NDArray[np.bool_]]:
    """The covered pixels of `picture` by each method; none where nothing stands out from the noise of the border."""
    rest = picture / 255.0 - surroundings(picture)
    light = rest.mean(axis=2)
    differences: dict[Method, Floats] = {
        "colour": np.sqrt((rest**2).sum(axis=2)),
        "darker": np.maximum(-light, 0),
        "brighter": np.maximum(light, 0),
    }
    edge = _border(picture.shape[0], picture.shape[1])
    return {method: _stands_out(difference, edge) for method, difference in differences.items()}


def surroundings(picture: Pixels) -> Floats:
    """The colour (h, w, 3) 0..1 that the picture would have without anything in it: a plane through its border."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    plane = np.stack([np.ones((height, width)), rows / height - 0.5, columns / width - 0.5], axis=2)
    edge = _border(height, width)
    places, colours = plane[edge], picture[edge] / 255.0
    kept = np.ones(len(places), bool)
    for _ in range(4):
        answer, *_ = np.linalg.lstsq(places[kept], colours[kept], rcond=None)
        misfit = np.abs(colours - places @ answer).max(axis=1)
        kept = misfit <= max(2.5 * float(np.median(misfit)), 1 / 255)
    return np.asarray(plane @ answer)


def _border(height: int, width: int) -> NDArray[np.bool_]:
    band = max(2, round(BORDER * min(height, width)))
    edge = np.ones((height, width), bool)
    edge[band:-band, band:-band] = False
    return edge


def _stands_out(difference: Floats, edge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask = difference > otsu(difference)
    if not mask.any() or mask.all():
        return np.zeros(difference.shape, bool)
    noise = 1.4826 * float(np.median(difference[edge]))
    gap = float(difference[mask].mean() - difference[~mask].mean())
    return mask if gap >= max(FAINTEST, CONTRAST * noise) else np.zeros(difference.shape, bool)


def otsu(values: Floats) -> float:
    """The threshold that parts `values` into two classes with the most variance between them."""
    counts, edges = np.histogram(values, BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * below / total - sums) ** 2 / (below * (total - below))
    return float(edges[1:][np.nanargmax(np.where(np.isfinite(between), between, -1.0))])


def fit_area(shares: Sequence[dict[Method, float]], counts: Sequence[int], seed: int = 0) -> AreaFit:
    """The line, through the origin or not, and the method that count held-out photos best.

    Raises ValueError without photos.
    """
    if not counts:
        raise ValueError("no photos to fit")
    order = np.random.default_rng(seed).permutation(len(counts))
    truth = np.asarray(counts, np.float64)[order]
    fits = []
    for method in METHODS:
        area = np.array([share[method] for share in shares])[order]
        for free in (False, True):
            slope, intercept = robust_line(area, truth, free)
            fits.append((_held_out(area, truth, free), method, slope, intercept))
    error, method, slope, intercept = min(fits, key=lambda fit: fit[0])
    return AreaFit(method=method, slope=slope, intercept=intercept, error=error if np.isfinite(error) else None)


def _held_out(area: Floats, truth: Floats, free: bool) -> float:
    """The mean absolute error over folds; infinite for a single photo."""
    if len(truth) < 2:
        return float("inf")
    place = np.arange(len(truth)) % min(FOLDS, len(truth))
    errors = np.zeros(len(truth))
    for fold in range(place.max() + 1):
        slope, intercept = robust_line(area[place != fold], truth[place != fold], free)
        said = np.where(area > 0, np.maximum(0, intercept + slope * area), 0)
        errors[place == fold] = np.abs(np.round(said) - truth)[place == fold]
    return float(errors.mean())


def robust_line(area: Floats, truth: Floats, free: bool) -> tuple[float, float]:
    """Slope and intercept: the median of all slopes of pairs and of what is left (Theil 1950, Sen 1968).

    Without `free` the line goes through the origin: its slope is the median of counts per area. Photos in which
    nothing is covered do not count, and a slope below 0 is none.
    """
    area, truth = area[area > 0], truth[area > 0]
    if not len(area):
        return 0.0, 0.0
    if free and len(area) > 2:
        first, second = np.triu_indices(len(area), 1)
        apart = area[second] - area[first]
        slopes = (truth[second] - truth[first])[apart != 0] / apart[apart != 0]
        slope = max(0.0, float(np.median(slopes))) if len(slopes) else 0.0
        return slope, float(np.median(truth - slope * area))
    return float(np.median(truth / area)), 0.0
