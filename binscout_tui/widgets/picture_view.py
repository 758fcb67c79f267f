"""Which part of a picture one widget shows, and whether its preview has enough pixels for that."""

from __future__ import annotations

from binscout_tui.imaging.previews import PREVIEW
from binscout_tui.terminal.scale import Detail
from binscout_tui.terminal.view import WHOLE, View, fitting_scale, pixel_zoom
from binscout_tui.widgets.picture_place import zoomed_at

STEP = 2**0.5
"""How much closer one step of zooming brings the picture."""
_ENOUGH = 1.05
"""A preview enlarged by no more than this looks as sharp as the original."""

Size = tuple[int, int]


class Viewing:
    """Zoom and place on one picture of `size` pixels (None: unknown, then there is no zoom).

    `room` is what the widget has for it, in screen pixels. Each change answers whether something changed.
    """

    def __init__(self, size: Size | None = None) -> None:
        self.size = size
        self.view = WHOLE
        self.detail: Detail | None = None
        self._asked = False

    def zoom(self, factor: float, room: Size, at: tuple[float, float] | None = None) -> bool:
        """Closer by `factor`, with the point `at` (0..1 of the picture) staying where it is."""
        if self.size is None:
            return False
        return self._take(zoomed_at(self.view, factor, at or (self.view.x, self.view.y), self.size, room))

    def to_pixels(self, room: Size) -> bool:
        """One pixel of the picture is one of the screen; from there back to the whole."""
        if self.size is None:
            return False
        if self._is_pixels(room):
            return self.whole()
        return self._take(
            View(max(1.0, pixel_zoom(self.size, room)), self.view.x, self.view.y).settled(self.size, room)
        )

    def look_at(self, view: View, room: Size) -> bool:
        """The place that another picture shows, as far as this one has it."""
        return self.size is not None and self._take(view.settled(self.size, room))

    def whole(self) -> bool:
        """All of the picture."""
        return self._take(WHOLE)

    def pan(self, right: float, down: float, room: Size) -> bool:
        """Move by shares of what is seen."""
        return self.size is not None and self._take(self.view.panned(right, down, self.size, room))

    def text(self, room: Size) -> str:
        """How close it is, in words; "" for the whole picture."""
        if self.view.is_whole:
            return ""
        return "1:1" if self._is_pixels(room) else f"{self.view.zoom:.1f}x"

    def wants_detail(self, room: Size, dots: float) -> bool:
        """Whether more pixels than the preview's would be seen; true once. `dots` are drawn for one screen pixel."""
        if self._asked or self.size is None or self.view.is_whole or max(self.size) <= PREVIEW:
            return False
        self._asked = fitting_scale(self.size, room) * self.view.zoom * dots > _ENOUGH * PREVIEW / max(self.size)
        return self._asked

    def lose_detail(self) -> None:
        """The detail cannot be read any longer; it may be asked for again."""
        self.detail, self._asked = None, False

    def _is_pixels(self, room: Size) -> bool:
        return self.size is not None and abs(self.view.zoom / max(1.0, pixel_zoom(self.size, room)) - 1) < 1e-6

    def _take(self, view: View) -> bool:
        changed, self.view = view != self.view, view
        return changed
