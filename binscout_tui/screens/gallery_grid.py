"""The grid of the gallery: tiles, the cursor, the lines about the image under it, and the place that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from textual import events as textual_events
from textual import on
from textual.timer import Timer

from binscout_tui.browsing.desk import GalleryDesk
from binscout_tui.browsing.place import Place
from binscout_tui.screens import gallery_lines as lines
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.screens.gallery_full import FullView
from binscout_tui.store.gallery import Row
from binscout_tui.widgets.image_grid import GridItem, ImageGrid, TileSize
from binscout_tui.widgets.line import Line

KEEP_S = 0.8
SETTLED_S = 0.03


class GridScreen(DecidingScreen):
    """A screen with the grid over the library; what else it shows is up to its subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: GalleryDesk | None = None
        self._full_id: int | None = None
        self._place = Place()
        self._keeping: Timer | None = None
        self._seen_image: int | None = None

    # What the checks of the commands look at.

    @property
    def is_full(self) -> bool:
        """Whether one image fills the screen."""
        return self._full_id is not None

    @property
    def here(self) -> int | None:
        """The image that is shown in full or under the cursor."""
        if self.desk is None or self._full_id is not None:
            return self._full_id
        return self.grid.cursor_id

    @property
    def has_image(self) -> bool:
        """Whether there is an image under the cursor."""
        return self.here is not None

    @property
    def marked(self) -> int:
        """How many images are marked."""
        return len(self.grid.marks) if self.desk is not None else 0

    @property
    def grid(self) -> ImageGrid:
        """The tiles."""
        return self.query_one("#gallery-grid", ImageGrid)

    @property
    def full(self) -> FullView:
        """One image in full."""
        return self.query_one("#gallery-full", FullView)

    # What was seen is this image, and no other that has come under the cursor since.

    def seen(self) -> None:
        """It is on the screen."""
        self._seen_image = self.here
        super().seen()

    def _may_be_meant(self, moment: float) -> bool:
        return self._seen_image == self.here and super()._may_be_meant(moment)

    # Showing the grid.

    def _show_grid(self, image_id: int | None) -> None:
        """Show the tiles with the cursor on an image."""
        if self.desk is not None:
            self.waits()
            self.grid.show(self.desk.ids, cursor=image_id)
            self._tell()
            self._await_grid()

    def _await_grid(self) -> None:
        """Keys decide as soon as the tiles that are to be seen are on the screen."""
        if not self.is_full:
            self.call_after_refresh(self._grid_seen)

    def _grid_seen(self) -> None:
        if self.is_full or self.is_seen:
            return
        if self.grid.is_on_screen or not self.has_image:
            # What became true just now is painted with the next refresh.
            self.call_after_refresh(self._grid_drawn, self.here)
        else:
            self.set_timer(SETTLED_S, self._grid_seen)

    def _grid_drawn(self, image_id: int | None) -> None:
        if self.is_full or self.is_seen:
            return
        if self.here == image_id and (self.grid.is_on_screen or not self.has_image):
            self.seen()
        else:
            self._await_grid()

    @on(ImageGrid.Wanted)
    def _wanted(self, event: ImageGrid.Wanted) -> None:
        self.run_worker(
            self._give(event.ids), group="rows", exit_on_error=False, description="reading what is known of images"
        )

    async def _give(self, ids: Sequence[int]) -> None:
        if self.desk is not None:
            self.grid.give([self._item(self.desk, row) for row in await self.desk.rows(ids)])
            if not self.is_full:
                self._tell_image()

    @on(ImageGrid.Damaged)
    def _tile_damaged(self, event: ImageGrid.Damaged) -> None:
        row = self.desk.known(event.id) if self.desk is not None else None
        if self.desk is not None and row is not None:
            item = self._item(self.desk, row)
            self.repair(row.image, partial(self._repaired, item))

    def _repaired(self, item: GridItem) -> None:
        self.grid.give([item])

    def _item(self, desk: GalleryDesk, row: Row) -> GridItem:
        image = row.image
        return GridItem(
            id=image.id,
            small=desk.thumb(image),
            large=desk.preview(image),
            size=(image.width, image.height),
            title=f"#{image.id}",
            badge=lines.badge(row.label),
            sign=lines.sign(row),
        )

    @on(ImageGrid.CursorMoved)
    def _cursor_moved(self) -> None:
        if not self.is_full:
            self.waits()
            self._tell()
            self._keep_soon()
            self._await_grid()

    def _tell(self) -> None:
        """The lines around the pictures."""
        raise NotImplementedError

    def _tell_image(self) -> None:
        here = self.here
        row = self.desk.known(here) if self.desk is not None and here is not None else None
        marked = here in self.grid.marks
        line = lines.image_line(row, max(20, self.size.width - 2), marked=marked)
        self.query_one("#gallery-line", Line).say(line)
        self.tell_details()

    def tell_details(self) -> None:
        """Bring the details beside the pictures up to date."""

    def on_resize(self, event: textual_events.Resize) -> None:
        """The counts stay at the right end."""
        self._tell()

    # Moving. The lines are said with the move, not when it is heard of, so that one frame shows both.

    def _moved(self) -> None:
        self.waits()
        self._tell()
        self._await_grid()

    def _move(self, columns: int = 0, rows: int = 0) -> None:
        self.grid.move(columns, rows)
        self._moved()

    def action_left(self) -> None:
        """To the left."""
        self._move(columns=-1)

    def action_right(self) -> None:
        """To the right."""
        self._move(columns=1)

    def action_up(self) -> None:
        """Up."""
        self._move(rows=-1)

    def action_down(self) -> None:
        """Down."""
        self._move(rows=1)

    def action_page_next(self) -> None:
        """A page on."""
        self.grid.page(1)
        self._moved()

    def action_page_previous(self) -> None:
        """A page back."""
        self.grid.page(-1)
        self._moved()

    def action_first(self) -> None:
        """To the first image."""
        self.grid.to_start()
        self._moved()

    def action_last(self) -> None:
        """To the last image."""
        self.grid.to_end()
        self._moved()

    # How the grid looks.

    def action_larger(self) -> None:
        """Larger tiles."""
        self._resize(self.grid.tile_size.larger)

    def action_smaller(self) -> None:
        """Smaller tiles."""
        self._resize(self.grid.tile_size.smaller)

    def _resize(self, size: TileSize) -> None:
        if size is self.grid.tile_size:
            self.frame.toast(f"{size} is the {'largest' if size is TileSize.XXL else 'smallest'} size.")
            return
        self.waits()
        self.grid.tile_size = size
        self._tell()
        self._keep_soon()
        self._await_grid()

    # The place.

    def _keep_soon(self) -> None:
        """Remember the place, not more than about once a second."""
        if self.desk is None:
            return
        self._place = msgspec.structs.replace(
            self._place,
            image=self.here,
            full=self.is_full,
            size=str(self.grid.tile_size),
            order=self.desk.order,
            filter=self.desk.filter_text,
        )
        if self._keeping is None:
            self._keeping = self.set_timer(KEEP_S, self._keep_beside)

    def _keep_beside(self) -> None:
        """Keys must not wait for what is being written."""
        self.run_worker(self._keep(), group="place", exit_on_error=False, description="keeping the place")

    async def _keep(self) -> None:
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
            await self.keep_place(self._place)

    async def on_screen_suspend(self) -> None:
        """The place is kept when one leaves."""
        await self._keep()

    async def on_unmount(self) -> None:
        """The place is kept at the end too."""
        await self._keep()
