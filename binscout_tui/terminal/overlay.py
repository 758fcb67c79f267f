"""Boxes drawn into the pixels of a scaled picture, so that every protocol shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from PIL import Image, ImageDraw, ImageEnhance

Colour = tuple[int, int, int]

AMBER: Colour = (255, 176, 0)
_GROUND: Colour = (0, 0, 0)
OUTSIDE = 0.35
"""How bright the picture stays outside a box that dims."""


@dataclass(frozen=True, slots=True)
class Box:
    """A frame on a picture; corners normalised to 0..1 of the upright picture; `dims` darkens all outside it."""

    x1: float
    y1: float
    x2: float
    y2: float
    _: KW_ONLY
    colour: Colour = AMBER
    dashed: bool = True
    dims: bool = False


def draw_boxes(image: Image.Image, boxes: Sequence[Box], area: tuple[int, int, int, int], *, dots: int) -> None:
    """Draw `boxes` on `image` in place.

    `area` is (left, top, right, bottom) of the picture on the canvas, `dots` how many pixels a cell is high:
    lines get thicker where cells have more pixels. Dashes alternate with black, so that they show on any picture.
    """
    draw = ImageDraw.Draw(image)
    thickness = max(1, dots // 8)
    dash = max(2, thickness * 4) if dots > 2 else 1
    left, top, right, bottom = area
    for box in boxes:
        x1, x2 = _ends(box.x1, box.x2, left, right)
        y1, y2 = _ends(box.y1, box.y2, top, bottom)
        corners = (x1, y1, x2, y2)
        if box.dims:
            _dim_outside(image, corners, area)
        draw.rectangle(corners, outline=_GROUND if box.dashed else box.colour, width=thickness)
        if box.dashed:
            _dashes(draw, corners, box.colour, thickness, dash)


def _ends(low: float, high: float, start: int, end: int) -> tuple[int, int]:
    """The first and the last dot of a side, both inside `start`..`end` - 1."""
    first = min(start + round(low * (end - start)), end - 1)
    return first, max(first, start + round(high * (end - start)) - 1)


def _dim_outside(image: Image.Image, corners: tuple[int, int, int, int], area: tuple[int, int, int, int]) -> None:
    x1, y1, x2, y2 = corners
    inside = image.crop((x1, y1, x2 + 1, y2 + 1))
    image.paste(ImageEnhance.Brightness(image.crop(area)).enhance(OUTSIDE), area[:2])
    image.paste(inside, (x1, y1))


def _dashes(
    draw: ImageDraw.ImageDraw, corners: tuple[int, int, int, int], colour: Colour, thickness: int, dash: int
) -> None:
    x1, y1, x2, y2 = corners
    inner = thickness - 1
    for x in range(x1, x2 + 1, 2 * dash):
        end = min(x + dash - 1, x2)
        draw.rectangle((x, y1, end, min(y1 + inner, y2)), fill=colour)
        draw.rectangle((x, max(y2 - inner, y1), end, y2), fill=colour)
    for y in range(y1, y2 + 1, 2 * dash):
        end = min(y + dash - 1, y2)
        draw.rectangle((x1, y, min(x1 + inner, x2), end), fill=colour)
        draw.rectangle((max(x2 - inner, x1), y, x2, end), fill=colour)
