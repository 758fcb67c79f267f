"""Sixel graphics: a palette, then bands of six pixel rows, drawn once for each colour in them.

textual-image also writes sixel, but on the event loop, in 100 ms for a picture of 1100 x 840 where `encode` takes 20;
it emits a picture twice when it changes, and defines colours where they are first used, which xterm paints wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from binscout_tui.terminal.palette import indexed
from binscout_tui.terminal.sixel_bands import BAND, DOTS, bands

MAX_BYTES = 1_000_000
MAX_PIXELS = 3_000_000
_COLOUR_BYTES = 16
_MARGIN = 0.95
_SOFT = 0.6
_HOPE = 1.25
"""How much more than the budget the first try may be expected to take: half of all pictures are simpler."""


class TooLargeError(ValueError):
    """Even when coarse the picture has more bytes than terminals and tmux take in one sequence."""


@dataclass(frozen=True, slots=True)
class Level:
    """How coarse: each pixel is `dot` x `dot` on the screen, blurred where `soft`, which takes grain away.

    `typical` bytes for a pixel of the screen in a photo.
    """

    dot: int
    colours: int
    typical: float
    soft: bool = False

    def bytes(self, pixels: int, texture: float = 1.0) -> float:
        """What a picture of that many screen pixels will take; `texture` 1 is as much detail as photos have."""
        return pixels * self.typical * texture + self.colours * _COLOUR_BYTES


# From fine to coarse as people see it: rare colours are worth more than edges without steps. The bytes are medians
# of photos of things on tables.
LEVELS = (
    Level(1, 256, 0.62),
    Level(1, 64, 0.52),
    Level(1, 32, 0.40),
    Level(2, 64, 0.36),
    Level(2, 32, 0.27),
    Level(2, 24, 0.22),
    Level(2, 16, 0.18),
    Level(3, 24, 0.157),
    Level(3, 16, 0.13),
    Level(3, 12, 0.112),
    Level(3, 24, 0.098, soft=True),
    Level(6, 24, 0.076),
)
COARSEST = LEVELS[-1]


def first_dot(size: tuple[int, int], budget: int) -> int:
    """At which dot a picture of `size` screen pixels is tried first."""
    return _finest_within(size[0] * size[1], budget * _HOPE).dot


def _finest_within(pixels: int, budget: float, texture: float = 1.0, dot: int = 1) -> Level:
    fits = (level for level in LEVELS if level.dot >= dot and level.bytes(pixels, texture) <= budget)
    return next(fits, COARSEST)


def encode(image: Image.Image, size: tuple[int, int] | None = None, budget: int = MAX_BYTES) -> str:
    """`image` (RGB) as one sixel sequence of about at most `budget` bytes, never more than MAX_BYTES.

    `size` is (width, height) on the screen, the height whole bands, where the image has 1 / dot of it each way. One
    that gets too large is made once more, as coarse as its first size demands. Raises TooLargeError.
    """
    size = size or image.size
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS:
        raise TooLargeError(f"{size[0]} x {size[1]} pixels")
    dot = min(DOTS, key=lambda dot: abs(dot * image.width - size[0]))
    level = _finest_within(pixels, budget * _HOPE, dot=dot)
    text = _at(level, image, size)
    if len(text) > budget:
        texture = len(text) / level.bytes(pixels)
        text = _at(_finest_within(pixels, budget * _MARGIN, texture, dot), image, size)
    if len(text) > MAX_BYTES:
        text = _at(COARSEST, image, size)
    if len(text) > MAX_BYTES:
        raise TooLargeError(f"{len(text)} bytes")
    return text


def _at(level: Level, image: Image.Image, size: tuple[int, int]) -> str:
    wanted = (-(-size[0] // level.dot), max(1, size[1] // level.dot))
    if image.size != wanted:
        image = image.resize(wanted, Image.Resampling.BOX)
    if level.soft:
        image = image.filter(ImageFilter.BoxBlur(_SOFT))
    found = indexed(image, level.colours)
    return encode_indexed(found.indices, found.palette, size, level.dot)


def encode_indexed(
    indices: NDArray[np.uint8], palette: NDArray[np.uint8], size: tuple[int, int] | None = None, dot: int = 1
) -> str:
    """`indices` (h, w) into `palette` (n, 3) uint8 RGB as a sixel sequence of `size` screen pixels.

    The whole palette stands before the first pixel: xterm and WezTerm paint wrong strips where a colour is
    defined later. "0;1" in the introducer leaves pixels alone that are not drawn.
    """
    height, width = indices.shape
    size = size or (width * dot, height * dot)
    used = np.flatnonzero(np.bincount(indices.ravel(), minlength=256))
    percent = (palette[used].astype(np.int32) * 100 + 127) // 255
    colours = "".join(
        f"#{index};2;{red};{green};{blue}"
        for index, (red, green, blue) in zip(used.tolist(), percent.tolist(), strict=True)
    )
    missing = -height % (BAND // dot)
    if missing:
        indices = np.pad(indices, ((0, missing), (0, 0)), mode="edge")
    return f'\x1bP0;1q"1;1;{size[0]};{size[1]}{colours}{bands(indices, dot, size[0])}\x1b\\'
