"""Gallery: all images as a grid, and each of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from binscout_tui.browsing.desk import GalleryDesk
from binscout_tui.browsing.place import Place, from_kept
from binscout_tui.commands import gallery as commands
from binscout_tui.commands.areas import Opening
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.filtering.errors import FilterError
from binscout_tui.screens import gallery_lines as lines
from binscout_tui.screens.compare_view import CompareView
from binscout_tui.screens.gallery_comparing import ComparingGrid
from binscout_tui.screens.gallery_full import FullView, Shown
from binscout_tui.store.events import Event
from binscout_tui.store.gallery import Row
from binscout_tui.widgets.batch_bar import BatchBar
from binscout_tui.widgets.details_panel import DetailsPanel
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.widgets.image_grid import GridItem, ImageGrid, TileSize
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.sidebar import Sidebar


def opened_at(place: Place, opening: Opening) -> Place:
    """The place that was kept, and what was asked for at the start: an image is shown whatever filter was kept."""
    image = place.image if opening.image is None else opening.image
    kept = "" if opening.image is not None else place.filter
    text = kept if opening.filter is None else opening.filter
    return msgspec.structs.replace(place, image=image, full=opening.full, filter=text)


class GalleryScreen(ComparingGrid):
    """A grid over the whole library; Enter shows an image in full, and there the keys go from image to image."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/gallery.tcss"
    DECISIONS = commands.DECISIONS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self._travel = 1

    def body(self) -> ComposeResult:
        """Status, the grid between sidebar and details, a line about the image; over them one image in full."""
        yield Line(id="gallery-status")
        yield FilterBar(id="gallery-filter")
        with Horizontal(id="gallery-room"):
            yield Sidebar(id="gallery-sidebar")
            with Horizontal(id="gallery-work"):
                yield ImageGrid(empty="opening…", id="gallery-grid")
                yield DetailsPanel(id="gallery-details")
            yield Static(lines.EMPTY, id="gallery-empty", markup=False)
        yield Line(id="gallery-line")
        yield FullView(DetailsPanel(id="full-details"), id="gallery-full")
        yield CompareView(id="gallery-compare")
        yield BatchBar(id="gallery-batch")

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped, or to what was asked for at the start."""
        place = from_kept(await self.kept_place())
        opening = self.frame.take_opening(self.SCOPE.id)
        if opening is not None:
            place = opened_at(place, opening)
        self._place = place
        self.desk = desk = await self._open_desk(place)
        self.grid.tile_size = TileSize(place.size)
        await self._begin_sidebar()
        here = desk.nearest(place.image)
        if place.full and here is not None:
            await self._open_full(here)
        else:
            self._show_grid(here)
        self._load_rest()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed images, labels or sets."""
        await super().changed(events)
        if self.desk is not None and self.desk.is_concerned([event.kind for event in events]):
            await self._refresh()

    async def _refresh(self) -> None:
        desk = self.desk
        if desk is None:
            return
        before = desk.ids
        try:
            touched = await desk.refresh()
        except FilterError:
            await self._drop_filter()
            return
        self.grid.forget(before if touched is None else touched)
        if desk.ids is not before:
            gone = touched if touched is not None else self.grid.marks
            self.grid.marks -= {image_id for image_id in gone if desk.position(image_id) is None}
            self._show_ids()
        if self._full_id is None:
            self._tell()
        elif desk.ids is not before or touched is None or self._full_id in touched:
            await self._follow(self._full_id)

    def _show_ids(self) -> None:
        """The grid over the ids of now; under the cursor may be another image, on which no key of before decides."""
        under = self.grid.cursor_id
        if self.desk is not None:
            self.grid.show(self.desk.ids, self.desk.nearest(under))
        if self.grid.cursor_id != under and not self.is_full and not self.is_comparing:
            self.waits()
            self._await_grid()

    async def _follow(self, image_id: int) -> None:
        """The image in full may be gone, moved in the order, or look different."""
        if self.desk is None:
            return
        if self.desk.position(image_id) is None:
            self.frame.toast(lines.lost(image_id, filtered=self.is_filtered), "warning")
        await self._show_full(self.desk.nearest(image_id))

    @on(ImageGrid.Opened)
    async def _opened(self, event: ImageGrid.Opened) -> None:
        await self._open_full(event.id)

    def _tell(self) -> None:
        """The lines around the pictures."""
        desk = self.desk
        if desk is None:
            return
        if self.is_comparing:
            self._compare_again()
            return
        self._follow_view()
        self.tell_marks()
        self.set_class(not desk.total, "-empty")
        if not desk.total:
            words = lines.empty_words(desk.filter_text, has_trash=desk.has_trash, key=self.frame.key)
            self.query_one("#gallery-empty", Static).update(words)
        if self.is_full:
            self._tell_full()
            return
        status = lines.status_line(
            desk.total,
            self.marked,
            self.grid.tile_size,
            desk.order,
            max(20, self.size.width - 2),
            early=self.early,
            position=self.grid.cursor if self.has_image else None,
            filter_text=desk.filter_text,
            view=self.view_name,
            library=desk.library,
            more=not desk.is_complete,
        )
        self.query_one("#gallery-status", Line).say(status)
        self._tell_image()

    # Showing one image in full.

    async def _open_full(self, image_id: int) -> None:
        self._full_id = image_id
        self.add_class("-full")
        self.full.focus()
        await self._show_full(image_id)

    async def _show_full(self, image_id: int | None) -> None:
        """Show an image; keys count for it once its picture is on the screen."""
        self.waits()
        desk, self._full_id = self.desk, image_id
        if desk is None or image_id is None:
            self.leave_full()
            return
        row = desk.known(image_id) or await desk.row(image_id)
        if self._full_id != image_id:
            return
        if row is None:
            self.leave_full()
            return
        self.full.show(self._shown(desk, row))
        self.tell_details()
        self._keep_soon()
        if self._is_there(row):
            self.call_after_refresh(self._full_seen, image_id)

    def _shown(self, desk: GalleryDesk, row: Row) -> Shown:
        image_id = row.image.id
        return Shown(
            row=row,
            path=desk.preview(row.image),
            position=desk.position(image_id),
            total=desk.total,
            marked=image_id in self.grid.marks,
            marks=self.marked,
            early=self.early,
        )

    def _is_there(self, row: Row) -> bool:
        picture = self.full.picture
        return (
            self.desk is not None
            and picture.path == self.desk.preview(row.image)
            and picture.state in ("shown", "damaged")
        )

    def _tell_full(self) -> None:
        shown = self.full.shown
        if shown is not None and self.desk is not None:
            self.full.show(self._shown(self.desk, shown.row))
            self.tell_details()

    @on(Picture.Shown)
    @on(Picture.Damaged)
    async def _picture_settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        shown = self.full.shown
        if shown is None or shown.path != event.path or self._full_id != shown.row.image.id:
            return
        if isinstance(event, Picture.Damaged):
            self.call_after_refresh(self._full_seen, self._full_id)
            self.repair(shown.row.image, partial(self._show_again, self._full_id))
        else:
            await self._full_seen(self._full_id)

    async def _full_seen(self, image_id: int) -> None:
        if self.desk is None or self._full_id != image_id:
            return
        self.seen()
        following = self.desk.around(image_id, self._travel)
        await self.desk.read_ahead(image_id, self._travel)
        rows = [row for found in following if (row := self.desk.known(found)) is not None]
        self.full.picture.prefetch([self.desk.preview(row.image) for row in rows])

    def _repaired(self, item: GridItem) -> None:
        super()._repaired(item)
        self._show_again(item.id)

    def _show_again(self, image_id: int) -> None:
        if self._full_id == image_id:
            self.run_worker(
                self._show_full(image_id), group="again", exit_on_error=False, description="showing a picture again"
            )

    async def step_full(self, by: int) -> None:
        """Show the image `by` places further on."""
        if self.desk is None or self._full_id is None:
            return
        self._travel = 1 if by > 0 else -1
        following = self.desk.step(self._full_id, by)
        if following is None:
            self.frame.toast("This is the last image." if by > 0 else "This is the first image.")
            return
        await self._show_full(following)

    async def end_full(self, *, last: bool) -> None:
        """Show the first image or the last."""
        if self.desk is not None and self.desk.ids:
            self._travel = -1 if last else 1
            await self._show_full(self.desk.ids[-1 if last else 0])

    async def mark_full(self) -> None:
        """Mark the shown image or not, and show the next."""
        if self.desk is None or self._full_id is None:
            return
        self._mark(self._full_id)
        following = self.desk.step(self._full_id, 1)
        if following is None:
            self._tell_full()
        else:
            await self._show_full(following)

    async def trash_full(self) -> None:
        """Move the shown image to the trash and show the one in its place."""
        if self._full_id is not None:
            await self._trash([self._full_id])

    def leave_full(self) -> None:
        """Back to the grid, to the image that was shown."""
        here = self._full_id if self._full_id is not None else self.grid.cursor_id
        self._full_id = None
        self.full.end()
        self.remove_class("-full")
        self.set_focus(None)
        self._show_grid(here)
        self._keep_soon()

    async def _go_to(self, image_id: int | None) -> None:
        """Show an image or the one that has taken its place, in full or in the grid as before."""
        if self.desk is None:
            return
        wanted = self.desk.nearest(image_id)
        if self.is_full:
            self.grid.show(self.desk.ids)
            await self._show_full(wanted)
        else:
            self._show_grid(wanted)

    # Keys, in their order: one that decides counts for what its predecessors have brought to the screen.

    def taken(self, key: str) -> tuple[Commanded, tuple[str, ...]] | None:
        """All keys of grid and full view."""
        return self.bound(key, self, self.full, self.compare_view)

    def came_early(self) -> None:
        """Say so beside the picture."""
        self._tell()

    def go_up(self) -> bool:
        """Esc and q lead from the full view to the grid."""
        if self.is_full and not self.panel.has_focus:
            self.leave_full()
            return True
        return super().go_up()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the full view."""
        if self.is_full and self.focused is None:
            self.full.focus()

    async def action_open(self) -> None:
        """The image under the cursor in full."""
        if self.grid.cursor_id is not None:
            await self._open_full(self.grid.cursor_id)

    async def action_turn(self) -> None:
        """The other order; the cursor stays on its image."""
        if self.desk is not None:
            await self.desk.turn()
            self._show_grid(self.grid.cursor_id)
            self._keep_soon()
