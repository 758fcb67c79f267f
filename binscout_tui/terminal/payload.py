"""From a request (which file, how large, for which terminal) to what is shown, with a memory of both steps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from PIL import Image

from binscout_tui.terminal import halfblock, kitty, sixel
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.halfblock import Run
from binscout_tui.terminal.kitty import KittyPicture
from binscout_tui.terminal.overlay import Box, Colour, draw_boxes
from binscout_tui.terminal.scale import Fit, fit, open_upright, picture_size, place, whole_bands

MEMORY_BYTES = 64 * 1024 * 1024
_RUN_BYTES = 100


@dataclass(frozen=True, slots=True)
class Request:
    """One picture at one size for one protocol. `columns` and `rows` are the room in cells, cell sizes pixels."""

    path: Path
    columns: int
    rows: int
    cell_width: int
    cell_height: int
    protocol: Protocol
    background: Colour = (0, 0, 0)
    boxes: tuple[Box, ...] = ()
    tmux: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """A picture ready to show in `columns` x `rows` cells: exactly one of the three forms is set."""

    columns: int
    rows: int
    runs: list[list[Run]] | None = None
    picture: KittyPicture | None = None
    sixel: str | None = None

    def size(self) -> int:
        """About how many bytes this takes in memory."""
        if self.picture is not None:
            return len(self.picture)
        if self.sixel is not None:
            return len(self.sixel)
        return sum(len(row) for row in self.runs or ()) * _RUN_BYTES


@dataclass(frozen=True, slots=True)
class _Scaled:
    target: Fit
    image: Image.Image


def _dots(request: Request) -> tuple[float, float]:
    """Canvas dots a cell: screen pixels, fewer for kitty where the terminal scales very large pictures up itself."""
    if request.protocol is Protocol.HALFBLOCK:
        return halfblock.DOTS
    pixels = request.columns * request.cell_width * request.rows * request.cell_height
    reduce = min(1.0, (kitty.MAX_DOTS / pixels) ** 0.5) if request.protocol is Protocol.KITTY else 1.0
    return request.cell_width * reduce, request.cell_height * reduce


def scale(request: Request) -> _Scaled:
    """Decode and scale. Raises PictureError."""
    room = min(request.columns, kitty.MAX_CELLS), min(request.rows, kitty.MAX_CELLS)
    cell = request.cell_width, request.cell_height
    target = fit(picture_size(request.path), room, cell, _dots(request))
    if request.protocol is Protocol.SIXEL:
        target = whole_bands(target, sixel.BAND)
    image = open_upright(request.path, target.canvas)
    return _Scaled(target, place(image, target, request.background))


def encode(scaled: _Scaled, request: Request) -> Payload:
    """Draw the boxes and encode for the protocol; half blocks where sixel would be too large."""
    target, image = scaled.target, scaled.image
    if request.boxes:
        image = image.copy()
        high = max(1, target.canvas[1] // target.rows)
        draw_boxes(image, request.boxes, target.area, dots=high)
    if request.protocol is Protocol.KITTY:
        picture = kitty.encode(image, target.columns, target.rows, tmux=request.tmux)
        return Payload(target.columns, target.rows, picture=picture)
    if request.protocol is Protocol.SIXEL:
        try:
            return Payload(target.columns, target.rows, sixel=sixel.encode(image))
        except sixel.TooLargeError:
            small = (target.columns, target.rows * 2)
            image = image.resize(small, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Payload(target.columns, target.rows, runs=halfblock.half_blocks(np.asarray(image)))


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
        self._payloads: Recent[Request, Payload] = Recent(memory_bytes, Payload.size)
        self._scaled: Recent[Request, _Scaled] = Recent(
            memory_bytes, lambda scaled: 3 * scaled.image.width * scaled.image.height
        )

    def ready(self, request: Request) -> Payload | None:
        """The payload if it was made before."""
        return self._payloads.get(request)

    def make(self, request: Request, *, wanted: Callable[[], bool] = lambda: True) -> Payload | None:
        """The payload; None when `wanted` turned false between the steps. Raises PictureError."""
        if (payload := self._payloads.get(request)) is not None:
            return payload
        plain = replace(request, boxes=())
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
