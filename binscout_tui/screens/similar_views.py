"""The views of Similar: images as tiles, the list of groups beside one of them, the map; and the lines around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from textual import events as textual_events
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from binscout_tui.browsing.similar import Group, Page, SimilarDesk
from binscout_tui.commands.similar import View
from binscout_tui.imaging.similar.plane import Cells
from binscout_tui.screens import similar_lines as lines
from binscout_tui.screens.grid_deciding import GridDecidingScreen
from binscout_tui.screens.similar_full import SimilarFull
from binscout_tui.store.gallery import Row
from binscout_tui.widgets.cell_map import CellMap
from binscout_tui.widgets.image_grid import GridItem, ImageGrid, TileSize
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import Row as ListRow
from binscout_tui.widgets.row_list import RowList

GROUP = "group"
"""Of the worker that reads the images of a group."""
ROWS = 600
"""Rows of images that are remembered."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where one was: a view, its images, the image under the cursor, and the one that all are compared with.

    Without a page its images are looked for again.
    """

    view: View
    page: Page | None
    image: int | None = None
    source: int | None = None


class Working(NamedTuple):
    """What is being worked out, for the status."""

    what: str


class SimilarViews(GridDecidingScreen):
    """Shows what its desk found; what is decided and asked is up to its subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: SimilarDesk | None = None
        self.view: View = "grid"
        self.page: Page | None = None
        self.trail: list[Step] = []
        self._rows: dict[int, Row] = {}
        self._groups: list[Group] = []
        self._cells: Cells | None = None
        self._share = 0.0
        self._by_class: bool | None = None
        self._full_id: int | None = None
        self.beside: Page | None = None
        self.working: Working | None = None

    def body(self) -> ComposeResult:
        """Status; the groups beside images, or the map; a line about what is under the cursor; one image in full."""
        yield Line(id="similar-status")
        with Horizontal(id="similar-work"):
            yield RowList(id="similar-groups")
            yield ImageGrid(empty="no images", id="similar-grid")
            yield CellMap(id="similar-map")
        yield Line(id="similar-legend")
        yield Static(id="similar-empty", markup=False)
        yield Line(id="similar-line")
        yield SimilarFull(id="similar-full")

    # What the checks of the commands look at.

    @property
    def grid(self) -> ImageGrid:
        """The tiles."""
        return self.query_one("#similar-grid", ImageGrid)

    @property
    def group_list(self) -> RowList:
        """The groups."""
        return self.query_one("#similar-groups", RowList)

    @property
    def map(self) -> CellMap:
        """The map."""
        return self.query_one("#similar-map", CellMap)

    @property
    def full(self) -> SimilarFull:
        """One image in full."""
        return self.query_one("#similar-full", SimilarFull)

    @property
    def is_full(self) -> bool:
        """Whether one image fills the screen."""
        return self._full_id is not None

    @property
    def here(self) -> int | None:
        """The image that is shown in full or under the cursor."""
        return self._full_id if self.is_full else self.grid.cursor_id if self.view == "grid" else None

    @property
    def has_image(self) -> bool:
        """Whether there is an image under the cursor."""
        return self.here is not None

    @property
    def has_place(self) -> bool:
        """Whether there is a group or a cell with images under the cursor."""
        return self.group_list.key is not None if self.view == "groups" else self.count_here > 0

    @property
    def marked(self) -> int:
        """How many images are marked."""
        return len(self.grid.marks) if self.view == "grid" else 0

    @property
    def depth(self) -> int:
        """How many steps lead back."""
        return len(self.trail)

    @property
    def has_vectors(self) -> bool:
        """Whether any image has a vector of the active classifier."""
        return self.desk is not None and self.desk.status.vectors > 0

    @property
    def is_working(self) -> bool:
        """Whether groups, a map or neighbours are being worked out."""
        return self.working is not None

    @property
    def count_here(self) -> int:
        """How many images the cell under the cursor has."""
        cells, cell = self._cells, self.map.here
        return int(cells.counts[cell]) if cells is not None and 0 <= cell < cells.width * cells.height else 0

    # Going from view to view.

    def step(self) -> Step:
        """Where one is."""
        page = self.page
        return Step(self.view, page, self.grid.cursor_id, page.source if page is not None else None)

    def show_view(self, view: View) -> None:
        """Show one of the views."""
        self.view = view
        for name in ("grid", "groups", "map"):
            self.set_class(name == view, f"-{name}")
        self.set_class(self.page is None and view == "grid", "-empty")

    def show_page(self, page: Page | None, image: int | None = None) -> None:
        """Show images as tiles; without any say what to do."""
        if page is not self.page:
            self.grid.marks = frozenset()
        self.page = page
        self.show_view("grid")
        self.grid.show(page.ids if page is not None else (), image)
        if image is None:
            self.grid.to_start()
        if page is not None:
            # What stands below the tiles was said of another page.
            self.grid.forget(page.ids)
        self.await_page()
        self.tell()

    # Tiles.

    @on(ImageGrid.Wanted)
    def _wanted(self, event: ImageGrid.Wanted) -> None:
        self.run_worker(
            self._give(event.ids), group="rows", exit_on_error=False, description="reading what is known of images"
        )

    async def _give(self, ids: Sequence[int]) -> None:
        desk = self.desk
        if desk is None:
            return
        rows = await desk.rows(ids)
        if len(self._rows) > ROWS:
            self._rows.clear()
        self._rows |= {row.image.id: row for row in rows}
        self.grid.give([self._item(desk, row) for row in rows])
        self.tell()

    def _item(self, desk: SimilarDesk, row: Row) -> GridItem:
        image = row.image
        return GridItem(
            id=image.id,
            small=desk.thumb(image),
            large=desk.preview(image),
            size=(image.width, image.height),
            title=f"#{image.id}",
            badge=lines.tile_words(self.page if self.view == "grid" else None, image.id),
            sign="★" if image.starred else "",
        )

    @on(ImageGrid.Damaged)
    def _damaged(self, event: ImageGrid.Damaged) -> None:
        row = self._rows.get(event.id)
        if row is not None and self.desk is not None:
            item = self._item(self.desk, row)
            self.repair(row.image, partial(self.grid.give, [item]))

    # The lines.

    def tell(self) -> None:
        """The lines around what is shown."""
        desk = self.desk
        if desk is None:
            return
        line = self.query_one("#similar-line", Line)
        if self.view == "groups":
            self._say_status(lines.groups_words(self._groups, desk.groups_by, desk.status))
            line.say(lines.image_line(self._rows.get(self.grid.cursor_id or 0), None, marked=False))
        elif self.view == "map":
            self._say_status(lines.map_words(desk.mapped, self._share, desk.map_by, desk.status))
            self._tell_cell(desk)
        else:
            self._tell_page(desk)

    def _say_status(self, words: Content) -> None:
        working = Content(f"{self.working.what}…") if self.working is not None else None
        self.query_one("#similar-status", Line).say(working or words)

    def _tell_page(self, desk: SimilarDesk) -> None:
        page, here = self.page, self.grid.cursor_id
        line = self.query_one("#similar-line", Line)
        if page is None:
            self._say_status(Content(lines.vectors_words(desk.status)))
            key = self.frame.key
            words = lines.EMPTY.format(
                near=key("gallery.similar"), groups=key("similar.groups"), map=key("similar.map")
            )
            self.query_one("#similar-empty", Static).update(words)
        else:
            self._say_status(lines.page_line(page, self.marked, self.grid.tile_size, desk.status, self.early))
        line.say(lines.image_line(self._rows.get(here or 0), page, marked=here in self.grid.marks))

    # Groups.

    def show_groups(self, groups: list[Group], key: str | None = None) -> None:
        """The list of groups; beside it the images of the one under the cursor."""
        self._groups = groups
        most = max((group.images for group in groups), default=0)
        self.show_view("groups")
        self.group_list.show(
            [ListRow(str(group.number), partial(lines.group_line, group, most)) for group in groups], key=key
        )
        self.tell()

    @on(RowList.Moved)
    def _group_moved(self) -> None:
        """Beside the keys, and only the last one where a key is held."""
        if not any(one.group == GROUP and not one.is_finished for one in self.workers):
            self.run_worker(self.show_group(), group=GROUP, exit_on_error=False, description="reading a group")

    async def show_group(self) -> None:
        """The images of the group under the cursor, and of the next one where it moves on meanwhile."""
        desk, shown = self.desk, None
        while desk is not None and self.view == "groups" and (key := self.group_list.key) not in (None, shown):
            page, shown = await desk.group(int(key)), key
            if self.view == "groups" and self.group_list.key == key:
                self.beside = page
                self.grid.marks = frozenset()
                self.grid.show(page.ids)
                self.grid.to_start()
                self.grid.forget(page.ids[: len(self.grid.page_ids) or 1])
                self.tell()

    # The map.

    def draw_map(self) -> None:
        """Draw the map for the room that there is."""
        desk = self.desk
        if desk is None or self.view != "map" or not self.map.size.width or not self.map.size.height:
            return
        self._cells, classes = desk.cells(self.map.size.width, self.map.size.height)
        letters = lines.letters_of(classes)
        by_class = bool(letters) if self._by_class is None else self._by_class
        fresh = not self.map.ready
        drawn = lines.map_cells(self._cells, classes, letters, by_class=by_class)
        fullest = divmod(int(self._cells.counts.argmax()), self._cells.width)[::-1]
        self.map.show(self._cells.width, drawn, fullest if fresh else None)
        legend = lines.legend(letters, desk.names, by_class=by_class, width=max(20, self.size.width - 2))
        self.query_one("#similar-legend", Line).say(legend)
        self.tell()

    @property
    def shows_classes(self) -> bool:
        """Whether the map shows classes."""
        if self._by_class is not None or self.desk is None:
            return bool(self._by_class)
        return bool((self.desk.cells(1, 1)[1] > 0).any())

    @on(CellMap.Resized)
    def _map_resized(self) -> None:
        self.draw_map()

    @on(CellMap.Moved)
    def _map_moved(self) -> None:
        self.tell()

    def _tell_cell(self, desk: SimilarDesk) -> None:
        cells, count = self._cells, self.count_here
        label, labelled = "", 0
        if cells is not None and count:
            _, classes = desk.cells(cells.width, cells.height)
            label, labelled = desk.commonest(classes[cells.members(self.map.here)])
        self.query_one("#similar-line", Line).say(lines.cell_line(count, label, labelled))

    def on_resize(self, event: textual_events.Resize) -> None:
        """More or fewer tiles are seen."""
        if self.view == "grid":
            self.await_page()
        self.tell()

    # How it looks.

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
        self.grid.tile_size = size
        self.await_page()
        self.tell()
