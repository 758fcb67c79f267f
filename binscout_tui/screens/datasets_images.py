"""The images of one dataset version as tiles, narrowed by a filter, a split, a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from binscout_tui.browsing.version import VersionDesk
from binscout_tui.capturing.choosing import Option
from binscout_tui.commands.datasets import IMAGES
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.splits import SPLITS
from binscout_tui.screens import datasets_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.store import filters
from binscout_tui.store.dataset_pages import FrozenRow, Wanted
from binscout_tui.store.images import Image
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.widgets.image_grid import GridItem, ImageGrid, TileSize
from binscout_tui.widgets.line import Line
from binscout_tui.workers.filter_words import FilterWords

NOTHING = "no image of this version is like that"


class ImagesView(Commanded, Vertical, can_focus=True):
    """A grid over what a desk has; the screen around it shows one image in full and goes up."""

    SCOPE = IMAGES
    BINDINGS = IMAGES.bindings()

    @dataclass
    class Opened(Message):
        """An image is to be shown in full."""

        id: int

    @dataclass
    class Left(Message):
        """One wants to go up."""

    @dataclass
    class Moved(Message):
        """Something of the place that is kept has changed."""

    @dataclass
    class Damaged(Message):
        """The preview of an image cannot be shown."""

        image: Image

    @dataclass
    class BalanceWanted(Message):
        """Classes and sizes are to be shown."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.desk: VersionDesk | None = None
        self.title = ""
        self._words: FilterWords | None = None

    def compose(self) -> ComposeResult:
        """The status, the filter, the tiles beside the details, a line about the image."""
        yield Line(id="data-images-line")
        yield FilterBar(id="data-filter")
        with Horizontal(id="data-images-work"):
            yield ImageGrid(empty=NOTHING, id="data-grid")
            yield Line(id="data-details")
        yield Line(id="data-image")

    # What the checks of the commands look at.

    @property
    def grid(self) -> ImageGrid:
        """The tiles."""
        return self.query_one("#data-grid", ImageGrid)

    @property
    def bar(self) -> FilterBar:
        """The line of the filter."""
        return self.query_one("#data-filter", FilterBar)

    @property
    def has_image(self) -> bool:
        """Whether there is an image under the cursor."""
        return self.desk is not None and self.grid.cursor_id is not None

    @property
    def is_part(self) -> str:
        """What the images are a part of the version by, or ""."""
        return self.title if self.desk is not None and self.desk.part is not None else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter, a split or a class is chosen."""
        return self.desk is not None and self.desk.wanted != Wanted()

    # Showing.

    def show(self, desk: VersionDesk, title: str, image: int | None) -> None:
        """Look at what a desk has, with the cursor on an image."""
        self.desk, self.title = desk, title
        within = filters.parse(f"dataset:{desk.dataset.id}")
        self._words = FilterWords(desk.workspace, within=within)
        self._show_ids(image)

    def _show_ids(self, image: int | None) -> None:
        desk = self.desk
        if desk is None:
            return
        self.grid.show(desk.ids, cursor=desk.nearest(image))
        self.grid.forget(self.grid.page_ids)
        self.tell()
        if not desk.is_complete:
            self.run_worker(
                desk.load_rest(self._grown),
                group="ids",
                exclusive=True,
                exit_on_error=False,
                description="reading the list of images",
            )

    def _grown(self) -> None:
        """More ids are known; nothing moves."""
        if self.desk is not None:
            self.grid.show(self.desk.ids)
            self.tell()

    async def refresh_rows(self, *, ids: bool) -> None:
        """Labels or files may have changed, and with `ids` which images count: it is read again."""
        desk, here = self.desk, self.grid.cursor_id
        if desk is None:
            return
        desk.forget()
        if ids:
            await self.narrow(desk.wanted)
        self.grid.forget(desk.ids)
        if here is not None and self.grid.cursor_id != here:
            self.frame.toast(f"Image {here} is not among these any more.", "warning")

    def tell(self) -> None:
        """The lines around the pictures."""
        desk = self.desk
        if desk is None:
            return
        line = lines.images_line(
            desk.dataset,
            self.title,
            desk.wanted,
            len(desk.ids),
            whole=desk.is_complete,
            at=self.grid.cursor if self.has_image else None,
            size=str(self.grid.tile_size),
            width=max(20, self.size.width - 2),
        )
        self.query_one("#data-images-line", Line).say(line)
        row = desk.known(self.grid.cursor_id) if self.grid.cursor_id is not None else None
        self.query_one("#data-image", Line).say(lines.image_line(row, max(20, self.size.width - 2)))
        self.query_one("#data-details", Line).say(lines.details(row))

    def on_resize(self, event: events.Resize) -> None:
        """The lines fit the width."""
        self.tell()

    @on(ImageGrid.Wanted)
    def _wanted(self, event: ImageGrid.Wanted) -> None:
        event.stop()
        self.run_worker(
            self._give(event.ids), group="rows", exit_on_error=False, description="reading what is known of images"
        )

    async def _give(self, ids: Sequence[int]) -> None:
        desk = self.desk
        if desk is not None:
            rows = await desk.rows(ids)
            if self.desk is desk:
                self.grid.give([item(desk, row) for row in rows])
                self.tell()

    @on(ImageGrid.Damaged)
    def _damaged(self, event: ImageGrid.Damaged) -> None:
        event.stop()
        row = self.desk.known(event.id) if self.desk is not None else None
        if row is not None:
            self.post_message(self.Damaged(row.image))

    def give_again(self, image_id: int) -> None:
        """The preview of an image was made."""
        row = self.desk.known(image_id) if self.desk is not None else None
        if self.desk is not None and row is not None:
            self.grid.give([item(self.desk, row)])

    @on(ImageGrid.CursorMoved)
    def _cursor_moved(self, event: ImageGrid.CursorMoved) -> None:
        event.stop()
        self.tell()
        self.post_message(self.Moved())

    @on(ImageGrid.Opened)
    def _opened(self, event: ImageGrid.Opened) -> None:
        event.stop()
        self.post_message(self.Opened(event.id))

    # Narrowing.

    async def narrow(self, wanted: Wanted) -> None:
        """Look at these images only; the cursor stays on its image when it is among them."""
        desk, here = self.desk, self.grid.cursor_id
        if desk is None:
            return
        await desk.open(wanted, here)
        self._show_ids(here)
        self.post_message(self.Moved())

    def action_filter(self) -> None:
        """Type a filter."""
        if self.desk is not None and self._words is not None:
            self.bar.open(self._words, self.desk.wanted.text)

    @on(FilterBar.Applied)
    async def _filtered(self, event: FilterBar.Applied) -> None:
        event.stop()
        await self._narrow_by(event.text)

    @on(FilterBar.Cleared)
    async def _unfiltered(self, event: FilterBar.Cleared) -> None:
        event.stop()
        await self._narrow_by("")

    async def _narrow_by(self, text: str) -> None:
        if self.desk is not None:
            try:
                await self.narrow(msgspec.structs.replace(self.desk.wanted, text=text))
            except BinScoutError as error:
                self.frame.report(error, "filtering")

    @on(FilterBar.Closed)
    def _bar_closed(self, event: FilterBar.Closed) -> None:
        event.stop()
        if self.display:
            self.focus()

    def on_key(self, event: events.Key) -> None:
        """Letters typed before the line of the filter had the focus belong to it."""
        self.bar.take_ahead(event)

    async def action_split(self) -> None:
        """The next split, and after the last one all."""
        if self.desk is not None:
            order = [None, *SPLITS]
            following = order[(order.index(self.desk.wanted.split) + 1) % len(order)]
            await self.narrow(msgspec.structs.replace(self.desk.wanted, split=following))

    @dialog(description="choose a class")
    async def action_pick(self) -> None:
        """Ask for a class."""
        from binscout_tui.dialogs.pick import Pick

        desk = self.desk
        if desk is None:
            return
        counts = desk.dataset.counts
        names = sorted(counts)
        options = [Option(at, name, f"{sum(counts[name].values()):,} images") for at, name in enumerate(names)]

        async def load() -> Sequence[Option]:
            return options

        picked = await self.app.push_screen_wait(Pick("Show only this class, as it was frozen", load))
        if picked is not None and picked.key is not None and self.desk is desk:
            await self.narrow(msgspec.structs.replace(desk.wanted, label=names[picked.key]))

    async def action_everything(self) -> None:
        """All images again."""
        await self.narrow(Wanted())

    # Moving.

    def _move(self, columns: int = 0, rows: int = 0) -> None:
        self.grid.move(columns, rows)
        self.tell()

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

    def action_page_previous(self) -> None:
        """A page back."""
        self.grid.page(-1)

    def action_first(self) -> None:
        """To the first image."""
        self.grid.to_start()

    def action_last(self) -> None:
        """To the last image."""
        self.grid.to_end()

    def action_larger(self) -> None:
        """Larger tiles."""
        self._resize(self.grid.tile_size.larger)

    def action_smaller(self) -> None:
        """Smaller tiles."""
        self._resize(self.grid.tile_size.smaller)

    def _resize(self, size: TileSize) -> None:
        self.grid.tile_size = size
        self.tell()
        self.post_message(self.Moved())

    # Elsewhere.

    def action_open(self) -> None:
        """The image under the cursor in full."""
        if self.grid.cursor_id is not None:
            self.post_message(self.Opened(self.grid.cursor_id))

    def action_balance(self) -> None:
        """Classes and sizes."""
        self.post_message(self.BalanceWanted())

    def action_leave(self) -> None:
        """Up."""
        self.post_message(self.Left())


def item(desk: VersionDesk, row: FrozenRow) -> GridItem:
    """The tile of an image."""
    image = row.image
    return GridItem(
        id=image.id,
        small=desk.thumb(image),
        large=desk.preview(image),
        size=(image.width, image.height),
        title=row.split or "-",
        badge=lines.badge(row),
        sign=lines.sign(row),
    )
