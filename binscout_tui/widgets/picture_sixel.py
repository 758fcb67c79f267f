"""When and where sixel pixels are painted: they are no cells, so every frame may write over them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from textual._compositor import CompositorMap
from textual.geometry import Region
from textual.widget import Widget


def _overlapping(widget: Widget) -> dict[Widget, Region]:
    """Every visible widget that shares cells with `widget`, itself among them, and where it is."""
    visible = widget.screen._compositor.visible_widgets
    ours = widget.region
    return {other: place for other, (place, _clip) in visible.items() if place.overlaps(ours)}


def _lying_above(widget: Widget, region: Region) -> set[Widget]:
    """Toasts and menus over `region`: pixels cover them, so they are drawn again; they never uncover pixels."""
    compositor = widget.screen._compositor
    geometry = compositor.full_map
    if widget not in geometry:
        return set()
    ours = geometry[widget].order
    return {
        other
        for other, (place, _clip) in compositor.visible_widgets.items()
        if other is not widget and place.overlaps(region) and geometry[other].order > ours
    }


def _placed(region: Region, pixels: str) -> str:
    """What to write so that `pixels` begin at `region`; the cursor goes back to where it was."""
    return f"\x1b7\x1b[{region.y + 1};{region.x + 1}H{pixels}\x1b8"


@dataclass(frozen=True, slots=True)
class Piece:
    """Sixel pixels and their place on the screen, in cells."""

    region: Region
    pixels: str


class TilePainter:
    """Paints many pictures of one widget, each only after a frame wrote over its cells, or when its pixels changed.

    `pieces` gives what is to be on the screen now, by any key that stays the same for a place; what is not wholly
    visible must not be among them. `write` hands bytes to the app's writer.
    """

    def __init__(
        self, widget: Widget, pieces: Callable[[], Mapping[Hashable, Piece]], write: Callable[[str], None]
    ) -> None:
        self._widget = widget
        self._pieces = pieces
        self._write = write
        self._painted: dict[Hashable, Piece] = {}
        self._geometry: CompositorMap = {}
        self._coming: list[Region] = []
        self._written: list[Region] = []
        self._asked = False

    def forget(self) -> None:
        """None of the pixels is on the screen any longer."""
        self._painted.clear()

    def will_write(self, *regions: Region) -> None:
        """The next frame writes these cells of the widget, or all of them."""
        self._coming.extend(regions or (self._widget.size.region,))

    def rows_asked(self) -> None:
        """The compositor makes a frame with our rows in it: paint after it what it writes over."""
        written = list(self._being_written())
        if not written and not self._written:
            return
        self._written.extend(written)
        if not self._asked:
            self._asked = True
            self._widget.call_later(self._after_frame)

    def layout_refreshed(self) -> None:
        """Comes after the frame of a new layout: what came or went over the pictures has written over them."""
        self._paint_over(list(self._moved()))

    def paint_changed(self) -> None:
        """Paint what is new straight over the cells, except where a frame that is coming writes over it anyway."""
        offset = self._widget.content_region.offset
        coming = [region.translate(offset) for region in self._coming]
        self._paint_over((), leave_out=[*coming, *self._written])

    def _after_frame(self) -> None:
        self._asked = False
        written, self._written = self._written, []
        self._paint_over(written)

    def _being_written(self) -> Iterable[Region]:
        """The regions of the screen that the frame being made writes and that share cells with ours."""
        widget = self._widget
        dirty = widget.screen._dirty_widgets
        others = dirty - _lying_above(widget, widget.region) - {widget}
        covered = [other.region for other in others if other.region.overlaps(widget.region)]
        if widget in dirty or any(region.contains_region(widget.region) for region in covered):
            offset = widget.content_region.offset
            yield from (region.translate(offset) for region in self._coming)
            self._coming.clear()
        yield from covered
        yield from self._moved()

    def _moved(self) -> Iterable[Region]:
        """What the compositor writes because of a new layout: the places of all that came, went or changed."""
        before, self._geometry = self._geometry, self._widget.screen._compositor.full_map
        if before is not self._geometry:
            for _widget, place in before.items() ^ self._geometry.items():
                yield place.clip.intersection(place.region)

    def _paint_over(self, written: Iterable[Region], leave_out: Iterable[Region] = ()) -> None:
        """Paint the pieces that are new, and those that `written` shares cells with.

        The compositor writes a row from the last edge of any widget on, whatever part of it has changed.
        """
        pieces = self._pieces() if self._widget.is_attached else {}
        written, leave_out = list(map(self._from_left, written)), list(map(self._from_left, leave_out))
        due = {
            key: piece
            for key, piece in pieces.items()
            if (self._painted.get(key) != piece or _touches(piece, written)) and not _touches(piece, leave_out)
        }
        kept = {key: piece for key, piece in self._painted.items() if key in pieces}
        self._painted = kept | due
        if due:
            self._write("".join(_placed(piece.region, piece.pixels) for piece in due.values()))
            covering: set[Widget] = set()
            for piece in due.values():
                covering |= _lying_above(self._widget, piece.region)
            for widget in covering:
                widget.refresh()

    def _from_left(self, region: Region) -> Region:
        cuts = self._widget.screen._compositor.cuts[max(0, region.y) : region.bottom]
        left = min((max((cut for cut in row if cut <= region.x), default=0) for row in cuts), default=region.x)
        return Region(left, region.y, region.right - left, region.height)


def _touches(piece: Piece, regions: Iterable[Region]) -> bool:
    return any(piece.region.overlaps(region) for region in regions)


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
        self._coming: list[Region] = []

    def forget(self) -> None:
        """The pixels are no longer on the screen."""
        self._painted_at = None

    def will_write(self, regions: Iterable[Region]) -> None:
        """The next frame writes these cells of the widget."""
        self._coming.extend(regions)

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
        self._coming.clear()

    def layout_refreshed(self) -> None:
        """Comes after the frame of a new layout: what came or went over the picture has written over it."""
        if self._around != _overlapping(self._widget):
            self._paint()

    def _is_written_over(self) -> bool:
        """Whether the frame being made writes over our cells.

        The compositor asks for the rows of every widget and writes few of them; sending the pixels each time would
        cost 200 kB for a clock that ticks. The caption is not in the pixels' way, and what lies above only covers
        them. A new layout often makes two frames that write the same cells, so each is asked for itself.
        """
        widget = self._widget
        dirty = widget.screen._dirty_widgets
        if self._writes_pixels() or self._around != _overlapping(self._widget):
            return True
        below = dirty - _lying_above(widget, widget.region) - {widget}
        return any(other.region.overlaps(widget.region) for other in below)

    def _writes_pixels(self) -> bool:
        shown, offset = self._region(), self._widget.region.offset
        return any(shown is None or region.translate(offset).overlaps(shown) for region in self._coming)

    def _after_frame(self) -> None:
        self._asked = False
        if self._due:
            self._due = False
            self._paint()

    def _paint(self) -> None:
        region, pixels = self._region(), self._pixels()
        self._around = _overlapping(self._widget)
        self._painted_at = region if pixels is not None else None
        if region is None or pixels is None:
            return
        self._write(_placed(region, pixels))
        for widget in _lying_above(self._widget, region):
            widget.refresh()
