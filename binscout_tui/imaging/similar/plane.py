"""Images on a plane, and the plane in cells: the two directions in which they differ most (principal components)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from binscout_tui.imaging.similar.clusters import StoppedError, sample_of
from binscout_tui.imaging.similar.space import Space
from binscout_tui.imaging.similar.vectors import Vectors

OUTSIDE = 0.5
"""Percent of the images at each end that are drawn at the edge: a few odd ones must not press the rest together."""
SUBSPACE, ROUNDS = 8, 15
"""Directions that are looked for, more than are wanted so that those two are found soon, and steps towards them."""
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Plane:
    """`points` (N, 2) of 0..1, and the `share` (0..1) of all that differs that is seen in them."""

    points: Points
    share: float


def project(space: Space, stop: Callable[[], bool] = lambda: False, seed: int = 0) -> Plane:
    """Where images are on the plane; the directions are learned on 20,000 at most. Raises StoppedError."""
    images = len(space.ids)
    if images == 0:
        return Plane(np.zeros((0, 2), np.float32), 0.0)
    rng = np.random.default_rng(seed)
    sample = sample_of(space, rng)
    middle = sample.mean(axis=0)
    centred = sample - middle
    whole = float(np.square(centred, dtype=np.float64).sum())
    with threadpool_limits(1):  # on a busy machine more threads wait for each other
        directions, seen = _main_directions(centred, rng, stop)
    # The sign of a direction is left open; the same images are to lie in the same place each time.
    largest = np.abs(directions).argmax(axis=0)
    directions *= np.where(directions[largest, [0, 1]] < 0, -1, 1)
    points = np.empty((images, 2), np.float32)
    for start, block in space.blocks():
        if stop():
            raise StoppedError
        points[start : start + len(block)] = np.stack([np.vecdot(block - middle, way) for way in directions.T], axis=1)
    return Plane(_scaled(points), seen / whole if whole > 0 else 0.0)


def _main_directions(
    centred: Vectors, rng: np.random.Generator, stop: Callable[[], bool]
) -> tuple[NDArray[np.float32], float]:
    """(width, 2) the two directions in which rows differ most, and the sum of squares that is seen in them.

    Subspace iteration (Halko, Martinsson and Tropp 2011): a whole decomposition of long vectors takes minutes.
    """
    width = centred.shape[1]
    ways = np.linalg.qr(rng.normal(size=(width, min(width, SUBSPACE))))[0].astype(np.float32)
    for _ in range(ROUNDS):
        if stop():
            raise StoppedError
        ways = np.linalg.qr(centred.T @ (centred @ ways))[0]
    seen = (centred @ ways).astype(np.float64)
    values, turn = np.linalg.eigh(seen.T @ seen)
    directions = np.zeros((width, 2), np.float32)
    directions[:, : min(2, width)] = (ways @ turn[:, ::-1])[:, :2]
    return directions, float(np.maximum(values[::-1][:2], 0).sum())


def _scaled(points: Points) -> Points:
    points = np.nan_to_num(points)
    low, high = np.percentile(points, [OUTSIDE, 100 - OUTSIDE], axis=0)
    width = high - low
    return np.asarray(np.clip((points - low) / np.where(width > 0, width, 1), 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class Cells:
    """A plane in `width` x `height` cells: `cell` (N,) of each image, row by row, -1 for what is left out."""

    width: int
    height: int
    cell: NDArray[np.int32]

    @property
    def counts(self) -> NDArray[np.int64]:
        """(height * width,) how many images each cell has."""
        return np.bincount(self.cell[self.cell >= 0], minlength=self.width * self.height)

    def members(self, cell: int) -> NDArray[np.int64]:
        """The positions of the images in a cell, ascending."""
        return np.flatnonzero(self.cell == cell)

    def leaders(self, kinds: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Of each cell the kind (0 and more) that most of its images have, -1 without any, and that kind's share."""
        size, number = self.width * self.height, int(kinds.max(initial=0)) + 1
        there = self.cell >= 0
        pairs, counts = np.unique(self.cell[there].astype(np.int64) * number + kinds[there], return_counts=True)
        order = np.argsort(counts, kind="stable")
        leader, most = np.full(size, -1, np.int64), np.zeros(size)
        leader[pairs[order] // number] = pairs[order] % number
        most[pairs[order] // number] = counts[order]
        return leader, most / np.maximum(self.counts, 1)


def in_cells(points: Points, width: int, height: int, there: NDArray[np.bool_] | None = None) -> Cells:
    """Points (N, 2) of 0..1 in cells, those where `there` is False left out."""
    column = np.minimum((points[:, 0] * width).astype(np.int32), width - 1)
    row = np.minimum((points[:, 1] * height).astype(np.int32), height - 1)
    cell = row * np.int32(width) + column
    return Cells(width, height, cell if there is None else np.where(there, cell, np.int32(-1)))
