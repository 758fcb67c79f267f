"""Any number of one-line rows to scroll through: only those in sight are made."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


class LineList(ScrollView, can_focus=False):
    """The node that holds it owns the keys and calls the `scroll_…` methods of Textual."""

    DEFAULT_CSS = "LineList { height: 1fr; overflow-x: hidden; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._count = 0
        self._line: Callable[[int, int], Content] = lambda number, width: Content("")

    def show(self, count: int, line: Callable[[int, int], Content]) -> None:
        """Show `count` rows from the first; `line(number, width)` makes one."""
        self._count, self._line = count, line
        self.virtual_size = Size(self.size.width, count)
        self.scroll_home(animate=False, force=True, immediate=True)
        self.refresh()

    def on_resize(self) -> None:
        """Lay the rows out for the new width."""
        self.virtual_size = Size(self.size.width, self._count)

    def render_line(self, y: int) -> Strip:
        """One row as cells."""
        number = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= number < self._count:
            return Strip.blank(width, self.rich_style)
        line = self._line(number, width).truncate(width, ellipsis=True, pad=True)
        strips = Visual.to_strips(self, line, width, 1, self.visual_style)
        return strips[0].adjust_cell_length(width, self.visual_style.rich_style)
