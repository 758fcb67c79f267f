"""Marks of a picture: blobs that stay where they are in a crop, and words for what is around them.

A blob is an extreme of the difference of two Gaussians over place and width (Lowe 2004, without turning the patch:
only quarter turns and mirroring are taken out, by the signs of the patch's first two cosine terms).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LONGEST = 160  # pixels of the picture in which marks are sought
MOST = 60
WORD_BITS = 61
_STEP = 2 ** (1 / 3)
_FINEST = 1.6
_WIDTHS = 10
_REACH = 5.0  # half the side of a patch, in widths of its blob
_PATCH = 16
_LOW = 8
_FAINTEST = 1.0  # grey values


class Marks(NamedTuple):
    """`places` (N, 3) float32 are x, y and width of blobs in pixels of the picture described, the clearest first;
    `turns` (N,) uint8 says how each patch lay (4 transposed, 2 upside down, 1 mirrored); `words` (N,) uint64."""

    places: NDArray[np.float32]
    turns: NDArray[np.uint8]
    words: NDArray[np.uint64]


def find_marks(grey: NDArray[np.float64], most: int = MOST) -> Marks:
    """At most `most` marks of a grey picture (H, W) of 0..255; few or none in one without texture."""
    widths = np.asarray(_FINEST * _STEP ** np.arange(_WIDTHS), dtype=np.float64)
    blurred = np.stack([_gauss(grey.shape[0], w) @ grey @ _gauss(grey.shape[1], w).T for w in widths])
    level, y, x, width = _blobs(blurred, widths, most)
    patches, inside = _patches(blurred, level - 1, y, x, width)
    words, turns = _words(patches[inside])
    places = np.stack([x, y, width], axis=1)[inside].astype(np.float32)
    return Marks(places, turns, words)


@cache
def _gauss(length: int, width: float) -> NDArray[np.float64]:
    distance = np.arange(length)[:, None] - np.arange(length)[None]
    weight = np.exp(-(distance**2) / (2 * width * width))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


Found = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def _blobs(blurred: NDArray[np.float64], widths: NDArray[np.float64], most: int) -> Found:
    """(level, y, x, width) of the clearest extremes, places and widths between the samples by a parabola."""
    strength = np.abs(np.diff(blurred, axis=0))
    around = np.pad(strength, ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)
    for axis in range(3):
        middle, before, after = (
            np.take(around, np.arange(start, around.shape[axis] - 2 + start), axis=axis) for start in (1, 0, 2)
        )
        around = np.maximum(np.maximum(middle, before), after)
    level, y, x = np.nonzero((strength[1:-1] >= around) & (strength[1:-1] > _FAINTEST))
    level = level + 1
    best = np.argsort(-strength[level, y, x], kind="stable")[:most]
    level, y, x = level[best], y[best], x[best]
    here = strength[level, y, x]
    off_level = _between(strength[level - 1, y, x], here, strength[level + 1, y, x])
    off_y = _between(strength[level, y - 1, x], here, strength[level, y + 1, x])
    off_x = _between(strength[level, y, x - 1], here, strength[level, y, x + 1])
    return level, y + off_y, x + off_x, widths[0] * _STEP ** (level + off_level)


def _between(before: NDArray[np.float64], here: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far from the middle one of three samples the top of their parabola lies, -0.5..0.5."""
    bend = before - 2 * here + after
    curved = bend < 0
    return np.asarray(np.clip(np.where(curved, (before - after) / (2 * np.where(curved, bend, -1.0)), 0.0), -0.5, 0.5))


def _patches(
    blurred: NDArray[np.float64],
    level: NDArray[np.int64],
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    width: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(N, 16, 16) around each blob, and (N,) which of them lie in the picture."""
    height, across = blurred.shape[1:]
    grid = ((np.arange(_PATCH) + 0.5) / _PATCH * 2 - 1) * _REACH
    rows, columns = y[:, None] + grid * width[:, None], x[:, None] + grid * width[:, None]
    inside = (rows[:, 0] >= -1) & (columns[:, 0] >= -1) & (rows[:, -1] <= height) & (columns[:, -1] <= across)
    top, down = _split(rows, height)
    left, right = _split(columns, across)

    def at(dy: int, dx: int) -> NDArray[np.float64]:
        return np.asarray(blurred[level[:, None, None], (top + dy)[:, :, None], (left + dx)[:, None, :]])

    down, right = down[:, :, None], right[:, None, :]
    upper = at(0, 0) * (1 - right) + at(0, 1) * right
    lower = at(1, 0) * (1 - right) + at(1, 1) * right
    return upper * (1 - down) + lower * down, inside


def _split(places: NDArray[np.float64], length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    clipped = np.clip(places, 0, length - 1.001)
    whole = clipped.astype(np.int64)
    return whole, clipped - whole


def _words(patches: NDArray[np.float64]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    cosine = _cosines()
    terms = cosine @ patches @ cosine.T
    transposed = np.abs(terms[:, 1, 0]) > np.abs(terms[:, 0, 1])
    terms = np.where(transposed[:, None, None], terms.swapaxes(1, 2), terms)
    mirrored, flipped = terms[:, 0, 1] < 0, terms[:, 1, 0] < 0
    odd = np.arange(_LOW) % 2 == 1
    terms = np.where(mirrored[:, None, None] & odd[None, None, :], -terms, terms)
    terms = np.where(flipped[:, None, None] & odd[None, :, None], -terms, terms)
    rows, columns = _order()
    bits = (terms[:, rows, columns] > 0).astype(np.uint64)
    words = (bits << np.arange(WORD_BITS, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    return words, (4 * transposed + 2 * flipped + mirrored).astype(np.uint8)


@cache
def _order() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the terms, the coarsest first, without the mean and the two that say how a patch lies; the
    finest is left out, for it is noise."""
    terms = sorted(((u, v) for u in range(_LOW) for v in range(_LOW)), key=lambda term: (sum(term), term))
    kept = np.array([term for term in terms if term not in {(0, 0), (0, 1), (1, 0)}][:WORD_BITS], dtype=np.int64)
    return kept[:, 0], kept[:, 1]


@cache
def _cosines() -> NDArray[np.float64]:
    frequency, place = np.arange(_LOW)[:, None], np.arange(_PATCH)[None]
    return np.asarray(np.cos(np.pi * frequency * (2 * place + 1) / (2 * _PATCH)))
