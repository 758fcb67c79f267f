"""Very many images as tiles of one widget: pictures, captions, a cursor, marks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.grid_items import GridItem, KnownItems
from binscout_tui.widgets.grid_layout import GridLayout, TileSize, lay_out
from binscout_tui.widgets.grid_pictures import GridPictures, Look, Tile
from binscout_tui.widgets.grid_rows import (
    Caption,
    GridStyles,
    beside,
    caption_row,
    picture_rows,
    problem_rows,
    waiting_rows,
)
from binscout_tui.widgets.picture_rows import placeholder_rows, words
from binscout_tui.widgets.picture_sixel import Piece, TilePainter
from binscout_tui.widgets.picture_store import PictureStore, store_of

REST_S = 0.45
"""After this long without a move, drafts are replaced by fine pictures."""
TOGETHER_S = 0.03
"""Pictures that arrive within this time are drawn together: a frame costs more than a tile."""
PAGES_AHEAD = 2
MOST_ASKED = 1_500


class ImageGrid(ScrollView, can_focus=False):
    """Tiles of images by their ids, of which any number may be given: only those that are seen cost anything.

    The screen that holds it owns the keys, and answers `Wanted` with `give`. The grid scrolls by whole rows of tiles.
    """

    DEFAULT_CSS = """
    ImageGrid {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    ImageGrid > .image-grid--caption { color: $text-muted; }
    ImageGrid > .image-grid--cursor { color: $background; background: $accent; text-style: bold; }
    ImageGrid > .image-grid--mark { color: $success; text-style: bold; }
    ImageGrid > .image-grid--quiet { color: $text-disabled; }
    ImageGrid > .image-grid--problem { color: $warning; }
    """
    COMPONENT_CLASSES = {
        "image-grid--caption",
        "image-grid--cursor",
        "image-grid--mark",
        "image-grid--quiet",
        "image-grid--problem",
    }

    tile_size: reactive[TileSize] = reactive(TileSize.M, repaint=False)
    marks: reactive[frozenset[int]] = reactive(frozenset(), repaint=False)

    @dataclass
    class Wanted(Message):
        """Something is to be known of these images, the most urgent first: `give` it."""

        grid: ImageGrid
        ids: tuple[int, ...]

    @dataclass
    class Damaged(Message):
        """The preview of an image that is seen cannot be shown; `give` it again when there is a better one."""

        grid: ImageGrid
        id: int

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another image."""

        grid: ImageGrid
        id: int
        position: int

    @dataclass
    class Opened(Message):
        """The image under the cursor was clicked."""

        grid: ImageGrid
        id: int

    def __init__(
        self,
        *,
        tile_size: TileSize = TileSize.M,
        empty: str = "no images",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self._painter = TilePainter(self, self._pieces, self._write)
        super().__init__(id=id, classes=classes)
        self._empty = empty
        self._ids: Sequence[int] = ()
        self._known = KnownItems()
        self._cursor = -1
        self._first_row = 0
        self._direction = 1
        self._layout = lay_out(tile_size, (1, 1), (1, 2))
        self._pictures: GridPictures | None = None
        self._styles: GridStyles | None = None
        self._rest: Timer | None = None
        self._flush: Timer | None = None
        self._placing = False
        self.set_reactive(ImageGrid.tile_size, tile_size)

    # -- what screens call -------------------------------------------------------------------------------

    @property
    def ids(self) -> Sequence[int]:
        """The ids as they were given."""
        return self._ids

    @property
    def cursor(self) -> int:
        """The position under the cursor, -1 where there is nothing."""
        return self._cursor

    @property
    def cursor_id(self) -> int | None:
        """The id under the cursor."""
        return self._ids[self._cursor] if self._cursor >= 0 else None

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return self._layout.columns

    @property
    def rows_a_page(self) -> int:
        """Whole rows of tiles that are seen."""
        return self._layout.rows

    @property
    def is_settled(self) -> bool:
        """Every visible tile shows its picture, or why there is none."""
        return self._pictures is not None and self._pictures.is_settled

    def show(self, ids: Sequence[int], cursor: int | None = None) -> None:
        """Show these images. The cursor goes to the id `cursor`, or stays on its image, else where it was."""
        before, wanted = self.cursor_id, self.cursor_id if cursor is None else cursor
        row_below_top = max(self._cursor, 0) // self._layout.columns - self._first_row
        self._ids = ids
        position = _position(ids, wanted)
        if position < 0:
            position = min(max(self._cursor, 0), len(ids) - 1)
        self._cursor = position
        self._first_row = max(0, position) // self._layout.columns - row_below_top
        self._lay_out()
        self._tell_moved(before)

    def give(self, items: Iterable[GridItem]) -> None:
        """What is known of images; those that are seen are drawn, where something of them is new."""
        images, pictures = set(), self._pictures
        for item in items:
            retried = pictures is not None and pictures.retry(item)
            if self._known.put(item) != item or retried:
                images.add(item.id)
        if pictures is None or not images:
            return
        seen = [tile for tile in pictures.tiles if tile.id in images or tile.problem]
        if seen:
            self._see()
            self._refresh_captions(tile.id for tile in seen)
        self._look_ahead()

    def forget(self, ids: Iterable[int]) -> None:
        """What is known of these is old: it is asked for again; until it comes the old is shown."""
        self._known.forget(ids)
        self._ask()

    def move(self, columns: int = 0, rows: int = 0) -> None:
        """Move the cursor; beyond the ends it stays where it is, beyond a row it goes on in the next."""
        position = self._cursor + columns + rows * self._layout.columns
        last = len(self._ids) - 1
        if rows > 0 and position > last and self._cursor // self._layout.columns < last // self._layout.columns:
            position = last
        if 0 <= position <= last:
            self._go(position)

    def page(self, by: int = 1) -> None:
        """Move by so many pages; the cursor keeps its place on the page as far as there are images."""
        if not self._ids:
            return
        columns, rows = self._layout.columns, self._layout.rows
        last_row = (len(self._ids) - 1) // columns
        row = min(max(self._cursor // columns + by * rows, 0), last_row)
        self._go(min(row * columns + self._cursor % columns, len(self._ids) - 1), self._first_row + by * rows)

    def to_start(self) -> None:
        """To the first image."""
        self._go(0)

    def to_end(self) -> None:
        """To the last image."""
        self._go(len(self._ids) - 1)

    def go_to(self, image: int) -> bool:
        """To the image with this id; False where it is not among those shown."""
        position = _position(self._ids, image)
        if position >= 0:
            self._go(position)
        return position >= 0

    def redraw(self) -> None:
        """Send the pixels again: the terminal lost them, or is another one."""
        self._painter.forget()
        if self._pictures is not None and self.is_attached:
            self._pictures.leave()
            self._lay_out()

    # -- where things are --------------------------------------------------------------------------------

    def _go(self, position: int, first_row: int | None = None) -> None:
        """The cursor to `position`; the view follows as little as it must, or to `first_row`."""
        if not 0 <= position < len(self._ids):
            return
        before, before_id = self._cursor, self.cursor_id
        self._cursor = position
        wanted = self._first_row if first_row is None else self._clamped(first_row)
        scrolled = self._scroll_rows(self._layout.first_row_showing(position, wanted))
        if not scrolled:
            self._refresh_caption(before)
            self._refresh_caption(position)
        self._tell_moved(before_id)

    def _tell_moved(self, before: int | None) -> None:
        image = self.cursor_id
        if image is not None and image != before:
            self.post_message(self.CursorMoved(self, image, self._cursor))

    def _clamped(self, first_row: int) -> int:
        return min(max(0, first_row), self._layout.last_first_row(len(self._ids)))

    def _scroll_rows(self, first_row: int) -> bool:
        """Show the tiles from row `first_row` on; whether that is another place than before."""
        first_row = self._clamped(first_row)
        if first_row == self._first_row:
            return False
        self._direction = 1 if first_row > self._first_row else -1
        self._first_row = first_row
        self._place_scroll_bar()
        self._see()
        self.refresh()
        return True

    def _place_scroll_bar(self) -> None:
        self._placing = True
        try:
            self.scroll_to(y=self._first_row * self._layout.tile_height, animate=False, force=True, immediate=True)
        finally:
            self._placing = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The scroll bar was dragged, or follows us."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if not self._placing and self.is_attached:
            self._scroll_rows(round(new_value / self._layout.tile_height))

    def watch_tile_size(self) -> None:
        """Another size: the cursor's image stays in view."""
        if self.is_attached:
            self._lay_out()

    def _lay_out(self) -> None:
        """Lay the tiles out for the size of now; the cursor, or else the first tile, stays in view."""
        room = self.scrollable_content_region.size if self.is_attached else Size()
        if not room:
            return
        before = self._layout
        first = self._first_row * before.columns
        self._layout = lay_out(self.tile_size, room, graphics_of(self.app).cell)
        if self._layout != before:
            self._first_row = first // self._layout.columns
        if self._cursor >= 0:
            self._first_row = self._layout.first_row_showing(self._cursor, self._first_row)
        self._first_row = self._clamped(self._first_row)
        self._placing = True
        self.virtual_size = Size(room.width, self._layout.virtual_height(len(self._ids)))
        self._placing = False
        self._place_scroll_bar()
        self._see()
        self.refresh()

    # -- pictures ----------------------------------------------------------------------------------------

    @property
    def _store(self) -> PictureStore:
        return store_of(self.app)

    @property
    def _on_top(self) -> bool:
        return self.is_attached and self.app.screen is self.screen

    def _visible_ids(self) -> Sequence[int]:
        start = self._first_row * self._layout.columns
        return self._ids[start : start + self._layout.page]

    def _see(self) -> None:
        """Take the pictures that are ready into the tiles that are visible, have the others made."""
        pictures = self._pictures
        if pictures is None:
            return
        page = [(image, self._known.get(image)) for image in self._visible_ids()]
        changed = pictures.see(page, self._look())
        self._draw(changed)
        self._ask()
        self.call_after_refresh(self._look_ahead)
        if self._rest is not None:
            self._rest.reset()
            self._rest.resume()

    def _look(self) -> Look | None:
        graphics = graphics_of(self.app)
        protocol = self._protocol(graphics.protocol)
        if protocol is Protocol.NONE or not self.display:
            return None
        layout = self._layout
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

    def _ask(self) -> None:
        """Have the screen tell what is not known of the visible images, and of the pages beside them."""
        if self._pictures is None:
            return
        window = [*self._visible_ids(), *chain.from_iterable(self._pages_beside(PAGES_AHEAD))]
        missing = self._known.to_ask(window[:MOST_ASKED])
        if missing:
            self.post_message(self.Wanted(self, missing))

    def _pages_beside(self, ahead: int) -> list[Sequence[int]]:
        """The ids of so many pages in the direction of travel, and of one in the other."""
        start, page = self._first_row * self._layout.columns, self._layout.page
        steps = [self._direction * step for step in range(1, ahead + 1)] + [-self._direction]
        places = [start + step * page for step in steps]
        return [self._ids[max(0, place) : max(0, place + page)] for place in places]

    def _look_ahead(self) -> None:
        """Have the pictures of the next and the previous page made."""
        if self._pictures is None or not self.is_attached:
            return
        ids = chain.from_iterable(self._pages_beside(1))
        items = [item for image in ids if (item := self._known.get(image)) is not None]
        self._pictures.prefetch(items)

    def _refine(self) -> None:
        if self._rest is not None:
            self._rest.pause()
        if self._pictures is not None and self._on_top:
            self._pictures.refine()

    def _arrived(self) -> None:
        """Draw what was made: at once when nothing more is on its way, else a little later with what comes next."""
        if self._pictures is None:
            return
        if not self._pictures.is_waiting:
            self._take()
        elif self._flush is None:
            self._flush = self.set_timer(TOGETHER_S, self._take)

    def _take(self) -> None:
        if self._flush is not None:
            self._flush.stop()
            self._flush = None
        if self._pictures is None or not self.is_attached:
            return
        waiting = {tile.id for tile in self._pictures.tiles if not tile.is_settled}
        changed = self._pictures.take()
        for tile in changed:
            if tile.problem:
                self.post_message(self.Damaged(self, tile.id))
        self._draw(changed)
        self._refresh_pictures(changed, waiting)

    def _draw(self, tiles: Sequence[Tile]) -> None:
        """Give the terminal the pictures of these tiles before the frame whose cells show them."""
        pictures = self._pictures
        if pictures is None:
            return
        held, sent, shown = self._store.held, [], []
        for tile in tiles:
            if tile.payload is not None and tile.payload.picture is not None:
                tile.image_id, text = held.send(tile.shown, tile.payload.picture)
                sent.append(text)
        for tile in pictures.tiles:
            if tile.payload is not None and tile.payload.picture is not None:
                shown.append(tile.shown)
        self._write("".join(sent))
        if deletions := held.show(self, shown):
            self.call_after_refresh(self._write, deletions)

    def _refresh_pictures(self, tiles: Sequence[Tile], waiting: set[int]) -> None:
        """Draw the cells of these tiles again. Sixel pixels go straight over what they cover."""
        if not tiles:
            return
        layout = self._layout
        places = {tile.id: place for tile in tiles if (place := self._place(tile.id)) is not None}
        dirty = [
            Region(*places[tile.id], layout.tile_width, layout.picture_rows)
            for tile in tiles
            if tile.id in places and not (self._is_sixel(tile))
        ]
        if dirty:
            self.refresh(*_few(dirty, layout.page, self.size))
            self._refresh_below_modal()
        self._painter.paint_changed()

    def _is_sixel(self, tile: Tile) -> bool:
        return tile.payload is not None and tile.payload.sixel is not None

    def _place(self, image: int) -> tuple[int, int] | None:
        pictures = self._pictures
        if pictures is None:
            return None
        for slot, tile in enumerate(pictures.tiles):
            if tile.id == image:
                return self._slot_place(slot)
        return None

    def _slot_place(self, slot: int) -> tuple[int, int]:
        row, column = divmod(slot, self._layout.columns)
        return self._layout.lefts[column], row * self._layout.tile_height

    def _write(self, data: str) -> None:
        driver = self.app._driver
        if data and driver is not None:
            driver.write(data)
            driver.flush()

    # -- cells -------------------------------------------------------------------------------------------

    def watch_marks(self, old: frozenset[int], new: frozenset[int]) -> None:
        """Only the captions of those that changed are drawn."""
        self._refresh_captions(old ^ new)

    def _refresh_captions(self, images: Iterable[int]) -> None:
        wanted = set(images)
        if self._pictures is None or not wanted:
            return
        for slot, tile in enumerate(self._pictures.tiles):
            if tile.id in wanted:
                self._refresh_caption(self._first_row * self._layout.columns + slot)

    def _refresh_caption(self, position: int) -> None:
        place = self._layout.place(position, self._first_row) if position >= 0 else None
        if place is not None:
            x, y = place
            layout = self._layout
            self.refresh(Region(x - 1, y + layout.picture_rows, layout.tile_width + 2, 1))
            self._refresh_below_modal()

    def _refresh_below_modal(self) -> None:
        if not self._on_top and self.screen in self.app._background_screens:
            self.app.screen.refresh()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Textual's refresh; the painter of pixels remembers which cells it draws."""
        if repaint:
            self._painter.will_write(*regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows for the frame that is being made; sixel pixels follow right after it."""
        pictures = self._pictures
        if pictures is not None and not self._on_top and any(_needs_top(tile) for tile in pictures.tiles):
            return [Strip.blank(crop.width, self._grid_styles.ground)] * crop.height
        strips = super().render_lines(crop)
        self._painter.rows_asked()
        return strips

    def render_line(self, y: int) -> Strip:
        """One row: of pictures, or of captions."""
        width, styles, layout = self.size.width, self._grid_styles, self._layout
        tiles = self._pictures.tiles if self._pictures is not None else []
        if not tiles:
            return words((self._empty,), width, self.size.height, styles.quiet)[y]
        row, line = divmod(y, layout.tile_height)
        first = row * layout.columns
        in_row = tiles[first : first + layout.columns] if row < layout.rows else []
        if line == layout.picture_rows:
            start = self._first_row * layout.columns + first
            captions = [
                Caption(tile.item, tile.id in self.marks, start + place == self._cursor)
                for place, tile in enumerate(in_row)
            ]
            return caption_row(captions, layout.lefts, layout.tile_width, width, styles)
        strips = [(left, self._strips(tile)[line]) for left, tile in zip(layout.lefts, in_row, strict=False)]
        return beside(strips, width, styles.ground)

    def _strips(self, tile: Tile) -> list[Strip]:
        """The cells of a tile without its caption."""
        if tile.strips is None:
            tile.strips = self._make_strips(tile)
        return tile.strips

    def _make_strips(self, tile: Tile) -> list[Strip]:
        width, height, styles = self._layout.tile_width, self._layout.picture_rows, self._grid_styles
        payload, shown = tile.payload, tile.shown
        if payload is None or shown is None:
            make = problem_rows(tile.problem, width, height, styles) if tile.problem else None
            return make or waiting_rows(width, height, styles)
        if payload.picture is not None:
            strips = placeholder_rows(payload, tile.image_id, styles.ground)
        else:
            strips = self._store.rows(shown, payload) if payload.runs is not None else []
        return picture_rows(strips, width, height, styles)

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

    def _pieces(self) -> dict[Hashable, Piece]:
        """The sixel pixels of the tiles that can be painted, by their place on the page."""
        geometry = self.screen._compositor.visible_widgets.get(self) if self._on_top else None
        if geometry is None or self._pictures is None:
            return {}
        pieces: dict[Hashable, Piece] = {}
        for slot, tile in enumerate(self._pictures.tiles):
            payload = tile.payload
            if payload is None or payload.sixel is None:
                continue
            x, y = self._slot_place(slot)
            left = (self._layout.tile_width - payload.columns) // 2
            top = (self._layout.picture_rows - payload.rows) // 2
            place = Region(x + left, y + top, payload.columns, payload.rows).translate(self.content_region.offset)
            if geometry[1].contains_region(place):
                pieces[slot] = Piece(place, payload.sixel)
        return pieces

    # -- the mouse ---------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Move to the clicked tile; a click on the tile under the cursor opens it."""
        offset = event.get_content_offset(self)
        position = self._layout.at(offset.x, offset.y, self._first_row) if offset is not None else None
        if position is None or position >= len(self._ids):
            return
        if position == self._cursor:
            self.post_message(self.Opened(self, self._ids[position]))
        else:
            self._go(position)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """One row of tiles; the cursor stays on its image."""
        event.stop()
        event.prevent_default()
        self._scroll_rows(self._first_row + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """One row of tiles; the cursor stays on its image."""
        event.stop()
        event.prevent_default()
        self._scroll_rows(self._first_row - 1)

    # -- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow modals above this screen, and the theme, whose background is around the pictures."""
        self._pictures = GridPictures(self._store, self._arrived)
        self._rest = self.set_interval(REST_S, self._refine, name="fine pictures", pause=True)
        self.screen.screen_layout_refresh_signal.subscribe(self, self._layout_refreshed)
        self.watch(self.screen, "stack_updates", self._screen_changed, init=False)
        self.watch(self.app, "theme", self._theme_changed, init=False)

    def on_resize(self) -> None:
        """A new size, or a new size of the font."""
        self._lay_out()

    def on_show(self) -> None:
        """Shown again after `on_hide`."""
        self._lay_out()

    def on_hide(self) -> None:
        """Not visible: nothing more is made, and the terminal may drop the pixels."""
        self._leave()

    def on_unmount(self) -> None:
        """Nothing that still runs reports back."""
        self._leave()

    def _leave(self) -> None:
        self._painter.forget()
        if self._pictures is not None:
            self._pictures.leave()
            self._write(self._store.held.show(self, ()))

    def _layout_refreshed(self, _screen: Screen[object]) -> None:
        self._painter.layout_refreshed()

    def _theme_changed(self) -> None:
        self._styles = None
        self.call_after_refresh(self._new_ground)

    def _new_ground(self) -> None:
        self._styles = None
        if self._pictures is not None:
            for tile in self._pictures.tiles:
                tile.strips = None
        self._lay_out()

    def _screen_changed(self) -> None:
        self._painter.forget()
        self._lay_out()
        self._refresh_below_modal()


def _position(ids: Sequence[int], image: int | None) -> int:
    """Where `image` is in `ids`, or -1."""
    if image is None:
        return -1
    try:
        return ids.index(image)
    except ValueError:
        return -1


def _needs_top(tile: Tile) -> bool:
    """Its cells mean something only where no modal blends their colours."""
    return tile.payload is not None and tile.payload.picture is not None


def _few(regions: Sequence[Region], page: int, size: Size) -> Sequence[Region]:
    """All of the widget where most of its tiles are to be drawn."""
    return [size.region] if 2 * len(regions) > page else regions


__all__ = ["GridItem", "GridLayout", "ImageGrid", "TileSize"]
