"""Similar: what looks like an image, and on from there; groups and a map of all that look alike."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from textual import on
from textual.content import Content

from binscout_tui.browsing.similar import Page, SimilarDesk
from binscout_tui.commands import similar as commands
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.similar.clusters import MOST as MOST_GROUPS
from binscout_tui.imaging.similar.clusters import StoppedError
from binscout_tui.screens.gallery_full import Shown
from binscout_tui.screens.similar_views import SimilarViews, Step
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.cell_map import CellMap
from binscout_tui.widgets.image_grid import ImageGrid, TileSize
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.row_list import RowList

RELEVANT = frozenset({"image", "trash", "label", "class", "star", "tag", "collection", "activation", "model"})
MOST_STEPS = 50
MOST_IN_FILTER = 200
"""Images that a filter names one by one."""


class SimilarScreen(SimilarViews):
    """Leads from image to image by their looks; what was decided is undone as in the gallery."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/similar.tcss"
    DECISIONS = commands.DECISIONS

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Nothing is compared before somebody asks."""
        self.desk = SimilarDesk(self.ws)
        kept = await self.kept_place()
        size = kept.get("size") if isinstance(kept, dict) else None
        if isinstance(size, str) and size in TileSize.__members__:
            self.grid.tile_size = TileSize(size)
        image = kept.get("image") if isinstance(kept, dict) else None
        await self.desk.fresh()
        self.show_page(None)
        if isinstance(image, int):
            # The image may be gone, or hidden, since.
            with contextlib.suppress(BinScoutError):
                self.show_page(await self.desk.near(image))

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

    async def _refresh(self) -> None:
        desk = self.desk
        if desk is None:
            return
        desk.is_stale = True
        for step in self.trail:
            if step.page is not None:
                await desk.told(step.page)
        if self.view == "groups":
            self.show_groups(await desk.groups(None))
        elif self.view == "map":
            await desk.plane()
            self.draw_map()
        elif self.page is not None:
            await self._refresh_page(desk, self.page)
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
        self.tell()

    async def _refresh_page(self, desk: SimilarDesk, page: Page) -> None:
        before = page.ids
        await desk.told(page)
        self.grid.forget(before)
        self.grid.marks &= frozenset(page.ids)
        if page.ids != before:
            self.grid.show(page.ids)
            self.page_moved()
        if self._full_id is not None and self._full_id not in page.ids:
            self.frame.toast(f"Image {self._full_id} is not here any more.", "warning")
            self.leave_full()

    async def _keep(self) -> None:
        image = self.page.source if self.page is not None else None
        await self.keep_place({"image": image, "size": str(self.grid.tile_size)})

    async def on_screen_suspend(self) -> None:
        """The place is kept when one leaves; nobody waits for what is being worked out."""
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
        if self.trail:
            await self._show_step(self.trail.pop())

    async def _show_step(self, step: Step) -> None:
        if self.desk is None:
            return
        if step.view == "groups":
            self.page = None
            self.show_groups(await self.desk.groups(None))
            if self.group_list.key is not None:
                await self._group_moved(RowList.Moved(self.group_list, self.group_list.key))
        elif step.view == "map":
            self.page = None
            self.show_view("map")
            self.call_after_refresh(self.draw_map)
        else:
            self.show_page(step.page, step.image)

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
        self._work(self._find_groups(None), "putting images into groups")

    def action_more(self) -> None:
        """More groups."""
        self._regroup(2.0)

    def action_fewer(self) -> None:
        """Fewer groups."""
        self._regroup(0.5)

    def _regroup(self, times: float) -> None:
        number = max(1, min(MOST_GROUPS, round(len(self._groups) * times)))
        self._work(self._find_groups(number), "putting images into groups")

    async def _find_groups(self, number: int | None) -> None:
        desk = self.desk
        if desk is None:
            return
        self._say_working("putting images into groups…")
        groups = await desk.groups(number, anew=number is not None)
        if self.view != "groups":
            self._leave_step()
        self.page = None
        self.show_groups(groups)
        if self.group_list.key is not None:
            await self._group_moved(RowList.Moved(self.group_list, self.group_list.key))

    def action_map(self) -> None:
        """All images on a map."""
        self._work(self._find_map(), "drawing the map")

    async def _find_map(self) -> None:
        desk = self.desk
        if desk is None:
            return
        self._say_working("drawing the map…")
        self._share = (await desk.plane()).share
        if self.view != "map":
            self._leave_step()
        self.page = None
        self.show_view("map")
        self.call_after_refresh(self.draw_map)

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

    def _work(self, work: object, what: str) -> None:
        self.run_worker(self._quietly(work), group="action", exclusive=True, exit_on_error=False, description=what)

    async def _quietly(self, work: object) -> None:
        with contextlib.suppress(StoppedError):
            await work  # type: ignore[misc]
        self.frame.refresh_commands()

    def _say_working(self, what: str) -> None:
        self.query_one("#similar-status", Line).say(Content(what))

    # Moving.

    def _move(self, columns: int = 0, rows: int = 0) -> None:
        if self.view == "map":
            self.map.move(columns, rows)
        elif self.view == "groups":
            self.group_list.move(rows)
        else:
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

    def action_page_next(self) -> None:
        """A page on, or to the next cell with images."""
        self._page(1)

    def action_page_previous(self) -> None:
        """A page back."""
        self._page(-1)

    def _page(self, by: int) -> None:
        if self.view == "map":
            self._to_cell(by)
        elif self.view == "groups":
            self.group_list.move(by * max(1, self.group_list.size.height - 1))
        else:
            self.grid.page(by)
            self.page_moved()
        self.tell()

    def _to_cell(self, by: int) -> None:
        cells = self._cells
        if cells is None:
            return
        filled = [int(cell) for cell in cells.counts.nonzero()[0]]
        ahead = [cell for cell in filled if (cell - self.map.here) * by > 0]
        if ahead:
            row, column = divmod(min(ahead) if by > 0 else max(ahead), cells.width)
            self.map.go(column, row)

    def action_first(self) -> None:
        """The first, or the cell with most images."""
        self._end(last=False)

    def action_last(self) -> None:
        """The last."""
        self._end(last=True)

    def _end(self, *, last: bool) -> None:
        if self.view == "map" and self._cells is not None:
            counts = self._cells.counts
            row, column = divmod(int(counts.nonzero()[0][-1] if last else counts.argmax()), self._cells.width)
            self.map.go(column, row)
        elif self.view == "groups":
            self.group_list.move(len(self._groups) * (1 if last else -1))
        else:
            (self.grid.to_end if last else self.grid.to_start)()
            self.page_moved()
        self.tell()

    # Marks and decisions.

    def action_mark(self) -> None:
        """Mark the image or not, and move on."""
        if self.grid.cursor_id is not None:
            self.grid.marks ^= {self.grid.cursor_id}
            self._move(columns=1)

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.grid.marks = frozenset()
        self.tell()

    @property
    def meant(self) -> list[int]:
        """The marked images, or the one under the cursor."""
        here = self.grid.cursor_id
        return sorted(self.grid.marks) or ([here] if here is not None else [])

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
        await self._refresh()

    # One image in full.

    @on(ImageGrid.Opened)
    async def _opened(self, event: ImageGrid.Opened) -> None:
        if self.view == "grid":
            await self._open_full(event.id)

    @on(RowList.Opened)
    @on(CellMap.Opened)
    async def _place_opened(self) -> None:
        await self.action_open()

    async def _open_full(self, image_id: int | None) -> None:
        if image_id is None:
            return
        self._full_id = image_id
        self.add_class("-full")
        self.set_focus(self.full)
        await self._show_full(image_id)

    async def _show_full(self, image_id: int) -> None:
        desk, page = self.desk, self.page
        if desk is None or page is None:
            return
        self._full_id = image_id
        row = self._rows.get(image_id) or next(iter(await desk.rows([image_id])), None)
        if row is None or image_id not in page.ids:
            self.leave_full()
            return
        self.full.show(
            Shown(
                row=row,
                path=desk.preview(row.image),
                position=page.ids.index(image_id),
                total=len(page.ids),
                marked=image_id in self.grid.marks,
                marks=self.marked,
            )
        )

    @on(Picture.Damaged)
    def _full_damaged(self, event: Picture.Damaged) -> None:
        shown = self.full.shown
        if shown is not None and shown.path == event.path:
            self.repair(shown.row.image, lambda: self.full.show(shown))

    async def step_full(self, by: int) -> None:
        """Show the image `by` places further on."""
        page = self.page
        if page is None or self._full_id not in page.ids:
            return
        place = page.ids.index(self._full_id) + by
        if 0 <= place < len(page.ids):
            await self._show_full(page.ids[place])
        else:
            self.frame.toast("This is the last image." if by > 0 else "This is the first image.")

    async def end_full(self, *, last: bool) -> None:
        """Show the first image or the last."""
        if self.page is not None and self.page.ids:
            await self._show_full(self.page.ids[-1 if last else 0])

    async def mark_full(self) -> None:
        """Mark the shown image or not, and show the next."""
        if self._full_id is not None:
            self.grid.marks ^= {self._full_id}
            await self._show_full(self._full_id)
            await self.step_full(1)

    async def trash_full(self) -> None:
        """Nothing is moved to the trash from here."""

    def leave_full(self) -> None:
        """Back to the others, to the image that was shown."""
        here, self._full_id = self._full_id, None
        self.full.end()
        self.remove_class("-full")
        self.set_focus(None)
        if here is not None and self.view == "grid":
            self.grid.go_to(here)
            self.await_page()
        self.tell()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the full view."""
        if self.is_full and self.focused is None:
            self.full.focus()
        super().on_descendant_blur()
