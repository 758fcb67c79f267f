"""Fewer colours for a picture, fast: a palette from a sample of its pixels, then a table from any colour to its place.

Pillow's octree keeps rare colours (one red wire in a grey picture), which an average of the picture would lose; but
it puts pixels into the branch of the tree they fall in, not to the nearest colour. A table of the nearest colours
costs a millisecond more and is clearly closer with few colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SAMPLE = 40_000
_AT_ONCE = 256
"""Colours multiplied with the palette at once: few enough that the library does not start threads of its own, which
wait for each other tens of milliseconds where the processor has other things to do."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture as `indices` (h, w) uint8 into `palette` (n, 3) uint8 RGB."""

    indices: NDArray[np.uint8]
    palette: NDArray[np.uint8]


def indexed(image: Image.Image, colours: int) -> Indexed:
    """`image` (RGB) in at most `colours` (2..256) colours, without dithering, which bytes do not like."""
    pixels = np.asarray(image)
    palette = _palette(pixels, colours)
    keys = _keys(pixels)
    used = np.flatnonzero(np.bincount(keys.ravel(), minlength=1 << 15))
    table = np.zeros(1 << 15, dtype=np.uint8)
    table[used] = _nearest(_colours(used), palette)
    return Indexed(table[keys], palette)


def _palette(pixels: NDArray[np.uint8], colours: int) -> NDArray[np.uint8]:
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / _SAMPLE) ** 0.5))
    sample = Image.fromarray(np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step]))
    found = sample.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return np.array(found.getpalette(), dtype=np.uint8).reshape(-1, 3)[:colours]


def _keys(pixels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Five bits of red, six of green, four of blue."""
    keys = (pixels[..., 0] >> np.uint8(3)).astype(np.uint16)
    keys <<= np.uint16(6)
    keys |= pixels[..., 1] >> np.uint8(2)
    keys <<= np.uint16(4)
    keys |= pixels[..., 2] >> np.uint8(4)
    return keys


def _colours(keys: NDArray[np.intp]) -> NDArray[np.float32]:
    """(n, 3): the middle of what falls together under each key."""
    red, green, blue = keys >> 10, keys >> 4 & 63, keys & 15
    return np.stack([red * 8 + 4, green * 4 + 2, blue * 16 + 8], axis=1).astype(np.float32)


def _nearest(colours: NDArray[np.float32], palette: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(n,): which of `palette` is nearest to each of `colours`, (n, 3)."""
    wide = palette.astype(np.float32)
    squares = (wide**2).sum(axis=1)
    found = np.empty(len(colours), dtype=np.intp)
    for start in range(0, len(colours), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        np.argmin(squares - 2 * (colours[part] @ wide.T), axis=1, out=found[part])
    return found
