"""Similar: what looks like an image, and on from there; groups and a map of all that look alike."""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine, Sequence

from textual import on

from binscout_tui.browsing.similar import Page, SimilarDesk
from binscout_tui.browsing.similar_place import SimilarPlace, Stop, from_kept
from binscout_tui.commands import similar as commands
from binscout_tui.commands.similar import View
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.similar.clusters import MOST as MOST_GROUPS
from binscout_tui.imaging.similar.clusters import StoppedError
from binscout_tui.screens.similar_moving import SimilarMoving
from binscout_tui.screens.similar_views import Step, Working
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.cell_map import CellMap
from binscout_tui.widgets.image_grid import TileSize
from binscout_tui.widgets.row_list import RowList

RELEVANT = frozenset({"image", "trash", "label", "class", "star", "tag", "collection", "activation", "model"})
MOST_STEPS = 50
GROUPING, DRAWING = "putting images into groups", "drawing the map"
MOST_IN_FILTER = 200
"""Images that a filter names one by one."""


class SimilarScreen(SimilarMoving):
    """Leads from image to image by their looks; what was decided is undone as in the gallery."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/similar.tcss"
    DECISIONS = commands.DECISIONS

    def __init__(self) -> None:
        super().__init__()
        self._place = SimilarPlace()

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Nothing is compared before somebody asks."""
        self.desk = SimilarDesk(self.ws)
        place = from_kept(await self.kept_place())
        self.grid.tile_size = TileSize(place.size)
        await self.desk.fresh()
        self.show_page(None)
        self.trail = [Step(stop.view, None, stop.image, stop.source) for stop in place.trail]
        here = place.here
        if here.view == "groups":
            self.action_groups()
        elif here.view == "map":
            self.action_map()
        elif here.source is not None:
            # The image may be gone, or hidden, since.
            with contextlib.suppress(BinScoutError):
                self.show_page(await self.desk.near(here.source), here.image)

    async def seek(self, sought: str) -> None:
        """What looks like an image of the gallery."""
        kind, _, value = sought.partition(":")
        if kind == "image" and value.isdigit():
            self.trail.clear()
            if self.is_full:
                self.leave_full()
            await self._near(int(value))

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed images, labels or what is hidden."""
        if self.desk is not None and any(event.kind == "job" for event in events):
            # It may have made vectors; whoever asks next sees them.
            self.desk.is_stale = True
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self, *, is_own: bool = False) -> None:
        desk = self.desk
        if desk is None:
            return
        desk.is_stale = True
        page = self.beside if self.view == "groups" else self.page
        if page is not None:
            await self._refresh_page(desk, page, is_own=is_own)
        self.tell()
        # A key must not wait for all images to be read again.
        self.run_worker(
            self._read_again(desk),
            group="catalogue",
            exclusive=True,
            exit_on_error=False,
            description="reading which images there are",
        )

    async def _read_again(self, desk: SimilarDesk) -> None:
        await desk.fresh()
        if self.view == "groups" and desk.groups_by is not None:
            groups = await desk.groups(None)
            if self.view == "groups":
                self.show_groups(groups)
                await self.show_group()
        elif self.view == "map" and desk.map_by is not None:
            await desk.plane()
            self.draw_map()
        self.tell()

    async def _refresh_page(self, desk: SimilarDesk, page: Page, *, is_own: bool) -> None:
        before = page.ids
        await desk.told(page)
        self.grid.forget(before)
        self.grid.marks &= frozenset(page.ids)
        if page.ids != before:
            self.grid.show(page.ids)
            self.page_moved()
        await self._follow_full(before, is_own=is_own)

    def tell(self) -> None:
        """The lines around what is shown, and what is kept of it: at the end there is nothing left to look at."""
        super().tell()
        if self.desk is not None:
            self._place = self._place_now()

    def _place_now(self) -> SimilarPlace:
        """Groups and cells are others when they are made anew: their images are no place to go back to."""
        here, *trail = (Stop(view=one.view, source=one.source, image=one.image) for one in (self.step(), *self.trail))
        kept = [stop for stop in trail if stop.view != "grid" or stop.source is not None]
        return SimilarPlace(here=here, trail=tuple(kept), size=str(self.grid.tile_size))

    async def _keep(self) -> None:
        await self.keep_place(self._place)

    async def on_screen_suspend(self) -> None:
        """The place is kept when one leaves; nobody waits for what is being worked out."""
        if self.desk is not None:
            self.desk.close()
            await self._keep()

    async def on_unmount(self) -> None:
        """The place is kept at the end too."""
        if self.desk is not None:
            self.desk.close()
            await self._keep()

    # Going on.

    async def _near(self, image_id: int) -> None:
        if self.desk is not None:
            page = await self.desk.near(image_id)
            self._leave_step()
            self.show_page(page)
            await self._keep()

    def _leave_step(self) -> None:
        if self.page is not None or self.view != "grid":
            self.trail.append(self.step())
            del self.trail[:-MOST_STEPS]

    async def action_near(self) -> None:
        """What looks like the image under the cursor."""
        if self.here is not None:
            await self._near(self.here)

    def show_near(self, image_id: int | None) -> None:
        """What looks like the image that is shown in full."""
        if image_id is not None:
            self.leave_full()
            self._work(self._near(image_id), "looking for what looks alike")

    async def action_open(self) -> None:
        """The image in full, or what is in the group or cell."""
        desk = self.desk
        if desk is None:
            return
        if self.view == "grid":
            await self._open_full(self.grid.cursor_id)
        elif self.view == "groups" and self.group_list.key is not None:
            page = await desk.group(int(self.group_list.key))
            self._leave_step()
            self.show_page(page)
        elif self._cells is not None and self.count_here:
            page = await desk.cell(self._cells, self.map.here)
            self._leave_step()
            self.show_page(page)

    async def action_back(self) -> None:
        """What was shown before."""
        if not self.trail or self.desk is None:
            return
        step = self.trail.pop()
        if step.view != "grid":
            # All images may have to be read again for it, which no key waits for.
            finding = self._find_groups(None, back=True) if step.view == "groups" else self._find_map(back=True)
            self._work(finding, GROUPING if step.view == "groups" else DRAWING)
        elif step.page is None and step.source is not None:
            self.show_page(await self.desk.near(step.source), step.image)
        else:
            self.show_page(None if step.page is None else await self.desk.told(step.page), step.image)

    def go_up(self) -> bool:
        """Esc and q lead from the full view to the others, and from there back to the gallery."""
        if self.is_full:
            self.leave_full()
        else:
            self.frame.go_to("gallery")
        return True

    async def action_gallery(self) -> None:
        """The marked images, or all that are here, in the gallery."""
        page = self.page
        wanted = sorted(self.grid.marks) or (sorted(page.ids) if page is not None else [])
        if len(wanted) > MOST_IN_FILTER:
            self.frame.toast(f"A filter names {MOST_IN_FILTER} images at most; mark those that you want.", "warning")
        elif wanted:
            self.frame.go_to("gallery", sought="filter:id:" + "|".join(map(str, wanted)))

    # Groups and map.

    def action_groups(self) -> None:
        """All images in groups."""
        self._work(self._find_groups(None), GROUPING)

    def action_more(self) -> None:
        """More groups."""
        self._regroup(2.0)

    def action_fewer(self) -> None:
        """Fewer groups."""
        self._regroup(0.5)

    def _regroup(self, times: float) -> None:
        number = max(1, min(MOST_GROUPS, round(len(self._groups) * times)))
        self._work(self._find_groups(number), GROUPING)

    async def _find_groups(self, number: int | None, *, back: bool = False) -> None:
        desk = self.desk
        if desk is None:
            return
        groups = await desk.groups(number, anew=number is not None)
        self._leave_for("groups", back=back)
        self.show_groups(groups)
        await self.show_group()

    def action_map(self) -> None:
        """All images on a map."""
        self._work(self._find_map(), DRAWING)

    async def _find_map(self, *, back: bool = False) -> None:
        desk = self.desk
        if desk is None:
            return
        self._share = (await desk.plane()).share
        self._leave_for("map", back=back)
        self.show_view("map")
        self.call_after_refresh(self.draw_map)

    def _leave_for(self, view: View, *, back: bool) -> None:
        """Another view takes the place of what is shown, to which one comes back unless one is on the way back."""
        if self.is_full:
            self.leave_full()
        if self.view != view and not back:
            self._leave_step()
        self.page = None

    def action_colours(self) -> None:
        """Classes, or how many images."""
        self._by_class = not self.shows_classes
        self.draw_map()

    async def action_way(self) -> None:
        """Compare in the other way."""
        if self.desk is None or self.desk.turn() is None:
            return
        if self.view == "groups":
            self.action_groups()
        elif self.view == "map":
            self.action_map()
        elif self.page is not None and self.page.source is not None:
            self.show_page(await self.desk.near(self.page.source))
        self.tell()

    async def action_build(self) -> None:
        """Make the vectors that are missing."""
        if self.desk is not None:
            job_id = await self.desk.build()
            self.frame.toast(f"Job {job_id} makes the vectors; what is shown here stays until you ask anew.")

    def _work(self, work: Coroutine[None, None, None], what: str) -> None:
        """Done beside the keys, in the place of what is worked out now; the status says so until it ends."""
        self.working = Working(what)
        self.tell()
        self.run_worker(
            self._quietly(work, self.working), group="action", exclusive=True, exit_on_error=False, description=what
        )

    async def _quietly(self, work: Coroutine[None, None, None], working: Working) -> None:
        try:
            with contextlib.suppress(StoppedError):
                await work
        finally:
            work.close()
            if self.working is working:
                self.working = None
                self.tell()
        self.frame.refresh_commands()

    # Marks and decisions.

    def action_mark(self) -> None:
        """Mark the image or not, and move on; a held key marks nothing that is not shown yet."""
        if not self.grid.is_settled:
            self.early += 1
            self.came_early()
        elif self.grid.cursor_id is not None:
            self.grid.marks ^= {self.grid.cursor_id}
            self._move(columns=1)

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.grid.marks = frozenset()
        self.tell()

    async def action_star(self) -> None:
        """A star, or none."""
        if self.desk is not None and self.meant:
            changed, on = await self.desk.star(self.meant)
            what = "starred" if on else "without a star now"
            self.frame.toast(f"{changed:,} {what}. {{similar.undo}} takes it back.")
            await self._decided()

    async def action_trash(self) -> None:
        """To the trash."""
        if self.desk is not None and self.meant:
            moved = await self.desk.trash(self.meant)
            self.frame.toast(f"{moved:,} moved to the trash. {{similar.undo}} brings back.")
            await self._decided()

    async def action_undo(self) -> None:
        """Take back the last decision."""
        if self.desk is not None:
            await self._turned(await self.desk.undo(), "Taken back")

    async def action_redo(self) -> None:
        """Do again what was undone last."""
        if self.desk is not None:
            await self._turned(await self.desk.redo(), "Done again")

    async def _turned(self, entry: Entry, word: str) -> None:
        if entry.stale:
            self.frame.toast("That was changed since by somebody; it stays as it is.", "warning")
        else:
            self.frame.toast(f"{word}: {entry.action}.")
        await self._decided()

    async def _decided(self) -> None:
        self.early = 0
        await self._refresh(is_own=True)

    @on(RowList.Opened)
    @on(CellMap.Opened)
    async def _place_opened(self) -> None:
        await self.action_open()
