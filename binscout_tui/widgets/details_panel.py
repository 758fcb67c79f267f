"""Text beside pictures that is wrapped and scrolls; only rows that changed are painted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.gallery_panel import PANEL

WHEEL = 3
"""Rows that one step of the mouse wheel scrolls."""
BAR, NO_BAR = "┃", " "


class PanelHost(Protocol):
    """The screen around it."""

    def leave_panel(self) -> None:
        """The pictures have the keys again."""


class DetailsPanel(Commanded, Widget, can_focus=True):
    """Shows lines, long ones in several rows. The same lines again cost nothing, and it stays where it was read.

    It scrolls by itself: what says another number of lines would lay the whole screen out with each key.
    """

    SCOPE = PANEL
    BINDINGS = PANEL.bindings()
    FOOTER = "own first"
    DEFAULT_CSS = """
    DetailsPanel { height: 1fr; background: $surface; padding: 0 0 0 1; }
    DetailsPanel:focus { background: $panel; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.top = 0
        self._lines: tuple[Content, ...] = ()
        self._rows: list[Strip] = []
        self._about: object = None

    @property
    def text(self) -> str:
        """What it says, a line each."""
        return "\n".join(line.plain for line in self._lines)

    def show(self, about: object, lines: Sequence[Content]) -> None:
        """Show `lines`, from their top where they are about something else than before."""
        wanted = tuple(lines)
        stays = about == self._about
        if stays and len(wanted) == len(self._lines) and all(map(Content.is_same, wanted, self._lines)):
            return
        self._about, self._lines = about, wanted
        before = self._seen()
        self._wrap(self.top if stays else 0)
        for y, (old, new) in enumerate(zip(before, self._seen(), strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.content_size.width + self.gutter.width, 1))

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Wrap the lines anew; Textual does not always tell a widget that it has another size."""
        before = self.content_size
        updated = super()._size_updated(size, virtual_size, container_size, layout)
        if self.content_size != before:
            self._wrap(self.top)
            self.refresh()
        return updated

    def notify_style_update(self) -> None:
        """Other colours."""
        super().notify_style_update()
        self._wrap(self.top)

    def _wrap(self, top: int) -> None:
        width = self.content_size.width - 1  # the last column is that of the bar
        self._rows = []
        if width > 0 and self.is_attached:
            for line in self._lines:
                # An empty line is a row too.
                shown = line if line.plain else Content(" ")
                self._rows += Visual.to_strips(self, shown, width, None, self.visual_style)
        self.top = max(0, min(top, self._last))

    @property
    def _last(self) -> int:
        """The row at the top when the end is seen."""
        return max(0, len(self._rows) - self.content_size.height)

    def _seen(self) -> list[Strip]:
        return [self.render_line(y) for y in range(self.content_size.height)]

    def render_line(self, y: int) -> Strip:
        """One row as cells."""
        width, style = self.content_size.width, self.visual_style.rich_style
        number = y + self.top
        row = self._rows[number] if 0 <= number < len(self._rows) else Strip.blank(width - 1, style)
        row = row.adjust_cell_length(max(0, width - 1), style)
        return Strip([*row, Segment(BAR if self._has_bar(y) else NO_BAR, style)], max(1, width))

    def _has_bar(self, y: int) -> bool:
        height, rows = self.content_size.height, len(self._rows)
        if rows <= height:
            return False
        length = max(1, height * height // rows)
        first = (height - length) * self.top // max(1, self._last)
        return first <= y < first + length

    def _scroll(self, by: int) -> None:
        top = max(0, min(self.top + by, self._last))
        if top != self.top:
            self.top = top
            self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self._scroll(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self._scroll(-WHEEL)

    def action_down(self) -> None:
        """A line down."""
        self._scroll(1)

    def action_up(self) -> None:
        """A line up."""
        self._scroll(-1)

    def action_page_down(self) -> None:
        """A page down."""
        self._scroll(max(1, self.content_size.height - 1))

    def action_page_up(self) -> None:
        """A page up."""
        self._scroll(-max(1, self.content_size.height - 1))

    def action_first(self) -> None:
        """To the top."""
        self._scroll(-self.top)

    def action_last(self) -> None:
        """To the end."""
        self._scroll(self._last)

    def action_leave(self) -> None:
        """Back to the pictures."""
        cast(PanelHost, self.screen).leave_panel()
