"""The tiles of Verify: what they show, the lines around them, the pages, and the place that is kept."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from textual import events as textual_events
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.commands import verify as commands
from binscout_tui.commands.class_keys import reserved_keys
from binscout_tui.commands.command import Changes
from binscout_tui.commands.keymap import places
from binscout_tui.labelling.keys import DIGITS, class_keys
from binscout_tui.labelling.verifying import VerifyDesk, pace
from binscout_tui.screens import verify_lines as lines
from binscout_tui.screens.grid_deciding import GridDecidingScreen
from binscout_tui.store.gallery import Row
from binscout_tui.store.labels import LabelClass
from binscout_tui.widgets.image_grid import GridItem, ImageGrid, TileSize
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.marking_grid import MarkingGrid

PAGES_AHEAD = 3
UNDONE = "undone"


def keys_of_classes(classes: Sequence[LabelClass], changes: Changes) -> dict[str, LabelClass]:
    """The keys of classes as Label has them, without those that are commands here."""
    here = {key for place in places(commands.SCOPE, changes) for key in place.keys} - frozenset(DIGITS)
    return {key: item for key, item in class_keys(classes, reserved_keys(changes)).items() if key not in here}


class VerifyGridScreen(GridDecidingScreen):
    """Shows the list of a desk as pages of tiles; what is decided on them is up to its subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: VerifyDesk | None = None
        self.keys: dict[str, LabelClass] = {}
        self._pages: deque[tuple[float, int]] = deque(maxlen=240)
        self._last = ""

    def body(self) -> ComposeResult:
        """Status, the tiles, the keys of the other classes, a line about the image."""
        yield Line(id="verify-status")
        yield MarkingGrid(empty="opening…", id="verify-grid")
        yield Static(id="verify-empty", markup=False)
        yield Line(id="verify-classes")
        yield Line(id="verify-line")

    # What the checks of the commands look at.

    @property
    def grid(self) -> MarkingGrid:
        """The tiles."""
        return self.query_one("#verify-grid", MarkingGrid)

    @property
    def here(self) -> int | None:
        """The image under the cursor."""
        return self.grid.cursor_id

    @property
    def has_model(self) -> bool:
        """Whether a model is active."""
        return self.desk is not None and self.desk.model_id is not None

    @property
    def over_labels(self) -> bool:
        """Whether the labels that people gave are gone over."""
        return self.desk is not None and self.desk.OVER == "labels"

    @property
    def has_list(self) -> bool:
        """Whether there are images on the screen."""
        return self.desk is not None and bool(self.desk.ids)

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided on the image under the cursor."""
        return self.desk is not None and self.here is not None and self.desk.what(self.here) == "open"

    @property
    def is_shown(self) -> bool:
        """Whether its picture is on the screen."""
        return self.here is not None and self.here not in self.grid.without_picture

    @property
    def marked(self) -> int:
        """How many images on the screen are marked as wrong."""
        return len(self.grid.marks.intersection(self.grid.page_ids)) if self.desk is not None else 0

    # Showing.

    def _show(self, image_id: int | None = None) -> None:
        """The list from its beginning, or the page that begins with an image."""
        desk = self.desk
        if desk is None:
            return
        self.set_class(not desk.ids, "-empty")
        self.grid.show(desk.ids)
        if image_id is None or not self.grid.page_at(image_id):
            self.grid.to_start()
        self.await_page()
        self.tell()

    @on(ImageGrid.Wanted)
    def _wanted(self, event: ImageGrid.Wanted) -> None:
        self.run_worker(
            self._read(event.ids), group="rows", exit_on_error=False, description="reading what is known of images"
        )

    async def _read(self, ids: Sequence[int]) -> None:
        if self.desk is not None:
            await self.desk.rows(ids)
            self._give(ids)
            self.tell()

    def _give(self, ids: Sequence[int]) -> None:
        desk = self.desk
        if desk is not None:
            there = [image_id for image_id in ids if desk.has(image_id)]
            rows = [row for image_id in there if (row := desk.row(image_id)) is not None]
            gone = [lines.gone(image_id) for image_id in there if image_id in desk.gone]
            self.grid.give([*(self._item(desk, row) for row in rows), *gone])

    def _item(self, desk: VerifyDesk, row: Row) -> GridItem:
        image_id = row.image.id
        return lines.tile(row, desk.what(image_id), desk.score(image_id), *desk.previews(row.image), over=desk.OVER)

    @on(ImageGrid.Damaged)
    def _damaged(self, event: ImageGrid.Damaged) -> None:
        row = self.desk.row(event.id) if self.desk is not None else None
        if row is not None:
            self.repair(row.image, partial(self._repaired, event.id))

    def _repaired(self, image_id: int) -> None:
        """A picture that comes now was not seen when the page was."""
        self._give([image_id])
        self.await_page()

    def _is_there(self) -> bool:
        """What became of the images is known too: nothing is decided on a caption of before."""
        desk = self.desk
        if desk is None or not super()._is_there():
            return False
        return all(desk.what(image_id) is not None for image_id in self.grid.page_ids)

    def tell(self) -> None:
        """The lines around the pictures."""
        desk = self.desk
        if desk is None:
            return
        self.keys = keys_of_classes(desk.classes, self.frame.key_changes)
        key, name = self.frame.key, desk.name or ""
        status = lines.status_line(
            name or "Nothing waits",
            desk.left if name else None,
            over=desk.OVER,
            least=desk.least,
            rate=pace(self._pages, time.monotonic()),
            marked=self.marked,
            early=self.early,
            last=self._last,
            undone=self._last.endswith(UNDONE),
            key=key,
        )
        self.query_one("#verify-status", Line).say(status)
        if not desk.ids:
            words = lines.empty_words(desk.model_id, desk.waiting, desk.name, desk.least, over=desk.OVER, key=key)
            self.query_one("#verify-empty", Static).update(words)
        width = max(20, self.size.width - 2)
        self.query_one("#verify-classes", Line).say(lines.classes_line(self.keys, name, width, key=key))
        self._tell_image(desk)

    def _tell_image(self, desk: VerifyDesk) -> None:
        here = self.here
        row = desk.row(here) if here is not None else None
        sure = desk.score(here) if here is not None and desk.has(here) else 0.0
        what = desk.what(here) if here is not None else None
        shown = here not in self.grid.damaged_ids
        line = lines.image_line(row, sure, what, marked=here in self.grid.marks, shown=shown, over=desk.OVER)
        self.query_one("#verify-line", Line).say(line)

    def seen(self) -> None:
        """The page is on the screen: which pictures cannot be shown is known now."""
        super().seen()
        self.tell()
        self.frame.refresh_commands()

    def came_early(self) -> None:
        """Say so in the status."""
        self.tell()

    def on_resize(self, event: textual_events.Resize) -> None:
        """More or fewer tiles are seen."""
        self.await_page()
        self.tell()

    # Moving.

    def _move(self, columns: int = 0, rows: int = 0) -> None:
        self.grid.move(columns, rows)
        self.page_moved()
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

    def action_first(self) -> None:
        """To the first image."""
        self.grid.to_start()
        self.page_moved()
        self.tell()

    async def action_page_next(self) -> None:
        """A page on, without deciding."""
        if not await self._turn_page():
            self.frame.toast("This is the last page; {verify.class_next} goes over the next class.")

    def action_page_previous(self) -> None:
        """A page back."""
        self.grid.page(-1)
        self.page_moved()
        self.tell()

    async def _turn_page(self) -> bool:
        """Show the page after this one; False where there is none."""
        desk, grid = self.desk, self.grid
        if desk is None or not grid.page_ids:
            return False
        last = desk.place(grid.page_ids[-1])
        if await desk.read_on(last + 1 + PAGES_AHEAD * len(grid.page_ids)):
            grid.show(desk.ids)
        more = last + 1 < len(desk.ids)
        if more:
            grid.page_at(desk.ids[last + 1])
            self.await_page()
        self.tell()
        return more

    # How it looks, and where else to go.

    async def action_larger(self) -> None:
        """Larger tiles."""
        await self._resize(self.grid.tile_size.larger)

    async def action_smaller(self) -> None:
        """Smaller tiles."""
        await self._resize(self.grid.tile_size.smaller)

    async def _resize(self, size: TileSize) -> None:
        if size is self.grid.tile_size:
            self.frame.toast(f"{size} is the {'largest' if size is TileSize.XXL else 'smallest'} size.")
            return
        self.grid.tile_size = size
        self.await_page()
        self.tell()
        await self._keep()

    async def _keep(self) -> None:
        if self.desk is not None:
            self.desk.size = str(self.grid.tile_size)
            await self.keep_place(self.desk.kept)
