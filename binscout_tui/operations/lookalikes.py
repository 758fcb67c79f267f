"""Pictures that look alike by their perceptual hashes, as pairs that connect them and as clusters. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from binscout_tui.imaging.hashes import near_pairs

NEAR_DUPLICATE_BITS = 4
"""Re-encoded copies of one photo differ by up to 4 bits of the perceptual hash; other photos by more."""
Pair = tuple[int, int]


def linked(hashes: Sequence[int | None], radius: int = NEAR_DUPLICATE_BITS) -> list[Pair]:
    """Pairs of indices that connect all hashes within `radius` bits of each other, directly or through others.

    Equal hashes are connected one after the other, so that n of them make n - 1 pairs; None is like nothing.
    """
    members: dict[int, list[int]] = {}
    for index, found in enumerate(hashes):
        if found is not None:
            members.setdefault(found, []).append(index)
    pairs = [pair for group in members.values() for pair in pairwise(group)]
    values = np.array(list(members), dtype=np.uint64)
    first = [group[0] for group in members.values()]
    return pairs + [_ordered(first[a], first[b]) for a, b in near_pairs(values, radius)]


def clusters(pairs: Iterable[Pair]) -> list[list[int]]:
    """What `pairs` connect, each cluster in order, in the order of their first members."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for a, b in pairs:
        first, second = _ordered(root(a), root(b))
        parent[second] = first
    found: dict[int, list[int]] = {}
    for one in sorted(parent):
        found.setdefault(root(one), []).append(one)
    return list(found.values())


def _ordered(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)
