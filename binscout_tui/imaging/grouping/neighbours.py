"""Pairs of near perceptual hashes, found by bands, with a bound on what crowds may cost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BITS = 64
CELLS = 1 << 21  # compared at once, for the sake of memory

Pairs = NDArray[np.int64]


def near(hashes: NDArray[np.uint64], radius: int, crowd: int) -> tuple[Pairs, NDArray[np.bool_]]:
    """(pairs (P, 2) of indices i < j within `radius` bits, which of the hashes (N,) have more than `crowd` such).

    Two hashes within `radius` bits agree on at least one of `radius + 1` bands, so only hashes that share a band are
    compared. The pairs of a crowded hash are not given: in a drawer of pictures that are all alike there are
    N * (N - 1) / 2 of them. Raises ValueError unless 0 <= radius < 64.
    """
    if not 0 <= radius < BITS:
        raise ValueError(f"radius must be 0..{BITS - 1}, not {radius}")
    count = len(hashes)
    crowded = np.zeros(count, dtype=np.bool_)
    codes: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    for shift, width in _bands(radius + 1):
        band = (hashes >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        order = np.argsort(band, kind="stable")
        edges = np.flatnonzero(np.diff(band[order])) + 1
        for bucket in np.split(order, edges):
            codes += _within(hashes, bucket, radius, crowd, crowded)
    unique = np.unique(np.concatenate(codes))
    first, second = unique // max(count, 1), unique % max(count, 1)
    crowded |= np.bincount(first, minlength=count) > crowd
    kept = ~(crowded[first] | crowded[second]) & (first < second)
    return np.stack([first[kept], second[kept]], axis=1), crowded


def _within(
    hashes: NDArray[np.uint64], bucket: NDArray[np.int64], radius: int, crowd: int, crowded: NDArray[np.bool_]
) -> list[NDArray[np.int64]]:
    """The near pairs of one bucket as `i * N + j`, both ways; hashes with too many are marked in `crowded`."""
    found: list[NDArray[np.int64]] = []
    if len(bucket) < 2:
        return found
    values = hashes[bucket]
    height = max(1, CELLS // len(bucket))
    asking = bucket[~crowded[bucket]]
    for start in range(0, len(asking), height):
        rows = asking[start : start + height]
        alike = np.bitwise_count(hashes[rows][:, None] ^ values[None, :]) <= radius
        many = alike.sum(axis=1) > crowd + 1  # each is near itself
        crowded[rows[many]] = True
        alike[many] = False
        left, right = np.nonzero(alike)
        codes = rows[left] * len(hashes) + bucket[right]
        found.append(codes[rows[left] != bucket[right]])
    return found


def _bands(number: int) -> list[tuple[int, int]]:
    """(first bit, width) of `number` bands that cover all bits."""
    edges = [BITS * index // number for index in range(number + 1)]
    return [(low, high - low) for low, high in pairwise(edges)]
