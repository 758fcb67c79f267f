"""What the network should say: a map of centres, the sizes there, and where it is judged. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Map = NDArray[np.float32]

SHARPEST = 1.0  # cells; the least deviation of a peak
SIGMA = 1 / 6  # of the width of the thing
NEAR = 0.75  # widths around a marked thing in which an incompletely marked picture is judged


@dataclass(frozen=True, slots=True)
class Target:
    """All (H, W) float32: `heat` 0..1 and exactly 1 at a centre, `sizes` log of cells where `known` is 1, `mask`."""

    heat: Map
    sizes: Map
    known: Map
    mask: Map


def draw_target(points: Floats, widths: Floats, shape: tuple[int, int], visible: Map, complete: bool) -> Target:
    """The target for things at `points` (K, 2) x, y and `widths` (K,), in cells, on a map of `shape`.

    `visible` is 1 where the map shows the picture. Without `complete` only the surroundings of the things are judged.
    """
    height, width = shape
    cells = np.floor(points).astype(int)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    heat, near = np.zeros(shape), np.zeros(shape, bool)
    sizes, known = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for (column, row), (x, y), across in zip(cells, points, widths, strict=True):
        sigma = max(SHARPEST, across * SIGMA)
        heat = np.maximum(heat, np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / (2 * sigma**2)))
        near |= np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= NEAR * max(across, 2.0)
        if 0 <= row < height and 0 <= column < width and visible[row, column]:
            sizes[row, column], known[row, column] = np.log(max(across, 0.25)), 1.0
    mask = visible if complete else visible * near
    return Target(heat.astype(np.float32), sizes, known, mask.astype(np.float32))
