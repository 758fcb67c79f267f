"""From a request (which file, how large, for which terminal) to what is shown, with a memory of both steps."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from PIL import Image

from binscout_tui.terminal import halfblock, kitty, sixel
from binscout_tui.terminal.graphics import SAFE_SIXEL, Protocol
from binscout_tui.terminal.halfblock import HalfBlocks
from binscout_tui.terminal.kitty import KittyPicture
from binscout_tui.terminal.overlay import Box, Colour, Point, draw_boxes, draw_names, draw_points
from binscout_tui.terminal.scale import Detail, Fit, as_decoded, coarser, fit, open_region, place, whole_bands
from binscout_tui.terminal.sixel_bands import BAND
from binscout_tui.terminal.view import WHOLE, Region, View, seen_in

MEMORY_BYTES = 16 * 1024 * 1024
SCALED_BYTES = 8 * 1024 * 1024
_ENTRY_BYTES = 2_000
"""What a request and its payload take beside the bytes of the picture; a tile of a grid has not many more of these."""
DRAFT_BYTES = 100_000
"""What a draft may send for a picture that fills the screen: over SSH, bytes are time."""
SMALL_PIXELS = 150_000
"""Larger drafts have only every second pixel, also where there is room for more: they must be quick."""
FINE_CELL_BYTES = 145_000
"""What the half blocks of a fine picture may send."""


class Quality(StrEnum):
    """A draft is small and quickly made, for moving from picture to picture; fine is for looking."""

    DRAFT = "draft"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Request:
    """One picture at one size for one protocol. `columns` and `rows` are the room in cells, cell sizes pixels.

    The name of the file at `path` stands for its content. `view` is the part that is seen. `detail` has more pixels
    than the file, for looking closely. `budget` is about how many bytes a draft may send, without the cells that
    kitty's placeholders are. `fine_sixel` is the same for a fine sixel picture, `largest_sixel` is the largest one that
    the terminal draws, in pixels.
    """

    path: Path
    columns: int
    rows: int
    cell_width: int
    cell_height: int
    protocol: Protocol
    background: Colour = (0, 0, 0)
    boxes: tuple[Box, ...] = ()
    tmux: bool = False
    points: tuple[Point, ...] = ()
    quality: Quality = Quality.FINE
    view: View = WHOLE
    detail: Detail | None = None
    budget: int = DRAFT_BYTES
    fine_sixel: int = sixel.MAX_BYTES
    largest_sixel: tuple[int, int] | None = SAFE_SIXEL

    @property
    def cells(self) -> tuple[int, int]:
        """How much of the room in cells a picture may fill."""
        cell = self.cell_width, self.cell_height
        return cells_to_fill(self.protocol, (self.columns, self.rows), cell, self.largest_sixel)

    @property
    def room(self) -> tuple[int, int]:
        """The same in screen pixels."""
        columns, rows = self.cells
        return columns * self.cell_width, rows * self.cell_height


def cells_to_fill(
    protocol: Protocol, room: tuple[int, int], cell: tuple[int, int], largest_sixel: tuple[int, int] | None
) -> tuple[int, int]:
    """How much of a room of cells a picture can fill: kitty has marks for so many, and a sixel has a largest size."""
    if protocol is Protocol.KITTY:
        return min(room[0], kitty.MAX_CELLS), min(room[1], kitty.MAX_CELLS)
    if protocol is not Protocol.SIXEL:
        return room
    widest, highest = largest_sixel or (sixel.MAX_PIXELS, sixel.MAX_PIXELS)
    columns, rows = min(room[0], max(1, widest // cell[0])), min(room[1], max(1, highest // cell[1]))
    shrink = min(1.0, math.sqrt(sixel.MAX_PIXELS / (columns * cell[0] * rows * cell[1])))
    return max(1, int(columns * shrink)), max(1, int(rows * shrink))


@dataclass(frozen=True, slots=True)
class Payload:
    """A picture ready to show in `columns` x `rows` cells: exactly one of the three forms is set."""

    columns: int
    rows: int
    runs: HalfBlocks | None = None
    picture: KittyPicture | None = None
    sixel: str | None = None

    def size(self) -> int:
        """About how many bytes this takes in memory."""
        if self.picture is not None:
            return len(self.picture)
        if self.sixel is not None:
            return len(self.sixel)
        return self.runs.memory_bytes() if self.runs is not None else 0


@dataclass(frozen=True, slots=True)
class _Scaled:
    target: Fit
    image: Image.Image
    region: Region


def _fit(seen: tuple[float, float], request: Request) -> Fit:
    """Where `seen` pixels of a picture go.

    The canvas has a dot for each screen pixel, fewer where dots are made larger later: as few as a draft needs.
    """
    room, cell = request.cells, (request.cell_width, request.cell_height)
    if request.protocol is Protocol.HALFBLOCK:
        return fit(seen, room, cell, halfblock.DOTS)
    target = fit(seen, room, cell, cell)
    if request.protocol is Protocol.SIXEL:
        target = whole_bands(target, BAND)
        return coarser(target, _sixel_dot(target.canvas, request))
    reduce = _kitty_scale(target, seen, request)
    target = fit(seen, room, cell, (cell[0] * reduce, cell[1] * reduce))
    if request.quality is Quality.DRAFT and request.view.is_whole and request.detail is None:
        return as_decoded(target, seen, kitty.draft_dots(request.budget))
    return target


def _sixel_dot(size: tuple[int, int], request: Request) -> int:
    least = 2 if request.quality is Quality.DRAFT and size[0] * size[1] > SMALL_PIXELS else 1
    return max(least, sixel.first_dot(size, _sixel_budget(request)))


def _sixel_budget(request: Request) -> int:
    """Sixel has no cells beside it, which a budget leaves out."""
    return request.fine_sixel if request.quality is Quality.FINE else request.budget * 7 // 5


def _kitty_scale(target: Fit, seen: tuple[float, float], request: Request) -> float:
    """How much smaller than its place a picture is sent."""
    pixels = target.canvas[0] * target.canvas[1]
    if request.quality is Quality.FINE:
        return min(1.0, math.sqrt(kitty.MAX_DOTS / pixels))
    left, _, right, _ = target.area
    return min(1.0, math.sqrt(kitty.draft_dots(request.budget) / pixels), max(seen[0], 1.0) / (right - left))


def scale(request: Request) -> _Scaled:
    """Decode and scale. Raises PictureError."""

    def framed(picture: tuple[int, int]) -> tuple[Region, Fit]:
        region = request.view.region(picture, request.room)
        return region, _fit((picture[0] * (region[2] - region[0]), picture[1] * (region[3] - region[1])), request)

    seen = open_region(request.path, request.detail, framed)
    return _Scaled(seen.target, place(seen, request.background), seen.region)


def encode(scaled: _Scaled, request: Request) -> Payload:
    """Draw boxes and points and encode for the protocol; half blocks where sixel would be too large."""
    target, image = scaled.target, _overlaid(scaled, request)
    if request.protocol is Protocol.KITTY:
        budget = request.budget if request.quality is Quality.DRAFT else None
        picture = kitty.encode(image, target.columns, target.rows, tmux=request.tmux, budget=budget)
        return Payload(target.columns, target.rows, picture=picture)
    if request.protocol is Protocol.SIXEL:
        size = target.columns * request.cell_width, target.rows * request.cell_height
        try:
            text = sixel.encode(image, (size[0], max(BAND, size[1] - size[1] % BAND)), _sixel_budget(request))
            return Payload(target.columns, target.rows, sixel=text)
        except sixel.TooLargeError:
            small = (target.columns, target.rows * 2)
            image = image.resize(small, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Payload(target.columns, target.rows, runs=_half_blocks(image, request))


def _half_blocks(image: Image.Image, request: Request) -> HalfBlocks:
    if request.quality is Quality.DRAFT:
        return halfblock.half_blocks(np.asarray(image), halfblock.DRAFT_TOLERANCE, request.budget * 11 // 10)
    return halfblock.half_blocks(np.asarray(image), halfblock.FINE_TOLERANCE, FINE_CELL_BYTES)


def _overlaid(scaled: _Scaled, request: Request) -> Image.Image:
    if not request.boxes and not request.points:
        return scaled.image
    image, target = scaled.image.copy(), scaled.target
    high = max(1, target.canvas[1] // target.rows)
    boxes = [box for one in request.boxes if (box := _box_in(scaled.region, one)) is not None]
    draw_boxes(image, boxes, target.area, dots=high)
    if request.protocol is Protocol.SIXEL:
        # Elsewhere names are letters in cells; cells over sixel lose to it.
        draw_names(image, boxes, target.area, dots=high)
    seen = [replace(point, x=x, y=y) for point in request.points for x, y in [seen_in(scaled.region, point.x, point.y)]]
    draw_points(image, [point for point in seen if 0 <= point.x <= 1 and 0 <= point.y <= 1], target.area, dots=high)
    return image


def _box_in(region: Region, box: Box) -> Box | None:
    """`box` as it lies in what is seen of the picture, reaching beyond it or not; None where nothing of it is seen."""
    (x1, y1), (x2, y2) = seen_in(region, box.x1, box.y1), seen_in(region, box.x2, box.y2)
    if x2 <= 0 or y2 <= 0 or x1 >= 1 or y1 >= 1:
        return None
    return replace(box, x1=x1, y1=y1, x2=x2, y2=y2)


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The most recently used values, up to a number of bytes. Safe to use from several threads."""

    def __init__(self, limit_bytes: int, size: Callable[[Value], int]) -> None:
        self._limit = limit_bytes
        self._size = size
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The value, which is the most recently used from now on."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep `value`, dropping the least recently used ones beyond the limit."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._limit and len(self._values) > 1:
                self._drop(next(iter(self._values)))

    def drop_where(self, matches: Callable[[Key], bool]) -> None:
        """Forget every value whose key matches."""
        with self._lock:
            for key in [key for key in self._values if matches(key)]:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        if key in self._values:
            self._bytes -= self._size(self._values.pop(key))


class Payloads:
    """Makes payloads and remembers them, and the scaled pictures they were made of.

    A box that moves with every key costs only the encoding. `make` blocks for milliseconds to a second: call it
    on a thread. `ready` never blocks.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._payloads: Recent[Request, Payload] = Recent(memory_bytes, lambda payload: payload.size() + _ENTRY_BYTES)
        self._scaled: Recent[Request, _Scaled] = Recent(
            min(memory_bytes, SCALED_BYTES), lambda scaled: 3 * scaled.image.width * scaled.image.height + _ENTRY_BYTES
        )

    def ready(self, request: Request) -> Payload | None:
        """The payload if it was made before."""
        return self._payloads.get(request)

    def make(self, request: Request, *, wanted: Callable[[], bool] = lambda: True) -> Payload | None:
        """The payload; None when `wanted` turned false between the steps. Raises PictureError."""
        if (payload := self._payloads.get(request)) is not None:
            return payload
        plain = replace(request, boxes=(), points=())
        scaled = self._scaled.get(plain)
        if scaled is None:
            if not wanted():
                return None
            scaled = scale(plain)
            self._scaled.put(plain, scaled)
        if not wanted():
            return None
        payload = encode(scaled, request)
        self._payloads.put(request, payload)
        return payload

    def forget(self, path: Path) -> None:
        """Drop everything made from `path`, whose content has changed."""
        self._payloads.drop_where(lambda request: request.path == path)
        self._scaled.drop_where(lambda request: request.path == path)
