"""Looking closely at one picture: which part of it is shown, and what is where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.geometry import Offset

from binscout_tui.terminal.payload import Payload, Request, cells_to_fill
from binscout_tui.terminal.view import View
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.picture_cells import PictureCells
from binscout_tui.widgets.picture_mouse import MouseZoom
from binscout_tui.widgets.picture_place import Place, place, whole_place
from binscout_tui.widgets.picture_tags import Tag, tags_of
from binscout_tui.widgets.picture_view import STEP, Viewing


class PictureLooking(PictureCells, MouseZoom):
    """Zooms, moves, and knows which place of the picture a cell shows."""

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        self._caption = ""
        self._viewing = Viewing()
        super().__init__(name=name, id=id, classes=classes)

    @property
    def path(self) -> Path | None:
        """The file that is shown or on its way."""
        return None

    def looked_elsewhere(self) -> None:
        """The view has changed."""

    @property
    def view(self) -> View:
        """Which part of the picture is looked at."""
        return self._viewing.view

    @property
    def can_zoom(self) -> bool:
        """Whether there is a picture whose size is known."""
        return self.path is not None and self._viewing.size is not None

    @property
    def is_zoomed(self) -> bool:
        """Whether not all of the picture is seen."""
        return not self.view.is_whole

    @property
    def zoom_text(self) -> str:
        """How close it is: "2.4x", "1:1", or "" for the whole picture."""
        return self._viewing.text(self._room())

    def zoom_in(self) -> bool:
        """One step closer; like all of these it says whether anything changed."""
        return self._look(self._viewing.zoom(STEP, self._room()))

    def zoom_out(self) -> bool:
        """One step back, as far as the whole picture."""
        return self._look(self._viewing.zoom(1 / STEP, self._room()))

    def zoom_to_pixels(self) -> bool:
        """One pixel of the picture is one of the screen; from there back to the whole."""
        return self._look(self._viewing.to_pixels(self._room()))

    def look_at(self, view: View) -> bool:
        """The place that another picture shows."""
        return self._look(self._viewing.look_at(view, self._room()))

    def whole(self) -> bool:
        """All of the picture."""
        return self._look(self._viewing.whole())

    def pan(self, right: float, down: float) -> bool:
        """Move by shares of what is seen: 0.5 is half of its width or height."""
        return self._look(self._viewing.pan(right, down, self._room()))

    def zoom_at(self, offset: Offset, factor: float) -> bool:
        """Closer by `factor`, with what is at `offset` (cells of the content) staying there."""
        return self._look(self._viewing.zoom(factor, self._room(), self.at(offset)))

    def drag(self, right: int, down: int) -> bool:
        """Move the picture by cells."""
        seen = self._place()
        if seen is None:
            return False
        return self.pan(-right / (seen.right - seen.left), -down / (seen.bottom - seen.top))

    def at(self, offset: Offset) -> tuple[float, float] | None:
        """The point of the picture (0..1) in the middle of the cell at `offset` of the content, or None beside it."""
        seen = self._place()
        return seen.at(offset.x + 0.5, offset.y + 0.5) if seen is not None else None

    def cell_of(self, x: float, y: float) -> Offset | None:
        """The cell of the content where a point of the picture (0..1) is, or None where it is not seen."""
        seen = self._place()
        found = seen.cells_of(x, y) if seen is not None else None
        if found is None:
            return None
        width, height = self._room_in_cells()
        return Offset(min(int(found[0]), width - 1), min(int(found[1]), height - 1))

    def where(self) -> Place | None:
        """Where the picture lies in the widget, in cells; None while none is on the screen."""
        return self._place()

    def _place(self) -> Place | None:
        if self._on_screen is None or self._on_screen.request.path != self.path:
            return None
        return self._place_of(self._on_screen.request, self._on_screen.payload)

    def _place_of(self, request: Request, payload: Payload) -> Place:
        cells = request.columns, request.rows
        shown = payload.columns, payload.rows
        if self._viewing.size is None:
            return whole_place(cells, shown)
        cell = request.cell_width, request.cell_height
        return place(self._viewing.size, cells, cell, request.view, shown, request.cells)

    def _tags_of(self, request: Request, payload: Payload) -> list[Tag]:
        named = [box for box in request.boxes if box.name]
        if not named:
            return []
        found, (left, top) = self._place_of(request, payload), self._offset(payload)
        on_cells = replace(
            found, left=found.left - left, right=found.right - left, top=found.top - top, bottom=found.bottom - top
        )
        return tags_of(named, on_cells, payload.columns, payload.rows)

    def _look(self, changed: bool) -> bool:
        if changed:
            self.looked_elsewhere()
            if self._caption:
                self._refresh_caption()
        return changed

    def _room(self) -> tuple[int, int]:
        """What the picture may fill in screen pixels, at least one."""
        graphics, room = graphics_of(self.app), self._room_in_cells()
        room = max(1, room[0]), max(1, room[1])
        columns, rows = cells_to_fill(self._protocol(), room, graphics.cell, graphics.sixel_size)
        return columns * graphics.cell_width, rows * graphics.cell_height

    @property
    def caption_text(self) -> str:
        """The caption, and how close the picture is."""
        if not self._caption or self._viewing.view.is_whole:
            return self._caption
        return f"{self._caption} · {self.zoom_text}"

    def _has_caption(self, height: int) -> bool:
        return bool(self._caption) and height > 2
