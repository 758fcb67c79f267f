"""A list of one-line rows with a cursor that stays on its row whatever arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

CURSOR = "▸ "
MARGIN = len(CURSOR)


@dataclass(frozen=True, slots=True)
class Row:
    """`key` is the row's identity; `render` makes its line for a width; the cursor stops only at `selectable` rows."""

    key: str
    render: Callable[[int], Content]
    selectable: bool = True


def kept_cursor(rows: Sequence[Row], key: str | None, old_index: int) -> int:
    """Where the cursor is after an update: on the row with `key`, else at the nearest row to where it was; -1: none."""
    for index, row in enumerate(rows):
        if row.key == key and row.selectable:
            return index
    stops = [index for index, row in enumerate(rows) if row.selectable]
    return min(stops, key=lambda index: abs(index - old_index)) if stops else -1


class RowList(ScrollView, can_focus=False):
    """The rows; the screen that holds it owns the keys and calls `move`."""

    COMPONENT_CLASSES = {"row-list--cursor"}

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        list: RowList
        key: str

    @dataclass
    class Opened(Message):
        """A row was clicked when the cursor stood on it already."""

        list: RowList
        key: str

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[Row] = []
        self._cursor = -1

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self._cursor].key if self._cursor >= 0 else None

    def show(self, rows: Sequence[Row], *, key: str | None = None) -> None:
        """Show `rows`; the cursor stays on its row, or goes to `key` when given."""
        before = self.key
        self._cursor = kept_cursor(rows, key or before, max(self._cursor, 0))
        self._rows = list(rows)
        self.virtual_size = Size(self.size.width, len(self._rows))
        self.refresh()
        self._reveal()
        if self.key is not None and self.key != before:
            self.post_message(self.Moved(self, self.key))

    def move(self, steps: int) -> None:
        """Move the cursor over `steps` selectable rows, stopping at the ends."""
        stops = [index for index, row in enumerate(self._rows) if row.selectable]
        if not stops:
            return
        place = stops.index(self._cursor) + steps if self._cursor in stops else 0
        self._go(stops[max(0, min(len(stops) - 1, place))])

    def _go(self, index: int) -> None:
        if index != self._cursor:
            self._cursor = index
            self.refresh()
            self._reveal()
            self.post_message(self.Moved(self, self._rows[index].key))

    def _reveal(self) -> None:
        if self._cursor >= 0 and self.size.height:
            self.scroll_to_region(Region(0, self._cursor, 1, 1), animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Lay the rows out for the new width."""
        self.virtual_size = Size(self.size.width, len(self._rows))
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Move to the clicked row; a click on the row under the cursor opens it."""
        index = event.y + self.scroll_offset.y
        if not 0 <= index < len(self._rows) or not self._rows[index].selectable:
            return
        if index == self._cursor:
            self.post_message(self.Opened(self, self._rows[index].key))
        self._go(index)

    def render_line(self, y: int) -> Strip:
        """One row as cells."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, self.rich_style)
        here = index == self._cursor
        line = Content.assemble(
            (CURSOR if here else " " * MARGIN, "bold $accent"), self._rows[index].render(width - MARGIN)
        )
        style = self.get_visual_style("row-list--cursor") if here else self.visual_style
        strips = Visual.to_strips(self, line.truncate(width, ellipsis=True, pad=True), width, 1, style)
        return strips[0].adjust_cell_length(width, style.rich_style)
