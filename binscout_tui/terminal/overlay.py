"""Boxes drawn into the pixels of a scaled picture, so that every protocol shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageEnhance, ImageFont

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
    name: str = ""
    """What stands at its upper left corner, at most as wide as the box; that of a dashed one is never cut."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a picture, normalised to 0..1 of the upright picture, drawn as a ring with a dot."""

    x: float
    y: float
    _: KW_ONLY
    colour: Colour = AMBER


def draw_points(image: Image.Image, points: Sequence[Point], area: tuple[int, int, int, int], *, dots: int) -> None:
    """Draw `points` on `image` in place; `area` and `dots` as in `draw_boxes`."""
    draw = ImageDraw.Draw(image)
    radius = max(1, dots // 4)
    left, top, right, bottom = area
    for point in points:
        x = left + point.x * (right - left)
        y = top + point.y * (bottom - top)
        if radius > 1:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_GROUND, width=max(1, radius // 2))
        inner = radius * 0.6 if radius > 1 else 0.5
        draw.ellipse((x - inner, y - inner, x + inner, y + inner), fill=point.colour)


def draw_boxes(image: Image.Image, boxes: Sequence[Box], area: tuple[int, int, int, int], *, dots: int) -> None:
    """Draw `boxes` on `image` in place; of one that reaches beyond `area` only the edges inside it are seen.

    `area` is (left, top, right, bottom) of the picture on the canvas, `dots` how many pixels a cell is high:
    lines get thicker where cells have more pixels. Dashes alternate with black, so that they show on any picture.
    """
    if not boxes:
        return
    part = image.crop(area)
    draw = ImageDraw.Draw(part)
    thickness = max(1, dots // 8)
    dash = max(2, thickness * 4) if dots > 2 else 1
    for box in boxes:
        x1, x2 = _ends(box.x1, box.x2, part.width)
        y1, y2 = _ends(box.y1, box.y2, part.height)
        corners = (x1, y1, x2, y2)
        if box.dims:
            _dim_outside(part, corners)
        draw.rectangle(corners, outline=_GROUND if box.dashed else box.colour, width=thickness)
        if box.dashed:
            _dashes(draw, corners, part.size, box.colour, thickness, dash)
    image.paste(part, area[:2])


READABLE_DOTS = 10
"""Cells with fewer dots than this show no letters that are drawn in dots."""


def draw_names(image: Image.Image, boxes: Sequence[Box], area: tuple[int, int, int, int], *, dots: int) -> None:
    """Write the names of `boxes` on `image` in place, where no cells can do it; arguments as in `draw_boxes`."""
    if dots < READABLE_DOTS:
        return
    draw, font = ImageDraw.Draw(image), _font(round(dots * 0.6))
    left, top, right, bottom = area
    for box in boxes:
        x = left + max(0, round(box.x1 * (right - left)))
        y = top + max(0, round(box.y1 * (bottom - top)))
        most = right - x if box.dashed else round(min(box.x2, 1.0) * (right - left)) + left - x
        text = _cut(_drawable(box.name), font, most - 4)
        if text and y + dots <= bottom:
            draw.rectangle((x, y, x + round(font.getlength(text)) + 3, y + dots - 1), fill=box.colour)
            draw.text((x + 2, y + dots // 2), text, fill=ink(box.colour), font=font, anchor="lm")


def ink(ground: Colour) -> Colour:
    """Black or white, whichever is read on `ground`."""
    return (0, 0, 0) if 299 * ground[0] + 587 * ground[1] + 114 * ground[2] > 128_000 else (255, 255, 255)


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _drawable(text: str) -> str:
    """`text` in the letters that the font has."""
    plain = unicodedata.normalize("NFKD", text.replace("▸", ">"))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in plain if not unicodedata.combining(letter))


def _cut(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    while text and font.getlength(text) > room:
        text = text[:-1]
    return text


def _ends(low: float, high: float, length: int) -> tuple[int, int]:
    """The first and the last dot of a side; a box that begins inside 0..1 has at least one dot inside."""
    first = min(round(low * length), length - 1)
    return first, max(first, round(high * length) - 1)


def _dim_outside(image: Image.Image, corners: tuple[int, int, int, int]) -> None:
    x1, y1 = max(0, corners[0]), max(0, corners[1])
    inside = image.crop((x1, y1, min(image.width, corners[2] + 1), min(image.height, corners[3] + 1)))
    image.paste(ImageEnhance.Brightness(image).enhance(OUTSIDE), (0, 0))
    image.paste(inside, (x1, y1))


def _dashes(
    draw: ImageDraw.ImageDraw,
    corners: tuple[int, int, int, int],
    size: tuple[int, int],
    colour: Colour,
    thickness: int,
    dash: int,
) -> None:
    x1, y1, x2, y2 = corners
    inner = thickness - 1
    for x in _dash_starts(x1, x2, size[0], 2 * dash):
        end = min(x + dash - 1, x2)
        draw.rectangle((x, y1, end, min(y1 + inner, y2)), fill=colour)
        draw.rectangle((x, max(y2 - inner, y1), end, y2), fill=colour)
    for y in _dash_starts(y1, y2, size[1], 2 * dash):
        end = min(y + dash - 1, y2)
        draw.rectangle((x1, y, min(x1 + inner, x2), end), fill=colour)
        draw.rectangle((max(x2 - inner, x1), y, x2, end), fill=colour)


def _dash_starts(first: int, last: int, length: int, step: int) -> range:
    """Where dashes begin between `first` and `last`, without those that nobody sees: a close look is a huge box."""
    skipped = max(0, -first // step) * step
    return range(first + skipped, min(last, length) + 1, step)
