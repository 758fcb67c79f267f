"""Boxes as arrays: overlap, the four numbers that a network predicts, and the way into a letterboxed square and back.

A box is x1, y1, x2, y2 in 0..1; arrays of boxes are (N, 4). numpy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 0.02  # of a side; no crop is narrower

Boxes = NDArray[np.float64]
Box = tuple[float, float, float, float]


def overlap(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """(N,) intersection over union of `first[i]` and `second[i]`; 0 for boxes without an area."""
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = _area(first) + _area(second) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros(len(first)), where=union > 0))


def _area(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray(np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1))


def encode(boxes: Boxes) -> Boxes:
    """(N, 4) centre x, centre y, log width, log height; widths below `LEAST` count as that."""
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], LEAST)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, np.log(size)], axis=1)


def decode(encoded: Boxes) -> Boxes:
    """The inverse of `encode`, kept inside 0..1 and at least `LEAST` wide and high."""
    half = np.exp(np.clip(encoded[:, 2:], np.log(LEAST), 0.0)) / 2
    return inside(np.concatenate([encoded[:, :2] - half, encoded[:, :2] + half], axis=1))


def inside(boxes: Boxes) -> Boxes:
    """`boxes` cut to 0..1; what would be narrower than `LEAST` is widened, so that each is a crop that can be kept."""
    boxes = np.clip(boxes, 0.0, 1.0)
    centre = np.clip((boxes[:, :2] + boxes[:, 2:]) / 2, LEAST / 2, 1 - LEAST / 2)
    narrow = boxes[:, 2:] - boxes[:, :2] < LEAST
    low = np.where(narrow, centre - LEAST / 2, boxes[:, :2])
    high = np.where(narrow, centre + LEAST / 2, boxes[:, 2:])
    return np.asarray(np.clip(np.concatenate([low, high], axis=1), 0.0, 1.0))


def blended(first: Boxes, second: Boxes, weight: float) -> Boxes:
    """The mean of two opinions, `weight` being the share of the second: of centres, and of sizes as ratios."""
    return decode((1 - weight) * encode(first) + weight * encode(second))


def to_square(boxes: Boxes, sizes: NDArray[np.float64]) -> Boxes:
    """Boxes of pictures of `sizes` (N, 2) (width, height) px, as they lie in the squares of `pixels.square`."""
    share, margin = _letterbox(sizes)
    return np.asarray(boxes * np.tile(share, 2) + np.tile(margin, 2))


def from_square(boxes: Boxes, sizes: NDArray[np.float64]) -> Boxes:
    """The inverse of `to_square`, cut to the picture."""
    share, margin = _letterbox(sizes)
    return inside((boxes - np.tile(margin, 2)) / np.tile(share, 2))


def _letterbox(sizes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, 2) the share of the square that the picture takes each way, and the margin before it."""
    share = sizes / sizes.max(axis=1, keepdims=True)
    return share, (1 - share) / 2


def as_crop(box: NDArray[np.float64]) -> Box:
    """Four plain numbers, rounded so that 0 <= x1 < x2 <= 1 holds for the text too."""
    x1, y1, x2, y2 = (round(float(value), 6) for value in box)
    return x1, y1, x2, y2
