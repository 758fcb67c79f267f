"""Which pictures a grid shows: what is seen is taken or asked for, and what may be seen next is made ahead."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.geometry import Size
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.grid_drawing import GridDrawing
from binscout_tui.widgets.grid_items import GridItem, KnownItems
from binscout_tui.widgets.grid_layout import TileSize, lay_out
from binscout_tui.widgets.grid_pictures import GridPictures, Tile
from binscout_tui.widgets.link import LINK_CHECK_S, link_is_busy

REST_S = 0.45
"""After this long without a move, drafts are replaced by fine pictures."""
TOGETHER_S = 0.03
"""Pictures that arrive within this time are drawn together: a frame costs more than a tile."""
PAGES_AHEAD = 2
MOST_ASKED = 1_500


class GridSeeing(GridDrawing):
    """Keeps the tiles at the pictures of the place, of the layout, and of what can be shown now."""

    tile_size: reactive[TileSize] = reactive(TileSize.M, repaint=False)

    def __init__(self, tile_size: TileSize, empty: str, id: str | None, classes: str | None) -> None:
        super().__init__(tile_size, empty, id, classes)
        self._known = KnownItems()
        self._pictures: GridPictures | None = None
        self._rest: Timer | None = None
        self._flush: Timer | None = None
        self._late: Timer | None = None
        self._placing = False
        self.set_reactive(GridSeeing.tile_size, tile_size)

    def wants(self, ids: tuple[int, ...]) -> None:
        """Something is to be known of these images, the most urgent first."""

    def moved_from(self, before: int | None) -> None:
        """The cursor was on the image `before`."""

    def damaged(self, image: int) -> None:
        """The preview of an image that is seen cannot be shown."""

    @property
    def is_settled(self) -> bool:
        """Every visible tile shows its picture, or why there is none."""
        pictures = self._pictures
        if pictures is None or self._late is not None or not (pictures.tiles or not self._place.ids):
            return False
        return pictures.is_settled

    @property
    def is_on_screen(self) -> bool:
        """It is settled, and all of it has gone out to the terminal."""
        return self.is_settled and not link_is_busy(self.app)

    def redraw(self) -> None:
        """Send the pixels again: the terminal lost them, or is another one."""
        self._painter.forget()
        if self._pictures is not None and self.is_attached:
            self._pictures.leave()
            self._lay_out()

    # -- what is seen ------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Lay the tiles out for the size of now; the cursor, or else the first tile, stays in view."""
        room = self.scrollable_content_region.size if self.is_attached else Size()
        if not room:
            return
        place = self._place
        layout = lay_out(self.tile_size, room, graphics_of(self.app).cell)
        if layout != place.layout:
            self._forget_rows()
        place.lay_out(layout)
        self._placing = True
        self.virtual_size = Size(room.width, layout.virtual_height(len(place.ids)))
        self._placing = False
        self._place_scroll_bar()
        self._see()
        self.refresh()

    def _scroll_rows(self, first_row: int) -> None:
        """By the mouse. The cursor comes along: no key may decide on an image that is out of sight."""
        before = self._place.cursor_id
        if self._place.scroll(first_row):
            self._place.bring_cursor()
            self._scrolled()
            self.moved_from(before)

    def _scrolled(self) -> None:
        """Other rows of tiles are seen; while the link to the terminal is busy, only the latest are drawn."""
        if self._late is not None:
            return
        if link_is_busy(self.app):
            self._late = self.set_timer(LINK_CHECK_S, self._scrolled_late)
            return
        self._place_scroll_bar()
        self._see()
        self.refresh()

    def _scrolled_late(self) -> None:
        self._late = None
        if self.is_attached:
            self._scrolled()

    def _place_scroll_bar(self) -> None:
        self._placing = True
        try:
            y = self._place.first_row * self._place.layout.tile_height
            self.scroll_to(y=y, animate=False, force=True, immediate=True)
        finally:
            self._placing = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The scroll bar was dragged, or follows us."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if not self._placing and self.is_attached:
            self._scroll_rows(round(new_value / self._place.layout.tile_height))

    def watch_tile_size(self) -> None:
        """Another size: the cursor's image stays in view."""
        if self.is_attached:
            self._lay_out()

    # -- pictures ----------------------------------------------------------------------------------------

    def _see(self) -> None:
        """Take the pictures that are ready into the tiles that are visible, have the others made."""
        pictures = self._pictures
        if pictures is None:
            return
        page = [(image, self._known.get(image)) for image in self._place.seen]
        changed = pictures.see(page, self._look())
        self._tiles = pictures.tiles
        for tile in changed:
            if tile.problem and tile.item is not None and not tile.item.problem:
                self.damaged(tile.id)
        self._send(changed)
        self._ask()
        self.call_after_refresh(self._look_ahead)
        if self._rest is not None:
            self._rest.reset()
            self._rest.resume()

    def _take_in(self, items: Iterable[GridItem]) -> None:
        """Know these; those that are seen are drawn, where something of them is new."""
        new, pictures = set(), self._pictures
        for item in items:
            retried = pictures is not None and pictures.retry(item)
            if self._known.put(item) != item or retried:
                new.add(item.id)
        if pictures is None or not new:
            return
        seen = [tile.id for tile in pictures.tiles if tile.id in new or tile.problem]
        if seen:
            self._see()
            self._refresh_captions(seen)
        self._look_ahead()

    def _ask(self) -> None:
        """Have the screen tell what is not known of the visible images, and of the pages beside them."""
        if self._pictures is not None:
            missing = self._known.to_ask(self._place.around(PAGES_AHEAD)[:MOST_ASKED])
            if missing:
                self.wants(missing)

    def _look_ahead(self) -> None:
        """Have the pictures of the next and the previous page made."""
        if self._pictures is None or not self.is_attached:
            return
        pages = self._place.pages_beside(1)
        self._pictures.prefetch(
            item for page in pages for image in page if (item := self._known.get(image)) is not None
        )

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
        changed: list[Tile] = self._pictures.take()
        for tile in changed:
            if tile.problem:
                self.damaged(tile.id)
        self._send(changed)
        self._refresh_pictures(set(changed))

    # -- life --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow modals above this screen, and the theme, whose background is around the pictures."""
        self._pictures = GridPictures(self._store, self._arrived)
        self._rest = self.set_interval(REST_S, self._refine, name="fine pictures", pause=True)
        self.screen.screen_layout_refresh_signal.subscribe(self, self._layout_refreshed)
        self.watch(self.screen, "stack_updates", self._screen_changed, init=False)
        # The signal comes after the new colours are there; a watcher of `theme` may run before.
        self.app.theme_changed_signal.subscribe(self, lambda _: self._new_ground())

    def on_resize(self, _event: events.Resize) -> None:
        """A new size."""
        self._lay_out()

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Textual posts no `Resize` where somebody asked for a place on the screen just before it laid that out."""
        is_new = self._size != size
        updated = super()._size_updated(size, virtual_size, container_size, layout)
        if is_new and self.is_attached:
            self.call_next(self._lay_out)
        return updated

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
            self._tiles = ()
            self._store.held.show(self, ())
            self._trim_held()

    def _layout_refreshed(self, _screen: Screen[object]) -> None:
        self._painter.layout_refreshed()

    def _new_ground(self) -> None:
        self._styles = None
        self._forget_rows()
        self._lay_out()

    def _forget_rows(self) -> None:
        for tile in self._tiles:
            tile.rows = None

    def _screen_changed(self) -> None:
        self._painter.forget()
        self._lay_out()
        self._refresh_below_modal()
