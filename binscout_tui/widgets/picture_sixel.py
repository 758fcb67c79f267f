"""When and where sixel pixels are painted: they are no cells, so every frame may write over them."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Region
from textual.widget import Widget


class SixelPainter:
    """Paints the pixels of one widget right after the frames that wrote over them, and only then.

    `region` gives the picture's place on the screen or None where not all of it is visible, `pixels` the sixel
    sequence or None, `write` hands bytes to the app's writer.
    """

    def __init__(
        self,
        widget: Widget,
        region: Callable[[], Region | None],
        pixels: Callable[[], str | None],
        write: Callable[[str], None],
    ) -> None:
        self._widget = widget
        self._region = region
        self._pixels = pixels
        self._write = write
        self._painted_at: Region | None = None
        self._asked = False
        self._due = False
        self._around: dict[Widget, Region] = {}
        self.cells_changed = True

    def forget(self) -> None:
        """The pixels are no longer on the screen."""
        self._painted_at = None

    def paint_over(self) -> bool:
        """Paint a new picture straight over one of the same shape, without blanks that flicker between them."""
        if self._painted_at is None or self._painted_at != self._region():
            return False
        self._paint()
        return True

    def rows_asked(self) -> None:
        """The compositor makes a frame with our rows in it: see after it whether pixels are to be painted."""
        if not self._asked:
            self._asked = True
            self._widget.call_later(self._after_frame)
        if self._is_written_over():
            self._due = True
            self.cells_changed = False

    def layout_refreshed(self) -> None:
        """Comes after the frame of a new layout: what came or went over the picture has written over it."""
        if self._around != self._overlapping():
            self._paint()

    def _is_written_over(self) -> bool:
        """Whether the frame being made writes over our cells.

        The compositor asks for the rows of every widget and writes few of them; sending the pixels each time would
        cost 200 kB for a clock that ticks. The caption is not in the pixels' way, and what lies above only covers
        them.
        """
        widget = self._widget
        dirty = widget.screen._dirty_widgets
        if (widget in dirty and self.cells_changed) or self._around != self._overlapping():
            return True
        below = dirty - self._lying_above(widget.region) - {widget}
        return any(other.region.overlaps(widget.region) for other in below)

    def _overlapping(self) -> dict[Widget, Region]:
        """Every visible widget that shares cells with ours, and where it is."""
        visible = self._widget.screen._compositor.visible_widgets
        ours = self._widget.region
        return {widget: place for widget, (place, _clip) in visible.items() if place.overlaps(ours)}

    def _lying_above(self, region: Region) -> set[Widget]:
        """Toasts and menus over `region`: pixels cover them, so they are drawn again; they never uncover pixels."""
        compositor = self._widget.screen._compositor
        geometry = compositor.full_map
        if self._widget not in geometry:
            return set()
        ours = geometry[self._widget].order
        return {
            widget
            for widget, (place, _clip) in compositor.visible_widgets.items()
            if widget is not self._widget and place.overlaps(region) and geometry[widget].order > ours
        }

    def _after_frame(self) -> None:
        self._asked = False
        if self._due:
            self._due = False
            self._paint()

    def _paint(self) -> None:
        region, pixels = self._region(), self._pixels()
        self._around = self._overlapping()
        self._painted_at = region if pixels is not None else None
        if region is None or pixels is None:
            return
        self._write(f"\x1b7\x1b[{region.y + 1};{region.x + 1}H{pixels}\x1b8")
        for widget in self._lying_above(region):
            widget.refresh()
