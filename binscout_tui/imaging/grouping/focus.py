"""How sharp the candidates of one set are beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
BLACK, WHITE = 5, 250
POWER = 2.0


def clear_detail(grey: NDArray[np.uint8]) -> float:
    """How much fine detail a grey picture (H, W) shows, at least 1; for pictures of one scene, of one size.

    It is the energy of the 4-neighbour Laplacian, averaged over blocks of 16 x 16 pixels. The energy of the median
    block is taken away first: noise gives every part of a picture the same detail, things have it at their edges.
    What is as good as black or white shows nothing, so its share counts against a picture, squared.
    """
    shown = float(np.mean((grey > BLACK) & (grey < WHITE)))
    return 1 + _energy_above_noise(grey) * shown**2


def shares(detail: Sequence[float | None], power: float = POWER) -> list[float | None]:
    """How likely each candidate is the best one by its sharpness alone, 0..1 and 1 in all; None stays None.

    Each weighs `detail ** power`: equal ones share equally, whatever their number. The power was fitted on photos of
    which the best one is known.
    """
    highest = max((value for value in detail if value is not None), default=1.0)
    weights = [None if value is None else (value / highest) ** power for value in detail]
    total = sum(weight for weight in weights if weight is not None)
    return [None if weight is None else weight / total for weight in weights]


def _energy_above_noise(grey: NDArray[np.uint8]) -> float:
    height, width = ((side - 2) // BLOCK * BLOCK for side in grey.shape)
    if height <= 0 or width <= 0:
        return 0.0
    wide = grey.astype(np.int16)
    laplacian = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * wide[1:-1, 1:-1]
    blocks = laplacian[:height, :width].astype(np.float32).reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    energy = np.square(blocks).mean(axis=(1, 3))
    return max(0.0, float(energy.mean() - np.median(energy)))
