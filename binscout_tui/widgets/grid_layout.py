"""How tiles lie in a grid of character cells. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

CAPTION = 1
GAP = 1
"""Cells between two tiles, and left and right of all: the cursor's marks stand there."""
SHAPE = 3 / 4
"""Height of a tile's room for the picture, by its width in pixels."""
LEAST_SHAPE, MOST_SHAPE = 0.85, 1.25
"""How far the height may differ from SHAPE so that few rows of the screen stay empty."""


class TileSize(StrEnum):
    """How large the tiles of a grid are."""

    S = "S"
    M = "M"
    L = "L"
    XL = "XL"
    XXL = "XXL"

    @property
    def larger(self) -> TileSize:
        """The next larger size; the largest is its own."""
        return _SIZES[min(len(_SIZES) - 1, _SIZES.index(self) + 1)]

    @property
    def smaller(self) -> TileSize:
        """The next smaller size; the smallest is its own."""
        return _SIZES[max(0, _SIZES.index(self) - 1)]


_SIZES = tuple(TileSize)
LEAST_WIDTH = {TileSize.S: 10, TileSize.M: 16, TileSize.L: 24, TileSize.XL: 37, TileSize.XXL: 60}
"""The fewest cells across, where there is room for them."""


@dataclass(frozen=True, slots=True)
class GridLayout:
    """Whole tiles in a room of `width` x `height` cells.

    A tile is `tile_width` cells wide and has `picture_rows` rows for the picture and one for the caption below.
    `lefts` are the first cells of the columns. `rows` whole tiles lie above each other.
    """

    width: int
    height: int
    tile_width: int
    picture_rows: int
    rows: int
    lefts: tuple[int, ...]

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return len(self.lefts)

    @property
    def tile_height(self) -> int:
        """Rows of cells of a tile with its caption."""
        return self.picture_rows + CAPTION

    @property
    def page(self) -> int:
        """How many tiles are seen at once."""
        return self.columns * self.rows

    def total_rows(self, count: int) -> int:
        """Rows of tiles that `count` tiles make."""
        return -(-count // self.columns)

    def last_first_row(self, count: int) -> int:
        """The row of tiles at the top when the end of `count` tiles is seen."""
        return max(0, self.total_rows(count) - self.rows)

    def virtual_height(self, count: int) -> int:
        """Rows of cells to scroll through so that the last page ends with the last row of tiles."""
        unused = self.height - self.rows * self.tile_height
        return self.total_rows(count) * self.tile_height + max(0, unused)

    def first_row_showing(self, position: int, first_row: int) -> int:
        """The row of tiles at the top, nearest to `first_row`, at which the tile at `position` is seen."""
        row = position // self.columns
        return min(max(first_row, row - self.rows + 1), row)

    def place(self, position: int, first_row: int) -> tuple[int, int] | None:
        """The (x, y) of the first cell of the tile at `position`, or None where it is not seen."""
        slot = position - first_row * self.columns
        return self.corner(slot) if 0 <= slot < self.page else None

    def corner(self, slot: int) -> tuple[int, int]:
        """The (x, y) of the first cell of the tile that is number `slot` of the page."""
        row, column = divmod(slot, self.columns)
        return self.lefts[column], row * self.tile_height

    def at(self, x: int, y: int, first_row: int) -> int | None:
        """The position of the tile that has the cell (x, y), or None between tiles."""
        row = y // self.tile_height
        if y < 0 or row >= self.rows:
            return None
        for column, left in enumerate(self.lefts):
            if left <= x < left + self.tile_width:
                return (first_row + row) * self.columns + column
        return None


def lay_out(size: TileSize, room: tuple[int, int], cell: tuple[int, int]) -> GridLayout:
    """As many tiles of `size` as fit into `room` (cells), widened and heightened to use what is left.

    `cell` is (width, height) of a character cell in pixels.
    """
    width, height = max(1, room[0]), max(1, room[1])
    columns = max(1, (width - GAP) // (LEAST_WIDTH[size] + GAP))
    tile_width = max(1, (width - GAP) // columns - GAP)
    left = (width - columns * (tile_width + GAP) - GAP) // 2 + GAP
    lefts = tuple(max(0, left) + column * (tile_width + GAP) for column in range(columns))
    picture_rows = _picture_rows(tile_width * cell[0] / cell[1], height)
    return GridLayout(width, height, tile_width, picture_rows, max(1, height // (picture_rows + CAPTION)), lefts)


def _picture_rows(wide: float, height: int) -> int:
    """Rows for a picture `wide` rows wide, near SHAPE, such that few of `height` rows stay unused."""
    ideal = max(1, round(wide * SHAPE))
    most = max(1, height - CAPTION)
    if ideal >= most:
        return most
    candidates = range(max(1, math.ceil(ideal * LEAST_SHAPE)), min(most, round(ideal * MOST_SHAPE)) + 1)
    return min(candidates, key=lambda rows: (height % (rows + CAPTION), abs(rows - ideal)))
