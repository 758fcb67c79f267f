"""Perceptual hashes of 64 bits, and pairs of them that are near."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PHASH_ALGORITHM = "dct64-1"
BITS = 64
_SIDE = 32
_LOW = 8


def perceptual_hash(image: Image.Image) -> int:
    """The 64-bit DCT hash of an upright picture: the signs of the 8 x 8 lowest frequencies against their median.

    Survives re-encoding, resizing and brightness; a turned or mirrored picture gets an unrelated hash.
    """
    return _packed(_terms(image))


def turned_hashes(image: Image.Image, unsure: float = 0.1) -> NDArray[np.uint64]:
    """The hashes (N,) of a picture turned by quarters and mirrored so that it grows brighter to the right and down.

    Two such pictures have a hash in common, near as by `perceptual_hash`, however each of them is turned. Mostly that
    is one hash; where which way is up hangs on less than `unsure` of the contrast, all ways are in.
    """
    terms = _terms(image)
    across, down = terms[0, 1], terms[1, 0]
    contrast = unsure * float(np.sqrt((terms[:3, :3] ** 2).sum() - terms[0, 0] ** 2))
    ways = [False, True]
    transposed = [way for way in ways if abs(abs(across) - abs(down)) <= contrast or way == (abs(down) > abs(across))]
    mirrored = [way for way in ways if abs(across) <= contrast or way == (across < 0)]
    flipped = [way for way in ways if abs(down) <= contrast or way == (down < 0)]
    odd = np.where(np.arange(_LOW) % 2 == 1, -1.0, 1.0)
    found = set()
    for left in mirrored:
        for up in flipped:
            way = terms * (odd[None, :] if left else 1.0) * (odd[:, None] if up else 1.0)
            found |= {_packed(way.T if across_down else way) for across_down in transposed}
    return np.array(sorted(found), dtype=np.uint64)


def _terms(image: Image.Image) -> NDArray[np.float64]:
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    rows = _low_frequencies()
    # Rounded, so that a flat picture does not hash the noise of floating point.
    return np.asarray(np.round(rows @ np.asarray(small, dtype=np.float64) @ rows.T, 6))


def _packed(terms: NDArray[np.float64]) -> int:
    packed: bytes = np.packbits(terms > np.median(terms)).tobytes()
    return int.from_bytes(packed, "big")


def hamming(a: NDArray[np.uint64], b: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint8]:
    """The number of differing bits, element by element, with numpy's broadcasting."""
    return np.asarray(np.bitwise_count(np.bitwise_xor(a, b)), dtype=np.uint8)


def near_pairs(hashes: NDArray[np.uint64], radius: int = 6) -> list[tuple[int, int]]:
    """All index pairs (i < j, sorted) whose hashes (N,) differ in at most `radius` bits, without missing one.

    Two hashes within `radius` bits agree on at least one of `radius + 1` bands, so only hashes that share a
    band are compared. n equal hashes make n * (n - 1) / 2 pairs. Raises ValueError unless 0 <= radius < 64.
    """
    if not 0 <= radius < BITS:
        raise ValueError(f"radius must be 0..{BITS - 1}, not {radius}")
    values, members = np.unique(hashes.astype(np.uint64), return_inverse=True)
    order = np.argsort(members, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(members, minlength=len(values)))[:-1])
    pairs = [(int(i), int(j)) for group in groups for k, i in enumerate(group) for j in group[k + 1 :]]
    for first, second in _unique_pairs(values, radius):
        pairs += [(int(min(i, j)), int(max(i, j))) for i in groups[first] for j in groups[second]]
    return sorted(pairs)


@cache
def _low_frequencies() -> NDArray[np.float64]:
    """The first 8 rows (8, 32) of the orthonormal DCT-II matrix."""
    frequency = np.arange(_LOW, dtype=np.float64)[:, None]
    position = np.arange(_SIDE, dtype=np.float64)[None, :]
    matrix = np.cos(np.pi * frequency * (2 * position + 1) / (2 * _SIDE)) * np.sqrt(2 / _SIDE)
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix)


def _unique_pairs(values: NDArray[np.uint64], radius: int) -> list[tuple[int, int]]:
    found = near_arrays(values, radius)
    return [pair for first, second in found for pair in zip(first.tolist(), second.tolist(), strict=True)]


def near_arrays(
    values: NDArray[np.uint64], radius: int, most: int | None = None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """`near_pairs` of hashes (N,) as arrays of first and second indices, each pair once in any order.

    With `most`, a hash brings at most so many pairs a band, with those that come next in `values`: of very many hashes
    that are all near each other most pairs are missed then, instead of memory and time running out.
    """
    masks = _band_masks(radius + 1)
    for band, mask in enumerate(masks):
        order = np.argsort(values & mask, kind="stable")
        keys = (values & mask)[order]
        start, step, brought = np.arange(len(keys)), 1, np.zeros(len(keys), dtype=np.int64)
        while True:
            # Sorted by key: once an element differs from the one `step` further on, it differs from all later ones.
            start = start[start + step < len(keys)]
            start = start[keys[start + step] == keys[start]]
            if not len(start):
                break
            first, second = order[start], order[start + step]
            difference = values[first] ^ values[second]
            near = np.bitwise_count(difference) <= radius
            if most is not None:
                brought[start[near]] += 1
                start = start[brought[start] < most]
            for earlier in masks[:band]:  # found in that band already
                near &= (difference & earlier) != 0
            yield first[near], second[near]
            step += 1


def _band_masks(bands: int) -> list[np.uint64]:
    edges = [BITS * index // bands for index in range(bands + 1)]
    return [np.uint64((1 << high) - (1 << low)) for low, high in pairwise(edges)]
