"""Editing a crop box by keys and mouse. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from binscout_tui.imaging import crops
from binscout_tui.imaging.crops import ASPECTS, FULL, PRESETS, CropBox, Size, to_pixels

COARSE = 40
"""A coarse step is the longer side of the picture divided by this."""
REACH = (2.0, 1.0)
"""An edge is grabbed from so many cells (columns, rows) on either side of it."""
INSIDE = 0.25
"""But never from deeper in the box than this share of its side: its middle always moves it."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is on the picture: 0..1, beside it less or more; a cell covers `cell` (x, y) of the picture.

    A pointer that is not `exact` is the middle of a cell, and means the whole of it.
    """

    x: float
    y: float
    cell: tuple[float, float] = (0.0, 0.0)
    exact: bool = False

    @property
    def half(self) -> tuple[float, float]:
        """How far what is meant reaches to each side."""
        return (0.0, 0.0) if self.exact else (self.cell[0] / 2, self.cell[1] / 2)

    def is_beside(self, other: Pointer) -> bool:
        """Whether it is more than half a cell away: a hand that only clicks trembles."""
        return abs(self.x - other.x) > self.cell[0] / 2 or abs(self.y - other.y) > self.cell[1] / 2


@dataclass(frozen=True, slots=True)
class CropEdit:
    """A crop box on a picture of `size` (width, height) pixels while it is edited.

    `aspect` (width / height in pixels) is None while the two sides are free; `fine` makes a step one pixel.
    `offered` is the box with which an edit began that nobody had made: a drag draws as if it were not there.
    """

    size: Size
    box: CropBox = FULL
    aspect: float | None = None
    fine: bool = False
    preset: int = 0
    offered: CropBox = FULL

    @classmethod
    def begun(cls, size: Size, crop: CropBox | None) -> CropEdit:
        """An edit of `crop`; without one it begins with the middle of the picture, a box that arrows can move."""
        if crop is not None:
            return cls(size, crop)
        first = cls(size).next_preset()
        return replace(first, offered=first.box)

    @property
    def step(self) -> int:
        """Pixels that one key moves or grows the box."""
        return 1 if self.fine else max(1, round(max(self.size) / COARSE))

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the box in pixels of the upright original."""
        left, top, right, bottom = to_pixels(self.box, self.size)
        return right - left, bottom - top

    def moved(self, right: int, down: int) -> CropEdit:
        """Moved by steps; the box stops at the edge and keeps its size."""
        return replace(self, box=crops.move(self.box, right * self.step, down * self.step, self.size))

    def grown(self, wider: int, higher: int) -> CropEdit:
        """Grown about its centre by steps on each side, so by two a key; smaller when negative."""
        step = 2 * self.step
        return replace(self, box=crops.grow(self.box, wider * step, higher * step, self.size, aspect=self.aspect))

    def scaled(self, steps: int) -> CropEdit:
        """Larger about its centre by steps of its longer side, its shape kept; smaller when negative."""
        aspect = self.aspect or crops.aspect_of(self.pixels, self.size)
        by = 2 * self.step * steps
        wider, higher = (by, 0) if aspect >= 1 else (0, by)
        return replace(self, box=crops.grow(self.box, wider, higher, self.size, aspect=aspect))

    def locked(self) -> CropEdit:
        """Keep the box's present shape from now on, or set the sides free again."""
        return replace(self, aspect=None if self.aspect else crops.aspect_of(self.pixels, self.size))

    def next_aspect(self) -> CropEdit:
        """The next of the shapes, the last one being the picture's own; the box takes it within itself and keeps it."""
        shapes = [*(aspect for _, aspect in ASPECTS), self.size[0] / self.size[1]]
        place = next((i for i, shape in enumerate(shapes) if self.aspect and abs(shape / self.aspect - 1) < 1e-6), -1)
        aspect = shapes[(place + 1) % len(shapes)]
        return replace(self, box=crops.with_aspect(self.box, aspect, self.size), aspect=aspect)

    def fine_or_not(self) -> CropEdit:
        """Steps of one pixel, or large ones again."""
        return replace(self, fine=not self.fine)

    def next_preset(self) -> CropEdit:
        """The next of the presets; a lock follows its shape."""
        position = (self.preset + 1) % len(PRESETS)
        edit = replace(self, box=PRESETS[position].make(self.size), preset=position)
        return replace(edit, aspect=crops.aspect_of(edit.pixels, edit.size) if self.aspect else None)

    def reset(self) -> CropEdit:
        """The whole picture with free sides."""
        return replace(self, box=FULL, aspect=None, preset=0)

    def grab(self, pointer: Pointer) -> Drag:
        """What a drag from there does: an edge or corner near by, the box from within it, else a new box."""
        across = _edge(pointer.x, (self.box.x1, self.box.x2), REACH[0] * pointer.cell[0])
        down = _edge(pointer.y, (self.box.y1, self.box.y2), REACH[1] * pointer.cell[1])
        if across is None or down is None:
            return Drag(self, pointer, "draw")
        if not across and not down:
            return Drag(self, pointer, "draw" if self.box in (FULL, self.offered) else "move")
        return Drag(self, pointer, "stretch", (across, down))

    def words(self, width: int) -> str:
        """The box in words of at most `width` cells, in pixels: its size and corner, its shape and whether that is
        kept, the step. What matters least is left out first."""
        wide, high = self.pixels
        left, top, _, _ = to_pixels(self.box, self.size)
        parts = [f"{wide}x{high} at {left},{top}"]
        if self.box == FULL:
            parts.append("whole picture: H K make it smaller")
        if self.aspect:
            parts.append(f"shape locked {crops.aspect_words(self.aspect, self.size)}")
        parts += [f"of {self.size[0]}x{self.size[1]} px", f"step {self.step}"]
        if not self.aspect:
            parts.append(crops.aspect_words(crops.aspect_of(self.pixels, self.size), self.size))
        while len(parts) > 1 and len(" · ".join(parts)) > width:
            parts.pop()
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class Drag:
    """A drag that began on `edit` at `start`; where the mouse goes afterwards alone decides what comes of it."""

    edit: CropEdit
    start: Pointer
    kind: Literal["draw", "move", "stretch"]
    edges: tuple[int, int] = (0, 0)

    def to(self, pointer: Pointer) -> CropEdit:
        """The edit while the mouse is there."""
        if not pointer.is_beside(self.start):
            return self.edit
        if self.kind == "move":
            return self._moved(pointer)
        box = self._drawn(pointer) if self.kind == "draw" else self._stretched(pointer)
        return replace(self.edit, box=box)

    def _moved(self, pointer: Pointer) -> CropEdit:
        width, height = self.edit.size
        right, down = round((pointer.x - self.start.x) * width), round((pointer.y - self.start.y) * height)
        return replace(self.edit, box=crops.move(self.edit.box, right, down, self.edit.size))

    def _drawn(self, pointer: Pointer) -> CropBox:
        size = self.edit.size
        x = _covered(self.start.x, self.start.half[0], pointer.x, pointer.half[0])
        y = _covered(self.start.y, self.start.half[1], pointer.y, pointer.half[1])
        corner = _pixel(x[0], size[0]), _pixel(y[0], size[1])
        return crops.span(corner, (x[1] * size[0], y[1] * size[1]), size, aspect=self.edit.aspect)

    def _stretched(self, pointer: Pointer) -> CropBox:
        box, size = self.edit.box, self.edit.size
        x = _dragged(box.x2 if self.edges[0] > 0 else box.x1, self.start.x, pointer.x, pointer.half[0])
        y = _dragged(box.y2 if self.edges[1] > 0 else box.y1, self.start.y, pointer.y, pointer.half[1])
        return crops.stretch(box, self.edges, (x * size[0], y * size[1]), size, aspect=self.edit.aspect)


def meant(
    boxes: Sequence[tuple[float, float, float, float]], active: int | None, pointer: Pointer, size: Size
) -> int | None:
    """Which of several boxes the mouse takes hold of at `pointer`, on a picture of `size` pixels; None beside them.

    An edge of the active one comes first, then the smallest box around the pointer, then any edge near by.
    """
    kinds = [CropEdit(size, CropBox(*box)).grab(pointer).kind for box in boxes]
    if active is not None and kinds[active] == "stretch":
        return active
    held = [place for place, kind in enumerate(kinds) if kind != "draw"]
    around = [place for place in held if _holds(boxes[place], pointer)]
    return min(around or held, key=lambda place: (_area(boxes[place]), place != active), default=None)


def _holds(box: tuple[float, float, float, float], pointer: Pointer) -> bool:
    return box[0] <= pointer.x <= box[2] and box[1] <= pointer.y <= box[3]


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _edge(at: float, sides: tuple[float, float], reach: float) -> int | None:
    """-1 or 1 for the side of a box that is near, 0 for its inside, None when it is out of reach."""
    low, high = sides
    if not low - reach <= at <= high + reach:
        return None
    inner = min(reach, (high - low) * INSIDE)
    return -1 if at < low + inner else 1 if at > high - inner else 0


def _covered(start: float, start_half: float, end: float, end_half: float) -> tuple[float, float]:
    """From the far side of what the start covers to the far side of what the end covers."""
    way = 1 if end >= start else -1
    return start - way * start_half, end + way * end_half


def _dragged(side: float, start: float, end: float, half: float) -> float:
    """Where a side is dragged to; the cell that shows the picture's edge means that edge."""
    if half and end - half <= 0:
        return 0.0
    if half and end + half >= 1:
        return 1.0
    return side + end - start


def _pixel(share: float, length: int) -> int:
    return min(max(round(share * length), 0), length)
