"""How a grid of tiles gets to the screen: its cells into frames, its pixels beside them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import ClassVar, Self

from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.grid_layout import TileSize, lay_out
from binscout_tui.widgets.grid_pictures import Look, Tile
from binscout_tui.widgets.grid_place import GridPlace
from binscout_tui.widgets.grid_rows import (
    MARK,
    Caption,
    GridStyles,
    Row,
    beside,
    caption_row,
    picture_rows,
    placeholder_rows,
    problem_rows,
    waiting_rows,
)
from binscout_tui.widgets.picture_rows import words
from binscout_tui.widgets.picture_sixel import Piece, TilePainter
from binscout_tui.widgets.picture_store import PictureStore, store_of


class GridDrawing(ScrollView):
    """Draws tiles and their captions, and only those of them that are other ones than before.

    Lines go into the frame as they are: style it with neither border, padding nor opacity.
    """

    MARK: ClassVar[str] = MARK
    """What stands first in the caption of a marked tile."""

    marks: reactive[frozenset[int]] = reactive(frozenset(), repaint=False)

    def __init__(self, tile_size: TileSize, empty: str, id: str | None, classes: str | None) -> None:
        self._painter = TilePainter(self, self._pieces, self._write)
        super().__init__(id=id, classes=classes)
        self._empty = empty
        self._place = GridPlace(lay_out(tile_size, (1, 1), (1, 2)))
        self._tiles: Sequence[Tile] = ()
        self._styles: GridStyles | None = None

    @property
    def _store(self) -> PictureStore:
        return store_of(self.app)

    @property
    def _on_top(self) -> bool:
        return self.is_attached and self.app.screen is self.screen

    # -- how pictures are to be made -----------------------------------------------------------------------

    def _look(self) -> Look | None:
        graphics = graphics_of(self.app)
        protocol = self._protocol(graphics.protocol)
        if protocol is Protocol.NONE or not self.display:
            return None
        layout = self._place.layout
        return Look(
            protocol=protocol,
            cell=graphics.cell,
            background=self.background_colors[1].rgb,
            tmux=graphics.tmux,
            columns=layout.tile_width,
            rows=layout.picture_rows,
            page=layout.page,
        )

    def _protocol(self, protocol: Protocol) -> Protocol:
        """Half blocks under a modal: it blends the colours below it, and a blended placeholder is another picture."""
        if protocol in (Protocol.HALFBLOCK, Protocol.NONE):
            return protocol
        if not self._on_top or (protocol is Protocol.KITTY and self.app.console.color_system != "truecolor"):
            return Protocol.HALFBLOCK
        return protocol

    # -- pixels ------------------------------------------------------------------------------------------

    def _send(self, tiles: Iterable[Tile]) -> None:
        """Give the terminal the pictures of these tiles before the frame whose cells show them."""
        held, sent = self._store.held, []
        for tile in tiles:
            if tile.payload is not None and tile.payload.picture is not None:
                tile.image_id, text = held.send(tile.shown, tile.payload.picture)
                sent.append(text)
        shown = [tile.shown for tile in self._tiles if tile.payload is not None and tile.payload.picture is not None]
        self._write("".join(sent))
        held.show(self, shown)
        self.call_after_refresh(self._trim_held)

    def _trim_held(self) -> None:
        self._write(self._store.held.trim())

    def _pieces(self) -> dict[Hashable, Piece]:
        """The sixel pixels of the tiles that can be painted, by their place on the page."""
        geometry = self.screen._compositor.visible_widgets.get(self) if self._on_top else None
        if geometry is None:
            return {}
        pieces: dict[Hashable, Piece] = {}
        layout, offset = self._place.layout, self.content_region.offset
        for slot, tile in enumerate(self._tiles):
            payload = tile.payload
            if payload is None or payload.sixel is None:
                continue
            x, y = layout.corner(slot)
            x += (layout.tile_width - payload.columns) // 2
            y += (layout.picture_rows - payload.rows) // 2
            place = Region(x, y, payload.columns, payload.rows).translate(offset)
            if geometry[1].contains_region(place):
                pieces[slot] = Piece(place, payload.sixel)
        return pieces

    def _write(self, data: str) -> None:
        driver = self.app._driver
        if data and driver is not None:
            driver.write(data)
            driver.flush()

    # -- what is drawn again -----------------------------------------------------------------------------

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Textual's refresh; the painter of pixels remembers which cells it draws."""
        if repaint:
            self._painter.will_write(*regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def watch_marks(self, old: frozenset[int], new: frozenset[int]) -> None:
        """Only the captions of those that changed are drawn."""
        self._refresh_captions(old ^ new)

    def _refresh_captions(self, images: Iterable[int]) -> None:
        wanted = set(images)
        for slot, tile in enumerate(self._tiles):
            if tile.id in wanted:
                self._refresh_caption(self._place.start + slot)

    def _refresh_caption(self, position: int) -> None:
        layout = self._place.layout
        place = layout.place(position, self._place.first_row) if position >= 0 else None
        if place is not None:
            x, y = place
            self.refresh(Region(x - 1, y + layout.picture_rows, layout.tile_width + 2, 1))
            self._refresh_below_modal()

    def _refresh_pictures(self, tiles: Collection[Tile]) -> None:
        """Draw the cells of these tiles again. Sixel pixels go straight over what they cover."""
        layout = self._place.layout
        slots = [slot for slot, tile in enumerate(self._tiles) if tile in tiles and not _is_sixel(tile)]
        if slots:
            dirty = [Region(*layout.corner(slot), layout.tile_width, layout.picture_rows) for slot in slots]
            self.refresh(*_few(dirty, layout.page, self.size))
            self._refresh_below_modal()
        if tiles:
            self._painter.paint_changed()

    def _refresh_below_modal(self) -> None:
        if not self._on_top and self.screen in self.app._background_screens:
            self.app.screen.refresh()

    # -- cells -------------------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows for the frame that is being made; sixel pixels follow right after it."""
        if not self._on_top and any(_needs_top(tile) for tile in self._tiles):
            return [Strip.blank(crop.width, self._grid_styles.ground)] * crop.height
        lines = [self.render_line(y) for y in crop.line_range]
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            lines = [line.apply_filter(line_filter, background) for line in lines]
        self._painter.rows_asked()
        return [line.crop(*crop.column_span) for line in lines]

    def render_line(self, y: int) -> Strip:
        """One row: of pictures, or of captions."""
        width, styles, layout = self.size.width, self._grid_styles, self._place.layout
        if not self._tiles:
            return words((self._empty,), width, self.size.height, styles.quiet)[y]
        row, line = divmod(y, layout.tile_height)
        first = row * layout.columns
        in_row = self._tiles[first : first + layout.columns] if row < layout.rows else ()
        if line == layout.picture_rows:
            start = self._place.start + first
            captions = [
                Caption(tile.item, tile.id in self.marks, start + place == self._place.cursor, self.MARK)
                for place, tile in enumerate(in_row)
            ]
            return caption_row(captions, layout.lefts, layout.tile_width, width, styles)
        rows = [self._rows(tile)[line] for tile in in_row]
        return beside(rows, layout.lefts, layout.tile_width, width, styles.ground)

    def _rows(self, tile: Tile) -> list[Row]:
        """The cells of a tile without its caption."""
        if tile.rows is None:
            tile.rows = self._make_rows(tile)
        return tile.rows

    def _make_rows(self, tile: Tile) -> list[Row]:
        layout, styles = self._place.layout, self._grid_styles
        width, height = layout.tile_width, layout.picture_rows
        payload, shown = tile.payload, tile.shown
        if payload is None or shown is None:
            if tile.problem:
                return problem_rows(tile.problem, width, height, styles)
            return waiting_rows(width, height, styles)
        if payload.picture is not None:
            return placeholder_rows((payload.columns, payload.rows), tile.image_id, width, height, styles.ground)
        strips = self._store.rows(shown, payload) if payload.runs is not None else []
        return picture_rows(strips, width, height, styles.ground)

    @property
    def _grid_styles(self) -> GridStyles:
        if self._styles is None:
            ground = Style(bgcolor=self.background_colors[1].rich_color)
            self._styles = GridStyles(
                ground,
                *(self.get_component_rich_style(f"image-grid--{name}") for name in ("caption", "cursor", "mark")),
                *(ground + self.get_component_rich_style(f"image-grid--{name}") for name in ("quiet", "problem")),
            )
        return self._styles


def _is_sixel(tile: Tile) -> bool:
    return tile.payload is not None and tile.payload.sixel is not None


def _needs_top(tile: Tile) -> bool:
    """Its cells mean something only where no modal blends their colours."""
    return tile.payload is not None and tile.payload.picture is not None


def _few(regions: Sequence[Region], page: int, size: Size) -> Sequence[Region]:
    """All of the widget where most of its tiles are to be drawn."""
    return [size.region] if 2 * len(regions) > page else regions
