"""Whether two pictures are the same but for encoding, size and metadata: all their pixels, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.imaging.duplicates.comparing import blocks_of

LONGEST = 2048  # pixels of the longer side that are compared
BLOCK = 8
SAME = (6.0, 14.0, 14.0)  # Y, Cb, Cr of 255: strong compression stays at half of it, the smallest screw is far above
SHAPE = 0.02
LEAST_SIDE = 96  # a picture smaller than that shows too little to be called the same
LEAST_SCALE = 1 / 6
PLAIN = frozenset({"RGB", "L", "1"})


def is_plain(mode: str, frames: int) -> bool:
    """Whether upright 8-bit RGB is all there is: no transparency, palette, wide samples, inks or further frames."""
    return mode in PLAIN and frames == 1


def same_colours(profile: bytes, other: bytes) -> bool:
    """Whether numbers mean the same colours: profiles are equal, or none stands beside sRGB."""
    return profile == other or ((not profile or not other) and b"sRGB" in profile + other)


def could_be_same(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of these sizes (width, height) may be one that was made smaller, without losing what counts."""
    scale = max(other) / max(size)
    shape = size[0] * other[1] / (size[1] * other[0])
    return abs(np.log(shape)) <= SHAPE and LEAST_SCALE <= scale <= 1 / LEAST_SCALE and min(*size, *other) >= LEAST_SIDE


def same_pictures(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two pictures (H, W, 3) show the same once the larger one is made as small as the other.

    The means of no block of 8 x 8 pixels differ by more than 6 in brightness or 14 in colour; light is not evened out.
    """
    first, second = Image.fromarray(one), Image.fromarray(other)
    if first.width * first.height < second.width * second.height:
        first, second = second, first
    if first.size != second.size:
        first = first.resize(second.size, Image.Resampling.LANCZOS)
    planes = [np.asarray(image.convert("YCbCr"), dtype=np.float32) for image in (first, second)]
    difference = (planes[0] - planes[1]).transpose(2, 0, 1).astype(np.float64)
    return all(float(blocks_of(plane, BLOCK).max()) <= most for plane, most in zip(difference, SAME, strict=True))
