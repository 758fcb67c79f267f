"""Zooming and moving a picture with the mouse."""

from __future__ import annotations

from textual import events
from textual.geometry import Offset
from textual.widget import Widget

WHEEL = 1.25
"""How much closer one notch of the wheel brings the picture."""


class MouseZoom(Widget):
    """The wheel zooms at the pointer; dragging moves what is zoomed. A click that does not move is left to others."""

    zoomable = False
    _held_at: Offset | None = None
    _dragged = False

    @property
    def is_zoomed(self) -> bool:
        """Whether there is something to move."""
        return False

    def zoom_at(self, offset: Offset, factor: float) -> bool:
        """Closer by `factor`, with what is at `offset` (cells of the content) staying there."""
        return False

    def drag(self, right: int, down: int) -> bool:
        """Move the picture by cells."""
        return False

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer."""
        self._wheel(event, WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Farther."""
        self._wheel(event, 1 / WHEEL)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        if self.zoomable:
            event.stop()
            event.prevent_default()
            self.zoom_at(event.get_content_offset_capture(self), factor)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Perhaps the beginning of a drag."""
        self._dragged = False
        if self.zoomable and self.is_zoomed and event.button == 1:
            self._held_at = event.screen_offset
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Dragging."""
        if self._held_at is not None:
            moved, self._held_at = event.screen_offset - self._held_at, event.screen_offset
            if moved:
                self._dragged = True
                self.drag(moved.x, moved.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The end of a drag."""
        if self._held_at is not None:
            self._held_at = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """The end of a drag is no click."""
        if self._dragged:
            self._dragged = False
            event.stop()
