"""A grid of images that is gone through by whole pages, and in which a click marks."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from binscout_tui.widgets.image_grid import ImageGrid


class MarkingGrid(ImageGrid):
    """Tells of every click on a tile, and moves the cursor there; a marked tile says `✗ wrong`.

    The cursor stays on the page: what is decided on a page must not slip half out of it.
    """

    MARK = "✗ wrong "
    DEFAULT_CSS = """
    MarkingGrid > .image-grid--mark { color: $background; background: $error; text-style: bold; }
    """

    @dataclass
    class Clicked(Message):
        """A tile was clicked; `moment` is when."""

        grid: MarkingGrid
        id: int
        moment: float

    def on_click(self, event: events.Click) -> None:
        """Move to the clicked tile and tell of it."""
        event.prevent_default()
        offset = event.get_content_offset(self)
        position = self._place.layout.at(offset.x, offset.y, self._place.first_row) if offset is not None else None
        if position is not None and position < len(self.ids):
            self._go(position)
            self.post_message(self.Clicked(self, self.ids[position], event.time))

    def move(self, columns: int = 0, rows: int = 0) -> None:
        """Move the cursor on the page."""
        position = self._place.beside(columns, rows)
        if self._place.start <= position < self._place.start + len(self.page_ids):
            self._go(position)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """A page on."""
        event.stop()
        event.prevent_default()
        self.page(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A page back."""
        event.stop()
        event.prevent_default()
        self.page(-1)

    def page_at(self, image: int) -> bool:
        """To the image with this id, at the top of the page where there are enough below it; False without it."""
        position = self._place.find(image)
        if position >= 0:
            self._go(position, position // self.columns)
        return position >= 0
