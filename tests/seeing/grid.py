"""Cells of a screen, and the sixel pixels that lie on them until text is written there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyte
from numpy.typing import NDArray
from pyte.screens import Char

from tests.seeing.kitty import PLACEHOLDER
from tests.seeing.sixel import BAND

BLANK, UPPER, LOWER, FULL, GLYPH = range(5)
_SHAPES = {" ": BLANK, "": BLANK, PLACEHOLDER: BLANK, "▀": UPPER, "▄": LOWER, "█": FULL}
_INK = 0.35
_DEFAULT = {"fg": (204, 204, 204), "bg": (0, 0, 0)}
_NAMED = {
    "black": (0, 0, 0), "red": (205, 0, 0), "green": (0, 205, 0), "brown": (205, 205, 0),
    "blue": (0, 0, 238), "magenta": (205, 0, 205), "cyan": (0, 205, 205), "white": (229, 229, 229),
}  # fmt: skip


class Grid(pyte.Screen):
    """A pyte screen with a layer of pixels over it."""

    def __init__(self, columns: int, rows: int, cell: tuple[int, int]) -> None:
        self.cell = cell
        self.pixels = np.zeros((rows * cell[1], columns * cell[0], 4), dtype=np.uint8)
        self.errors: list[str] = []
        super().__init__(columns, rows)

    def reshape(self, columns: int, rows: int, cell: tuple[int, int]) -> None:
        """Another size; pixels stay where they are, as in terminals that do not clear them."""
        before = self.pixels
        self.pixels = np.zeros((rows * cell[1], columns * cell[0], 4), dtype=np.uint8)
        if cell == self.cell:
            height, width = np.minimum(before.shape[:2], self.pixels.shape[:2])
            self.pixels[:height, :width] = before[:height, :width]
        self.cell = cell
        self.resize(rows, columns)
        # pyte keeps lines below a smaller screen.
        for y in [y for y in self.buffer if y >= rows]:
            del self.buffer[y]
        self.cursor.x, self.cursor.y = min(self.cursor.x, columns - 1), min(self.cursor.y, rows - 1)

    def put_pixels(self, picture: NDArray[np.uint8]) -> None:
        """A sixel picture at the cursor, which stays; a picture that makes a terminal scroll is an error.

        Terminals count whole bands of six pixels, also where the last one is not full.
        """
        x, y = min(self.cursor.x, self.columns - 1) * self.cell[0], self.cursor.y * self.cell[1]
        height, width = picture.shape[:2]
        if y + -(-height // BAND) * BAND > self.pixels.shape[0]:
            self.errors.append(f"a sixel of {height} pixels in row {self.cursor.y} makes the screen scroll")
        target = self.pixels[y : y + height, x : x + width]
        piece = picture[: target.shape[0], : target.shape[1]]
        if piece.shape[1] < width:
            self.errors.append(f"a sixel of {width} pixels in column {self.cursor.x} is cut")
        drawn = piece[..., 3] > 0
        target[drawn] = piece[drawn]

    # What wipes pixels: whatever is written, erased or moved.

    def _wipe(self, y: int, x1: int, x2: int) -> None:
        width, height = self.cell
        self.pixels[y * height : (y + 1) * height, x1 * width : x2 * width] = 0

    def draw(self, data: str) -> None:
        """Text; it takes away the pixels of its cells."""
        before = self.cursor.y, min(self.cursor.x, self.columns - 1)
        if self.cursor.x == self.columns and self.cursor.y < self.lines - 1:
            before = self.cursor.y + 1, 0
        super().draw(data)
        for y in range(before[0], self.cursor.y + 1):
            self._wipe(y, before[1] if y == before[0] else 0, self.cursor.x if y == self.cursor.y else self.columns)

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """EL."""
        super().erase_in_line(how, private)
        x = min(self.cursor.x, self.columns - 1)
        self._wipe(self.cursor.y, 0 if how else x, x + 1 if how == 1 else self.columns)

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        """ED; 2 clears everything, whatever was there."""
        super().erase_in_display(how, *args, **kwargs)
        height = self.cell[1]
        if how == 0:
            self.pixels[(self.cursor.y + 1) * height :] = 0
        elif how == 1:
            self.pixels[: self.cursor.y * height] = 0
        else:
            self.pixels[:] = 0

    def erase_characters(self, count: int | None = None) -> None:
        """ECH."""
        super().erase_characters(count)
        self._wipe(self.cursor.y, self.cursor.x, min(self.columns, self.cursor.x + (count or 1)))

    def index(self) -> None:
        """Down; at the last line everything moves up."""
        last = self.cursor.y == (self.margins.bottom if self.margins else self.lines - 1)
        super().index()
        if last and self.pixels[..., 3].any():
            self.errors.append("the screen scrolls under pixels")

    def scroll(self, count: int) -> None:
        """SU (count > 0) and SD, which pyte does not know."""
        top, bottom = self.margins or (0, self.lines - 1)
        before = self.cursor.y
        for _ in range(abs(count)):
            self.cursor.y = bottom if count > 0 else top
            (self.index if count > 0 else self.reverse_index)()
        self.cursor.y = before

    # What there is to see.

    def filled(self) -> Iterator[tuple[int, int, Char]]:
        """(x, y, cell) of every cell that was written, in reading order."""
        for y in range(self.lines):
            if y in self.buffer:
                line = self.buffer[y]
                for x in sorted(line):
                    if x < self.columns:
                        yield x, y, line[x]

    def paint(self) -> NDArray[np.uint8]:
        """(rows * cell height, columns * cell width, 3) uint8 RGB: the cells without any pictures.

        Half blocks are exact; any other sign is an even mix of its two colours.
        """
        shapes = np.zeros((self.lines, self.columns), dtype=np.uint8)
        fore = np.zeros((self.lines, self.columns, 3), dtype=np.uint8)
        back = np.zeros_like(fore)
        for x, y, char in self.filled():
            shapes[y, x] = _SHAPES.get(char.data[:1], GLYPH)
            first, second = colour(char.fg, "fg"), colour(char.bg, "bg")
            fore[y, x], back[y, x] = (second, first) if char.reverse else (first, second)
        mixed = (fore * _INK + back * (1 - _INK)).astype(np.uint8)
        top, bottom = back.copy(), back.copy()
        for target, halves in ((top, (UPPER, FULL)), (bottom, (LOWER, FULL))):
            inked = np.isin(shapes, halves)
            target[inked] = fore[inked]
            target[shapes == GLYPH] = mixed[shapes == GLYPH]
        return self._halves(top, bottom)

    def _halves(self, top: NDArray[np.uint8], bottom: NDArray[np.uint8]) -> NDArray[np.uint8]:
        width, height = self.cell
        upper = height // 2
        rows = np.empty((self.lines, height, self.columns, 3), dtype=np.uint8)
        rows[:, :upper] = top[:, None]
        rows[:, upper:] = bottom[:, None]
        return rows.reshape(self.lines * height, self.columns, 3).repeat(width, axis=1)


@lru_cache(maxsize=65536)
def colour(name: str, ground: str) -> tuple[int, int, int]:
    """The colour that pyte calls `name`; `ground` is "fg" or "bg"."""
    if name == "default":
        return _DEFAULT[ground]
    if len(name) == 6 and all(digit in "0123456789abcdef" for digit in name):
        return int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16)
    return _NAMED.get(name.removeprefix("bright"), _DEFAULT[ground])
