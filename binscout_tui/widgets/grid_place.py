"""Which of very many images are seen, and where the cursor is among them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from binscout_tui.widgets.grid_layout import GridLayout


class GridPlace:
    """The ids in their order, the cursor, and the row of tiles at the top.

    `cursor` is a position in `ids`, -1 when there are none. `direction` is 1 or -1: where one went last.
    """

    def __init__(self, layout: GridLayout) -> None:
        self.layout = layout
        self.ids: Sequence[int] = ()
        self.cursor = -1
        self.first_row = 0
        self.direction = 1

    @property
    def cursor_id(self) -> int | None:
        """The id under the cursor."""
        return self.ids[self.cursor] if self.cursor >= 0 else None

    @property
    def start(self) -> int:
        """The position of the first tile that is seen."""
        return self.first_row * self.layout.columns

    @property
    def seen(self) -> Sequence[int]:
        """The ids of the tiles that are seen."""
        return self.ids[self.start : self.start + self.layout.page]

    def pages_beside(self, ahead: int) -> list[Sequence[int]]:
        """The ids of so many pages in the direction of travel, and of one in the other."""
        page = self.layout.page
        steps = [self.direction * step for step in range(1, ahead + 1)] + [-self.direction]
        places = [self.start + step * page for step in steps]
        return [self.ids[max(0, place) : max(0, place + page)] for place in places]

    def around(self, ahead: int) -> list[int]:
        """The ids that are seen, and those of `pages_beside`, the most urgent first."""
        return [*self.seen, *chain.from_iterable(self.pages_beside(ahead))]

    def find(self, image: int | None) -> int:
        """Where `image` is among the ids, or -1."""
        if image is None:
            return -1
        try:
            return self.ids.index(image)
        except ValueError:
            return -1

    def show(self, ids: Sequence[int], wanted: int | None) -> None:
        """Other ids: the cursor goes to `wanted`, else stays where it was; it keeps its height on the page."""
        row_below_top = max(self.cursor, 0) // self.layout.columns - self.first_row
        self.ids = ids
        position = self.find(wanted)
        self.cursor = position if position >= 0 else min(max(self.cursor, 0), len(ids) - 1)
        self.first_row = max(0, self.cursor) // self.layout.columns - row_below_top

    def lay_out(self, layout: GridLayout) -> None:
        """Another layout, or other ids: the cursor, or else the first tile, stays in view."""
        if layout != self.layout:
            self.first_row = self.start // layout.columns
            self.layout = layout
        if self.cursor >= 0:
            self.first_row = layout.first_row_showing(self.cursor, self.first_row)
        self.first_row = self._clamped(self.first_row)

    def beside(self, columns: int, rows: int) -> int:
        """The position so many tiles from the cursor; beyond the ends it is the cursor's own."""
        across, last = self.layout.columns, len(self.ids) - 1
        position = self.cursor + columns + rows * across
        if rows > 0 and position > last and self.cursor // across < last // across:
            position = last
        return position if 0 <= position <= last else self.cursor

    def turned(self, by: int) -> tuple[int, int]:
        """The cursor's position and the first row so many pages on, as far as there are images."""
        columns, rows, last = self.layout.columns, self.layout.rows, len(self.ids) - 1
        row = min(max(self.cursor // columns + by * rows, 0), max(0, last) // columns)
        return min(row * columns + self.cursor % columns, last), self.first_row + by * rows

    def go(self, position: int, first_row: int | None = None) -> bool:
        """The cursor to `position`; the view follows as little as it must, or to `first_row`. Whether it did."""
        self.cursor = position
        wanted = self.first_row if first_row is None else self._clamped(first_row)
        return self.scroll(self.layout.first_row_showing(position, wanted))

    def scroll(self, first_row: int) -> bool:
        """The tiles from row `first_row` on are seen; whether that is another place than before."""
        first_row, before = self._clamped(first_row), self.first_row
        if first_row == before:
            return False
        self.direction = 1 if first_row > before else -1
        self.first_row = first_row
        return True

    def bring_cursor(self) -> None:
        """The cursor onto a tile that is seen, in its column, the nearest to where it was."""
        if self.cursor >= 0:
            columns, rows = self.layout.columns, self.layout.rows
            row = min(max(self.cursor // columns, self.first_row), self.first_row + max(1, rows) - 1)
            self.cursor = min(row * columns + self.cursor % columns, len(self.ids) - 1)

    def _clamped(self, first_row: int) -> int:
        return min(max(0, first_row), self.layout.last_first_row(len(self.ids)))
