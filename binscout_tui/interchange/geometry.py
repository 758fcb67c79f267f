"""Boxes between normalised coordinates, as they are kept, and what formats write. Pure.

Normalised coordinates have 9 decimals and pixels 3: each way rounds by less than half of the other's last decimal for
pictures up to a million pixels wide, so that what was written once is read and written again as the same text.
"""

from __future__ import annotations

import math

from .model import Box, Four, Size, Unit
from .refusals import Problem

NORMALISED_DECIMALS = 9
PIXEL_DECIMALS = 3
TOLERANCE = 0.5
"""So many pixels outside of the picture are taken for the edge."""
_NOTHING = 1e-3


def to_pixels(box: Four, size: Size) -> Four:
    """Pixels of the upright picture."""
    width, height = size
    return (
        round(box[0] * width, PIXEL_DECIMALS),
        round(box[1] * height, PIXEL_DECIMALS),
        round(box[2] * width, PIXEL_DECIMALS),
        round(box[3] * height, PIXEL_DECIMALS),
    )


def to_coco(box: Four, size: Size) -> Four:
    """`x, y, width, height` in pixels."""
    x1, y1, x2, y2 = to_pixels(box, size)
    return x1, y1, round(x2 - x1, PIXEL_DECIMALS), round(y2 - y1, PIXEL_DECIMALS)


def from_corner(x: float, y: float, width: float, height: float) -> Four:
    """`x1, y1, x2, y2` of a box with its upper left corner at x, y."""
    return x, y, x + width, y + height


def to_centre(box: Four) -> Four:
    """`x, y` of the centre and width and height; the half of a last decimal needs one decimal more."""
    x1, y1, x2, y2 = box
    finer = NORMALISED_DECIMALS + 1
    return (
        round((x1 + x2) / 2, finer),
        round((y1 + y2) / 2, finer),
        round(x2 - x1, NORMALISED_DECIMALS),
        round(y2 - y1, NORMALISED_DECIMALS),
    )


def from_centre(x: float, y: float, width: float, height: float) -> Four:
    """`x1, y1, x2, y2` of a box with its centre at x, y."""
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def in_order(boxes: tuple[Box, ...], size: Size | None = None) -> tuple[Box, ...]:
    """From top to bottom, as all formats list them.

    With `size` as they are in pixels: what differs by less than the last decimal must not be told apart.
    """

    def key(one: Box) -> tuple[float, float, float, float, str]:
        x1, y1, x2, y2 = one.box if size is None else to_pixels(one.box, size)
        return y1, x1, y2, x2, one.name or ""

    return tuple(sorted(boxes, key=key))


def placed(box: Four, unit: Unit, size: Size) -> tuple[Four, bool]:
    """(`box` normalised and rounded for a picture of `size`, whether it was cut at the edge).

    Raises Problem for what is no box, and for one that leaves the picture by more than half a pixel.
    """
    if not all(math.isfinite(value) for value in box):
        raise Problem("not_a_number", "A coordinate is not a number.")
    if not (box[0] < box[2] and box[1] < box[3]):
        raise Problem("no_area", "The box has no area.")
    scale = (1.0, 1.0) if unit == "normalised" else (float(size[0]), float(size[1]))
    values = [box[i] / scale[i % 2] for i in range(4)]
    outside = max(max(-values[i], values[i] - 1) * size[i % 2] for i in range(4))
    if outside > TOLERANCE:
        raise Problem("outside", f"The box leaves the picture of {size[0]}x{size[1]} pixels by {outside:.6g} pixels.")
    x1, y1, x2, y2 = (round(min(max(value, 0.0), 1.0), NORMALISED_DECIMALS) + 0.0 for value in values)
    if not (x1 < x2 and y1 < y2):
        raise Problem("no_area", "The box has no area.")
    return (x1, y1, x2, y2), outside > _NOTHING


def number(value: float) -> str:
    """A number as the shortest text that is read as the same, never with an exponent."""
    text = f"{value:.{NORMALISED_DECIMALS + 1}f}".rstrip("0").rstrip(".")
    return text if text not in ("", "-0") else "0"
