"""Groups of images that look alike: k-means by angle, learned on a sample, told of all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from binscout_tui.imaging.similar.space import Scores, Space
from binscout_tui.imaging.similar.vectors import Vectors, unit

SAMPLE = 20_000
SAMPLE_NUMBERS = 8_000_000
"""Of long vectors fewer are learned from: these take 32 MB."""
ROUNDS = 15
MOST = 200
Stop = Callable[[], bool]


class StoppedError(Exception):
    """Nobody wants to know any more."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """`group` (N,) of each image, the largest group is 0; `closeness` (N,) of each to the centre of its group."""

    group: NDArray[np.int32]
    closeness: Scores
    number: int


def usual_number(images: int) -> int:
    """How many groups one wants at first."""
    return max(1, min(30, round(math.sqrt(images / 2))))


def cluster(space: Space, number: int, stop: Stop = lambda: False, seed: int = 0) -> Grouping:
    """At most `number` groups: fewer where so many different images are not there. Raises StoppedError.

    Spherical k-means (Dhillon and Modha 2001) from k-means++ seeds, on 20,000 images at most, the same each time.
    """
    images = len(space.ids)
    if images == 0:
        return Grouping(np.zeros(0, np.int32), np.zeros(0, np.float32), 0)
    rng = np.random.default_rng(seed)
    sample = sample_of(space, rng)
    group, closeness = np.empty(images, np.int32), np.empty(images, np.float32)
    with threadpool_limits(1):  # on a busy machine more threads wait for each other
        centres = _seeds(sample, min(number, len(sample)), rng)
        for _ in range(ROUNDS):
            if stop():
                raise StoppedError
            centres, moved = _moved(sample, centres)
            if not moved:
                break
        for start, block in space.blocks():
            if stop():
                raise StoppedError
            scores = block @ centres.T
            group[start : start + len(block)] = scores.argmax(axis=1)
            closeness[start : start + len(block)] = scores.max(axis=1)
    return _by_size(group, closeness)


def sample_of(space: Space, rng: np.random.Generator) -> Vectors:
    """The images that are learned from: all, or as many as are enough."""
    images = len(space.ids)
    number = min(images, SAMPLE, max(2 * MOST, SAMPLE_NUMBERS // space.width))
    return space.rows(np.sort(rng.choice(images, number, replace=False)).astype(np.int64))


def _seeds(sample: Vectors, number: int, rng: np.random.Generator) -> Vectors:
    """k-means++: each next one with a chance that grows with its distance to those chosen."""
    centres = [sample[rng.integers(len(sample))]]
    far = np.maximum(1 - sample @ centres[0], 0)
    while len(centres) < number and (whole := float(far.sum(dtype=np.float64))) > 1e-6 * len(sample):
        centres.append(sample[int(np.searchsorted(far.cumsum(dtype=np.float64), rng.random() * whole))])
        far = np.minimum(far, np.maximum(1 - sample @ centres[-1], 0))
    return np.stack(centres)


def _moved(sample: Vectors, centres: Vectors) -> tuple[Vectors, bool]:
    nearest = (sample @ centres.T).argmax(axis=1)
    belongs = (nearest == np.arange(len(centres))[:, None]).astype(np.float32)
    sums = belongs @ sample
    # A centre to which nothing is near stays; its group is empty and is left out in the end.
    found = np.where(belongs.any(axis=1)[:, None], unit(sums), centres)
    return found, bool(np.abs(found - centres).max() > 1e-4)


def _by_size(group: NDArray[np.int32], closeness: Scores) -> Grouping:
    sizes = np.bincount(group)
    order = np.argsort(-sizes, kind="stable")
    number = int((sizes > 0).sum())
    rank = np.empty(len(sizes), np.int32)
    rank[order] = np.arange(len(sizes))
    return Grouping(rank[group], closeness, number)
