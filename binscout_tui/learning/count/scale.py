"""How large things are, and how large a picture is made so that they have the size that the network knows. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.items import CountItem, Point

Floats = NDArray[np.float64]

OBJECT = 20.0  # pixels across, of the usual thing in a scaled picture
SMALLEST, LARGEST = 96, 1536  # pixels of the longest side of a scaled picture
SPACING = 0.8  # the width of things that are known by their middles alone, as a share of the distance to the nearest
USUAL = 0.1  # of the longest side, where nothing tells


def is_marked(item: CountItem) -> bool:
    """Whether a network can learn from where the things of `item` are: some are marked, or there are none."""
    return bool(item.boxes or item.points or item.count == 0)


def centres(item: CountItem) -> list[Point]:
    """The middles of all marked things, 0..1; points that lie in a box are its own."""
    middles = [((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in item.boxes]
    return middles + [point for point in item.points if not any(_inside(point, box) for box in item.boxes)]


def _inside(point: Point, box: tuple[float, float, float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def widths(item: CountItem, width: int, height: int, usual: float) -> Floats:
    """Pixels across of each of `centres(item)` in a picture of `width` x `height` pixels: the mean side of its box.

    Where there is none, what the boxes of the picture have, else the distance of neighbours, at most `usual` pixels.
    """
    boxed = np.array([((x2 - x1) * width + (y2 - y1) * height) / 2 for x1, y1, x2, y2 in item.boxes], np.float64)
    bare = len(centres(item)) - len(boxed)
    if not bare:
        return boxed
    other = float(np.median(boxed)) if len(boxed) else spacing(item, width, height, usual)
    return np.concatenate([boxed, np.full(bare, other)])


def spacing(item: CountItem, width: int, height: int, usual: float) -> float:
    """The width that the distances of the points of `item` allow, `usual` for fewer than two."""
    places = np.array(centres(item), np.float64) * (width, height)
    if len(places) < 2:
        return usual
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(np.clip(SPACING * np.median(apart.min(axis=1)), 1.0, usual if len(places) < 3 else np.inf))


def usual_width(items: Sequence[CountItem], shapes: Sequence[tuple[int, int]]) -> float:
    """The median width of all marked things as a share of the longest side; `shapes` are (height, width) in pixels."""
    found = [
        widths(item, width, height, USUAL * max(width, height)) / max(width, height)
        for item, (height, width) in zip(items, shapes, strict=True)
        if item.boxes or item.points
    ]
    return float(np.median(np.concatenate(found))) if found else USUAL


def side_for(usual: float) -> int:
    """Pixels of the longest side at which things of the width `usual` (a share of it) are `OBJECT` pixels across."""
    return int(np.clip(round(OBJECT / usual), SMALLEST, LARGEST))
