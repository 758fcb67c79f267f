"""Pictures as character cells: an upper half block whose two colours are two pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UPPER_HALF = "▀"
DOTS = (1, 2)
_KEPT_BITS = 0xFC


@dataclass(frozen=True, slots=True)
class Run:
    """`length` cells with the same two colours, as 0xRRGGBB."""

    length: int
    top: int
    bottom: int


def half_blocks(pixels: NDArray[np.uint8]) -> list[list[Run]]:
    """Rows of runs for `pixels`, (2h, w, 3) uint8 RGB.

    Colours keep six bits a channel: the eye does not see it, and fewer different colours mean longer runs
    and fewer bytes.
    """
    packed = _packed(pixels)
    top, bottom = packed[0::2], packed[1::2]
    changed = np.ones(top.shape, dtype=bool)
    changed[:, 1:] = (top[:, 1:] != top[:, :-1]) | (bottom[:, 1:] != bottom[:, :-1])
    return [_row(top[y], bottom[y], changed[y]) for y in range(top.shape[0])]


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.int32]:
    kept = pixels & np.uint8(_KEPT_BITS)
    wide = (kept | (kept >> np.uint8(6))).astype(np.int32)
    return np.asarray((wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2], dtype=np.int32)


def _row(top: NDArray[np.int32], bottom: NDArray[np.int32], changed: NDArray[np.bool_]) -> list[Run]:
    starts = np.flatnonzero(changed)
    lengths = np.diff(np.append(starts, top.size))
    return [
        Run(length, above, below)
        for length, above, below in zip(lengths.tolist(), top[starts].tolist(), bottom[starts].tolist(), strict=True)
    ]
