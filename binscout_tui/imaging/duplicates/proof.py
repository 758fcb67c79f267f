"""Whether two pictures are the same but for encoding, size and metadata: all their pixels, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGEST = 2048  # pixels of the longer side that are compared
HALF = 4  # pixels of half the side of a block of 8 x 8
SAME = (6.0, 14.0, 14.0)  # Y, Cb, Cr of 255: strong compression stays at half of it, the smallest screw is far above
SHAPE = 0.02
LEAST_SIDE = 96  # a picture smaller than that shows too little to be called the same
LEAST_SCALE = 1 / 4
SRGB = frozenset({"srgb", "srgb iec61966-2.1", "srgb iec61966-2-1", "srgb built-in", "srgb2014"})
"""The names of profiles without which the numbers mean the same; e-sRGB and linear ones are others."""


def same_colours(profile: bytes, other: bytes) -> bool:
    """Whether numbers mean the same colours: profiles are equal, or none stands beside sRGB."""
    return profile == other or ((not profile or not other) and profile_name(profile + other).lower() in SRGB)


def profile_name(profile: bytes) -> str:
    """What an ICC profile says that it is (ICC.1:2022, 7.3 and 9.2.41); empty where it says nothing readable."""
    for place in range(132, 132 + 12 * min(int.from_bytes(profile[128:132], "big"), 100), 12):
        kind, start, size = profile[place : place + 4], *(_number(profile, place + at) for at in (4, 8))
        if kind == b"desc":
            return _text(profile[start : start + size])
    return ""


def _text(body: bytes) -> str:
    if body[:4] == b"mluc":
        start, size = _number(body, 24), _number(body, 20)
        return body[start : start + size].decode("utf-16-be", "replace").strip("\0 ")
    return body[12 : 12 + _number(body, 8)].decode("ascii", "replace").strip("\0 ")


def _number(body: bytes, place: int) -> int:
    return int.from_bytes(body[place : place + 4], "big")


def could_be_same(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of these sizes (width, height) may be one that was made smaller, without losing what counts."""
    scale = max(other) / max(size)
    shape = size[0] * other[1] / (size[1] * other[0])
    return abs(np.log(shape)) <= SHAPE and LEAST_SCALE <= scale <= 1 / LEAST_SCALE and min(*size, *other) >= LEAST_SIDE


def same_pictures(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two pictures (H, W, 3) show the same once the larger one is made as small as the other.

    The means of no block of 8 x 8 pixels differ by more than 6 in brightness or 14 in colour, wherever such blocks
    begin: a screw on the corner of four is whole in a fifth. Light is not evened out.
    """
    first, second = Image.fromarray(one), Image.fromarray(other)
    if first.width * first.height < second.width * second.height:
        first, second = second, first
    if first.size != second.size:
        first = first.resize(second.size, Image.Resampling.LANCZOS)
    planes = [np.asarray(image.convert("YCbCr"), dtype=np.float32) for image in (first, second)]
    difference = (planes[0] - planes[1]).transpose(2, 0, 1)
    return all(_largest(plane) <= most for plane, most in zip(difference, SAME, strict=True))


def _largest(plane: NDArray[np.float32]) -> float:
    """The largest mean of a block of a plane of differences, without its sign; a block begins at every half of one."""
    if min(plane.shape) < 2 * HALF:
        return float(np.abs(plane).max())  # a strip: its pixels stand for blocks
    tops, lefts = ({0, length % HALF} for length in plane.shape)  # from both ends, so that no edge is left out
    return max(_largest_from(plane[top:, left:]) for top in tops for left in lefts)


def _largest_from(plane: NDArray[np.float32]) -> float:
    down, across = plane.shape[0] // HALF, plane.shape[1] // HALF
    parts = plane[: down * HALF, : across * HALF].reshape(down, HALF, across, HALF).mean(axis=(1, 3), dtype=np.float64)
    blocks = (parts[:-1, :-1] + parts[1:, :-1] + parts[:-1, 1:] + parts[1:, 1:]) / 4
    return float(np.abs(blocks).max())
