"""A map of many things in cells of one character, with a cursor that goes from cell to cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


@dataclass(frozen=True, slots=True)
class Cell:
    """What is drawn in a cell: one character, the component class of its style."""

    sign: str
    style: str


NOTHING = Cell(" ", "cell-map--nothing")


class CellMap(Widget, can_focus=False):
    """Only what changes is drawn anew; the screen that holds it owns the keys and calls `move`."""

    STYLES = ("nothing", *(f"kind-{number}" for number in range(8)), "mixed", "none", "cursor")
    COMPONENT_CLASSES = {f"cell-map--{name}" for name in STYLES}
    DEFAULT_CSS = """
    CellMap { width: 1fr; height: 1fr; }
    CellMap > .cell-map--cursor { color: $background; background: $accent; text-style: bold; }
    CellMap > .cell-map--none { color: $text-muted; }
    CellMap > .cell-map--mixed { color: $foreground; }
    CellMap > .cell-map--kind-0 { color: ansi_bright_cyan; }
    CellMap > .cell-map--kind-1 { color: ansi_bright_yellow; }
    CellMap > .cell-map--kind-2 { color: ansi_bright_green; }
    CellMap > .cell-map--kind-3 { color: ansi_bright_magenta; }
    CellMap > .cell-map--kind-4 { color: ansi_bright_red; }
    CellMap > .cell-map--kind-5 { color: ansi_bright_blue; }
    CellMap > .cell-map--kind-6 { color: ansi_cyan; }
    CellMap > .cell-map--kind-7 { color: ansi_yellow; }
    """

    @dataclass
    class Resized(Message):
        """There is room for other cells: `show` them."""

        map: CellMap

    @dataclass
    class Moved(Message):
        """The cursor stands on another cell."""

        map: CellMap

    @dataclass
    class Opened(Message):
        """The cell under the cursor was clicked."""

        map: CellMap

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cells: Sequence[Cell] = ()
        self._width = 0
        self.cursor = (0, 0)

    def show(self, width: int, cells: Sequence[Cell], cursor: tuple[int, int] | None = None) -> None:
        """Draw cells, row by row; the cursor (column, row) stays where it is as far as there is room."""
        self._width, self._cells = width, cells
        height = len(cells) // width if width else 0
        column, row = cursor or self.cursor
        self.cursor = max(0, min(column, width - 1)), max(0, min(row, height - 1))
        self.refresh()

    @property
    def ready(self) -> bool:
        """Whether anything was drawn."""
        return bool(self._cells)

    @property
    def here(self) -> int:
        """The number of the cell under the cursor, row by row; -1 without any."""
        return self.cursor[1] * self._width + self.cursor[0] if self._cells else -1

    def move(self, columns: int = 0, rows: int = 0) -> None:
        """Move the cursor, as far as there are cells."""
        self.go(self.cursor[0] + columns, self.cursor[1] + rows)

    def go(self, column: int, row: int) -> None:
        """The cursor to a cell, or to the nearest to it."""
        if not self._cells:
            return
        before, height = self.cursor, len(self._cells) // self._width
        self.cursor = max(0, min(column, self._width - 1)), max(0, min(row, height - 1))
        if self.cursor != before:
            self.refresh()
            self.post_message(self.Moved(self))

    def on_resize(self) -> None:
        """Other cells are needed."""
        self.post_message(self.Resized(self))

    def on_click(self, event: events.Click) -> None:
        """Move to the clicked cell; a click on the cell under the cursor opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not self._cells:
            return
        if (offset.x, offset.y) == self.cursor:
            self.post_message(self.Opened(self))
        else:
            self.go(offset.x, offset.y)

    def render_line(self, y: int) -> Strip:
        """One row of cells."""
        start = y * self._width
        row = self._cells[start : start + self._width] if self._width else ()
        if not row:
            return Strip.blank(self.size.width, self.rich_style)
        segments = [
            Segment(
                cell.sign,
                self.get_component_rich_style("cell-map--cursor" if (x, y) == self.cursor else cell.style),
            )
            for x, cell in enumerate(row)
        ]
        return Strip(segments).simplify().adjust_cell_length(self.size.width, self.rich_style)
