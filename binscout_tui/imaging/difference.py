"""What differs between two pictures when they are laid over each other. Works in bands: memory does not grow with them.

Pictures are (H, W, 3) uint8, RGB and upright; a memory map does, as only the rows at hand are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.imaging.near import SAME_SHAPE

Pixels = NDArray[np.uint8]
Corners = tuple[float, float, float, float]

CLEAR = 24
"""A pixel of which a channel (0..255) differs by more than this differs clearly: compression and noise stay below."""
BLOCKS = 64
"""So many blocks lie along the longer side: one is about as large as a screw in a photo of a bin."""
STRETCH = 16.0
"""Differences are shown at most so many times as large as they are."""
SHOWN_SHARE = 0.999
"""The difference that so many of the pixels do not exceed is shown white."""
_BAND = 1_500_000
"""About so many pixels are looked at together."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two pictures compared at `size` (width, height), the size of the one with fewer pixels.

    `same` is true only where both have that size, every pixel is the same, and both are `plain`: 8-bit RGB is all that
    they have. `changed` and `clear` are the shares
    (0..1) of pixels that differ at all and by more than `CLEAR`; `largest` the largest difference of the means of one
    colour in a block (0..255), `where` that block, normalised; `stretch` what to multiply differences with to see them.
    """

    size: tuple[int, int]
    same_size: bool
    same_shape: bool
    changed: float
    clear: float
    largest: float
    where: Corners
    stretch: float
    plain: bool = True

    @property
    def looks_same(self) -> bool:
        """Whether the pictures have the same pixels as they are shown: eight bits of three colours."""
        return self.same_size and self.changed == 0

    @property
    def same(self) -> bool:
        """Whether the pictures have the same pixels."""
        return self.looks_same and self.plain


def compare(one: Pixels, other: Pixels, *, plain: bool = True) -> Difference:
    """Measure how two pictures differ; `plain` says that neither file has more than these pixels."""
    size = common_size(one, other)
    levels = np.zeros(256, dtype=np.int64)
    largest, where = -1.0, (0, 0, 0, 0)
    downs, rights = _edges(size[1], _side(size)), _edges(size[0], _side(size))
    for first, last in _bands(downs, size[0]):
        ours, theirs = (_rows(picture, size, downs[first], downs[last]) for picture in (one, other))
        levels += np.bincount(_apart(ours, theirs).max(axis=2).ravel(), minlength=256)
        means = _block_means(ours, theirs, downs[first : last + 1] - downs[first], rights)
        row, column = divmod(int(means.argmax()), means.shape[1])
        if means[row, column] > largest:
            largest = float(means[row, column])
            below = first + row
            where = int(rights[column]), int(downs[below]), int(rights[column + 1]), int(downs[below + 1])
    pixels = size[0] * size[1]
    left, top, right, bottom = where
    return Difference(
        size=size,
        same_size=one.shape == other.shape,
        same_shape=_same_shape(one, other),
        changed=(pixels - int(levels[0])) / pixels,
        clear=int(levels[CLEAR + 1 :].sum()) / pixels,
        largest=largest,
        where=(left / size[0], top / size[1], right / size[0], bottom / size[1]),
        stretch=_stretch(levels),
        plain=plain,
    )


def bands(one: Pixels, other: Pixels, stretch: float) -> Iterator[Pixels]:
    """The picture of the difference from the top, a few rows at a time: each colour for itself, times `stretch`."""
    size = common_size(one, other)
    shown = np.minimum(255, np.round(np.arange(256) * stretch)).astype(np.uint8)
    edges = _edges(size[1], _side(size))
    for first, last in _bands(edges, size[0]):
        yield shown[_apart(*(_rows(picture, size, edges[first], edges[last]) for picture in (one, other)))]


def reduced(picture: Pixels, longest: int) -> Pixels:
    """`picture` with at most `longest` pixels a side; each is the brightest of those it stands for, so none is lost."""
    height, width = picture.shape[:2]
    step = ceil(max(height, width) / longest)
    if step <= 1:
        return np.array(picture)
    across = np.arange(0, width, step)
    high = step * max(1, _BAND // (step * width))
    parts = []
    for top in range(0, height, high):
        rows = np.asarray(picture[top : top + high])
        narrow = np.maximum.reduceat(rows, across, axis=1)
        parts.append(np.maximum.reduceat(narrow, np.arange(0, len(rows), step), axis=0))
    return np.concatenate(parts)


def common_size(one: Pixels, other: Pixels) -> tuple[int, int]:
    """The (width, height) at which two pictures are laid over each other: that of the one with fewer pixels."""
    height, width = min(one.shape[:2], other.shape[:2], key=lambda shape: (shape[0] * shape[1], shape))
    return int(width), int(height)


def _same_shape(one: Pixels, other: Pixels) -> bool:
    ratio: float = (one.shape[1] * other.shape[0]) / (one.shape[0] * other.shape[1])
    return bool(abs(ratio - 1) <= SAME_SHAPE)


def _side(size: tuple[int, int]) -> int:
    return max(1, ceil(max(size) / BLOCKS))


def _edges(length: int, side: int) -> NDArray[np.int64]:
    """Where blocks begin, and the end; the last one takes what is left, so that none is of a pixel or two."""
    return np.append(np.arange(0, max(1, length - side + 1), side), length)


def _bands(edges: NDArray[np.int64], width: int) -> Iterator[tuple[int, int]]:
    """(first, last) edge of bands of whole blocks."""
    first = 0
    while first < len(edges) - 1:
        last = first + 1
        while last < len(edges) - 1 and (edges[last + 1] - edges[first]) * width <= _BAND:
            last += 1
        yield first, last
        first = last


def _rows(picture: Pixels, size: tuple[int, int], top: int, bottom: int) -> Pixels:
    """The rows from `top` to `bottom` of a picture that is brought to `size`."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return np.asarray(picture[top:bottom])
    scale = height / size[1]
    above, below = top * scale, bottom * scale
    # Scaling looks at neighbours, farther away the more it shrinks.
    margin = 2 * ceil(scale) + 1
    first, last = max(0, int(above) - margin), min(height, ceil(below) + margin)
    part = Image.fromarray(np.ascontiguousarray(picture[first:last]))
    box = (0.0, above - first, float(width), min(below - first, float(part.height)))
    return np.asarray(part.resize((size[0], bottom - top), Image.Resampling.BILINEAR, box=box))


def _apart(one: Pixels, other: Pixels) -> Pixels:
    return np.maximum(one, other) - np.minimum(one, other)


def _block_means(
    one: Pixels, other: Pixels, downs: NDArray[np.int64], rights: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(rows, columns): the largest difference of the means of one colour in each block."""
    signed = one.astype(np.int16) - other
    down = np.add.reduceat(signed, downs[:-1], axis=0, dtype=np.int32)
    sums = np.add.reduceat(down, rights[:-1], axis=1, dtype=np.int64)
    areas = np.diff(downs)[:, None] * np.diff(rights)[None, :]
    found: NDArray[np.float64] = np.abs(sums).max(axis=2) / areas
    return found


def _stretch(levels: NDArray[np.int64]) -> float:
    """What makes the difference that few pixels exceed white."""
    level = int(np.searchsorted(np.cumsum(levels), SHOWN_SHARE * levels.sum()))
    return min(STRETCH, 255 / max(1, level))
