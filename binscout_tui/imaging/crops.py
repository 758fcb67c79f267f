"""Crop boxes: the arithmetic of choosing a part of a picture, in whole pixels. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from binscout_tui.errors import UsageError

Size = tuple[int, int]
Pixels = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class CropBox:
    """A box on an image, normalised to 0..1 of the upright picture, `0 <= x1 < x2 <= 1` and the same for y.

    Raises UsageError with the code "crop" for anything else.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not (0 <= self.x1 < self.x2 <= 1 and 0 <= self.y1 < self.y2 <= 1):
            raise UsageError(
                f"{self} is no crop box",
                hint="give x1,y1,x2,y2 from 0 to 1, the left and upper corner first",
                code="crop",
            )

    def __iter__(self) -> Iterator[float]:
        return iter((self.x1, self.y1, self.x2, self.y2))

    def __str__(self) -> str:
        return ",".join(f"{value:.6g}" for value in (self.x1, self.y1, self.x2, self.y2))

    @classmethod
    def parse(cls, text: str) -> CropBox:
        """The box written as "x1,y1,x2,y2". Raises UsageError."""
        try:
            x1, y1, x2, y2 = (float(part) for part in text.split(","))
        except ValueError as error:
            raise UsageError(f"{text!r} is no crop box", hint="write x1,y1,x2,y2 from 0 to 1", code="crop") from error
        return cls(x1, y1, x2, y2)


FULL = CropBox(0.0, 0.0, 1.0, 1.0)


def to_pixels(box: CropBox, size: Size) -> Pixels:
    """(left, top, right, bottom) on a picture of `size` (width, height) pixels; right and bottom are outside.

    At least one pixel each way.
    """
    left, right = _span(box.x1, box.x2, size[0])
    top, bottom = _span(box.y1, box.y2, size[1])
    return left, top, right, bottom


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    start = min(math.floor(low * length + 0.5), length - 1)
    return start, max(start + 1, math.floor(high * length + 0.5))


def from_pixels(pixels: Pixels, size: Size) -> CropBox:
    """The box for pixels that lie inside a picture of `size`. Raises UsageError when they do not."""
    left, top, right, bottom = pixels
    return CropBox(left / size[0], top / size[1], right / size[0], bottom / size[1])


def clamp(x1: float, y1: float, x2: float, y2: float, size: Size) -> CropBox:
    """The nearest box to four normalised numbers in any order, pushed into the picture, at least one pixel."""
    numbers = [value if math.isfinite(value) else 0.0 for value in (x1, y1, x2, y2)]
    left, right = _clamped(numbers[0], numbers[2], size[0])
    top, bottom = _clamped(numbers[1], numbers[3], size[1])
    return from_pixels((left, top, right, bottom), size)


def _clamped(first: float, second: float, length: int) -> tuple[int, int]:
    low, high = sorted((min(max(first, 0.0), 1.0), min(max(second, 0.0), 1.0)))
    return _span(low, high, length)


def move(box: CropBox, dx: int, dy: int, size: Size) -> CropBox:
    """The box moved by pixels; it stops at the edge and keeps its size."""
    left, top, right, bottom = to_pixels(box, size)
    dx = min(max(dx, -left), size[0] - right)
    dy = min(max(dy, -top), size[1] - bottom)
    return from_pixels((left + dx, top + dy, right + dx, bottom + dy), size)


def grow(box: CropBox, dw: int, dh: int, size: Size, *, aspect: float | None = None) -> CropBox:
    """The box wider by `dw` and higher by `dh` pixels (negative: smaller) about its centre.

    With `aspect` (width / height in pixels) the side with the larger step leads and the other follows.
    """
    left, top, right, bottom = to_pixels(box, size)
    width, height = max(1, right - left + dw), max(1, bottom - top + dh)
    if aspect is not None:
        if abs(dw) >= abs(dh):
            height = max(1, round(width / aspect))
        else:
            width = max(1, round(height * aspect))
        width, height = _within(width, height, size, aspect)
    return _centred(_centre(box, size), (width, height), size)


def with_aspect(box: CropBox, aspect: float, size: Size) -> CropBox:
    """The largest box of `aspect` (width / height in pixels) that fits inside `box`, about its centre."""
    left, top, right, bottom = to_pixels(box, size)
    inside = _within(right - left, max(1, round((right - left) / aspect)), (right - left, bottom - top), aspect)
    return _centred(_centre(box, size), inside, size)


def span(anchor: tuple[int, int], to: tuple[float, float], size: Size, *, aspect: float | None = None) -> CropBox:
    """The box from the corner `anchor` to the pixel place `to`, at least one pixel and inside the picture.

    With `aspect` (width / height in pixels) the side that reaches farther leads, as far as there is room.
    """
    across, width, room_x = _reach(anchor[0], to[0], size[0])
    down, height, room_y = _reach(anchor[1], to[1], size[1])
    if aspect is not None:
        if width >= height * aspect:
            height = max(1, round(width / aspect))
        else:
            width = max(1, round(height * aspect))
        width, height = _within(width, height, (room_x, room_y), aspect)
    left, right = _laid(anchor[0], across, width)
    top, bottom = _laid(anchor[1], down, height)
    return from_pixels((left, top, right, bottom), size)


def stretch(
    box: CropBox, edges: tuple[int, int], to: tuple[float, float], size: Size, *, aspect: float | None = None
) -> CropBox:
    """The box with some of its edges dragged to the pixel place `to`; the opposite ones stay.

    `edges` is (-1 left, 1 right, 0 none; -1 top, 1 bottom, 0 none). With `aspect` the other direction follows: about
    the box's centre when one edge is dragged, from the opposite corner when two are.
    """
    left, top, right, bottom = to_pixels(box, size)
    across, down = edges
    if across and down:
        return span((left if across > 0 else right, top if down > 0 else bottom), to, size, aspect=aspect)
    if down:
        turned = stretch(
            _turned(box), (down, 0), (to[1], to[0]), (size[1], size[0]), aspect=None if aspect is None else 1 / aspect
        )
        return _turned(turned)
    if not across:
        return box
    anchor = left if across > 0 else right
    way, width, room = _reach(anchor, to[0], size[0])
    height = bottom - top
    if aspect is not None:
        width, height = _within(width, max(1, round(width / aspect)), (room, size[1]), aspect)
        top = min(max(math.floor((top + bottom) / 2 - height / 2 + 0.5), 0), size[1] - height)
    left, right = _laid(anchor, way, width)
    return from_pixels((left, top, right, top + height), size)


def _turned(box: CropBox) -> CropBox:
    return CropBox(box.y1, box.x1, box.y2, box.x2)


def _reach(anchor: int, to: float, length: int) -> tuple[int, int, int]:
    """(way, pixels, room) from `anchor` to `to` along one side of `length`: way 1 or -1, at least one pixel."""
    end = min(max(math.floor(to + 0.5), 0), length)
    way = 1 if end > anchor or (end == anchor and anchor < length) else -1
    return way, max(1, abs(end - anchor)), length - anchor if way > 0 else anchor


def _laid(anchor: int, way: int, pixels: int) -> tuple[int, int]:
    return (anchor, anchor + pixels) if way > 0 else (anchor - pixels, anchor)


def _within(width: int, height: int, limit: Size, aspect: float) -> Size:
    if width > limit[0]:
        width, height = limit[0], max(1, round(limit[0] / aspect))
    if height > limit[1]:
        width, height = max(1, round(limit[1] * aspect)), limit[1]
    return min(width, limit[0]), min(height, limit[1])


def _centre(box: CropBox, size: Size) -> tuple[float, float]:
    left, top, right, bottom = to_pixels(box, size)
    return (left + right) / 2, (top + bottom) / 2


def _centred(centre: tuple[float, float], wanted: Size, size: Size) -> CropBox:
    width, height = min(wanted[0], size[0]), min(wanted[1], size[1])
    left = min(max(math.floor(centre[0] - width / 2 + 0.5), 0), size[0] - width)
    top = min(max(math.floor(centre[1] - height / 2 + 0.5), 0), size[1] - height)
    return from_pixels((left, top, left + width, top + height), size)


ASPECTS: tuple[tuple[str, float], ...] = (("1:1", 1.0), ("4:3", 4 / 3), ("3:4", 3 / 4), ("16:9", 16 / 9))
"""The shapes that a box can be locked to beside the picture's own: name, width / height in pixels."""


def has_aspect(pixels: Size, aspect: float, tolerance: float = 1.0) -> bool:
    """Whether a box of so many pixels has this shape, when one of its sides may be off by `tolerance` pixels."""
    width, height = pixels
    return min(abs(width - height * aspect), abs(height - width / aspect)) <= tolerance


def aspect_of(pixels: Size, size: Size) -> float:
    """The exact shape of a box of so many pixels where it is one of `ASPECTS` or the picture's own; else as it is."""
    exact = (size[0] / size[1], *(aspect for _, aspect in ASPECTS))
    near = (aspect for aspect in exact if has_aspect(pixels, aspect, 0.5))
    return next(near, pixels[0] / pixels[1])


def aspect_words(aspect: float, size: Size) -> str:
    """A shape for people: `4:3`, `original`, or `1.37:1`."""
    named = next((name for name, known in ASPECTS if abs(known / aspect - 1) < 1e-6), "")
    return named or ("original" if abs(size[0] / size[1] / aspect - 1) < 1e-6 else f"{aspect:.2f}:1")


@dataclass(frozen=True, slots=True)
class Preset:
    """A crop to choose by name; `make` takes the size of the picture in pixels."""

    id: str
    title: str
    make: Callable[[Size], CropBox]


def _part(share: float) -> Callable[[Size], CropBox]:
    return lambda size: _centred((size[0] / 2, size[1] / 2), (_share(size[0], share), _share(size[1], share)), size)


def _share(length: int, share: float) -> int:
    return max(1, round(length * share))


def _shape(aspect: float) -> Callable[[Size], CropBox]:
    return lambda size: with_aspect(FULL, aspect, size)


PRESETS: tuple[Preset, ...] = (
    Preset("full", "whole picture", lambda size: FULL),
    Preset("centre80", "middle 80 %", _part(0.8)),
    Preset("centre50", "middle 50 %", _part(0.5)),
    Preset("square", "square", _shape(1.0)),
    Preset("4:3", "4:3", _shape(4 / 3)),
    Preset("3:4", "3:4", _shape(3 / 4)),
    Preset("16:9", "16:9", _shape(16 / 9)),
)


def preset(name: str, size: Size) -> CropBox:
    """The crop that the preset `name` makes on a picture of `size` pixels. Raises UsageError."""
    for candidate in PRESETS:
        if candidate.id == name:
            return candidate.make(size)
    known = ", ".join(candidate.id for candidate in PRESETS)
    raise UsageError(f"there is no crop preset {name!r}", hint=f"presets: {known}", code="crop")
