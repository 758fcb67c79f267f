"""What is marked and decided in the gallery: long decisions, the trash, the queue of images to crop, undo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from binscout_tui.browsing.desk import IMAGE_AREAS, PART, Decide, Progress, restore_part, trash_part
from binscout_tui.browsing.sequence import between
from binscout_tui.commands.gallery_batch import BUSY, BUSY_TOO
from binscout_tui.commands.table import with_keys
from binscout_tui.errors import RefusedError
from binscout_tui.screens import gallery_lines as lines
from binscout_tui.screens.gallery_filter import FilteredGrid
from binscout_tui.screens.words import duration
from binscout_tui.store.journal import Change, Entry
from binscout_tui.widgets.batch_bar import BatchBar, Running

T = TypeVar("T")
Said = Callable[[int, int], str]
"""What is told of a decision: of how many images it was made, and on how many it was wanted."""
UNDO = "{gallery.undo} takes it back."
NAMES_TURNED = "The tag or collection is as it was."


class DecidingGrid(FilteredGrid):
    """The grid with marks, and decisions about what is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._anchor: int | None = None
        self._deciding = False
        self._stopping = False

    @property
    def batch_bar(self) -> BatchBar:
        """The line below the grid."""
        return self.query_one(BatchBar)

    # What is decided on.

    @property
    def meant(self) -> list[int]:
        """What a command decides on: the image in full; in the grid what is marked, else what is under the cursor."""
        here = self.here
        marks = () if self.is_full else self.grid.marks
        return sorted(marks) or ([here] if here is not None else [])

    @property
    def is_deciding(self) -> bool:
        """Whether a decision on very many images is on its way."""
        return self._deciding

    def may_decide(self, command_id: str) -> bool:
        """One decision after the other; while a long one is on its way keys move."""
        if self._deciding and command_id in self.DECISIONS and command_id not in BUSY_TOO:
            self.frame.toast(BUSY, "warning")
            return False
        return super().may_decide(command_id)

    async def decide_marked(
        self,
        decide: Decide,
        what: str,
        said: Said,
        *,
        ids: Sequence[int] | None = None,
        unmark: bool = False,
        undo: str = UNDO,
        after: Callable[[Change], None] | None = None,
    ) -> None:
        """Decide on `ids`, else on what is `meant`, as one decision that undo takes back, and tell what came of it.

        `what` is the activity as a noun. More than 500 images are decided on beside the screen, with a bar that says
        how far it is; keys move meanwhile, and what was done when it is stopped stays done. `unmark` takes their marks
        away; `undo` is what is told of taking it back, `after` is called when all is shown.

        Raises RefusedError for a viewer, and what `decide` raises.
        """
        wanted = self.meant if ids is None else list(ids)
        if self.desk is None or not wanted:
            return
        if self._deciding:
            self.frame.toast(BUSY, "warning")
            return
        self.ws.user.must_be("operator", what)

        def told(change: Change, reached: int) -> None:
            self._tell_decided(change, reached, len(wanted), said, undo)
            if after is not None:
                after(change)

        is_long = len(wanted) > PART
        work = self._decide(decide, what, wanted, unmark, told, is_long=is_long)
        if not is_long:
            await work
            return
        self._begin_long()
        self.run_worker(work, group="deciding", exit_on_error=False, description=what)

    async def _decide(
        self,
        decide: Decide,
        what: str,
        wanted: list[int],
        unmark: bool,
        told: Callable[[Change, int], None],
        *,
        is_long: bool,
    ) -> None:
        desk, began = self.desk, time.monotonic()
        if desk is None:
            return
        reached = 0 if is_long else len(wanted)

        def on_progress(done: int, total: int) -> bool:
            nonlocal reached
            reached = done
            self._tell_progress(what, done, total, time.monotonic() - began)
            return not self._stopping

        try:
            if is_long:
                self._tell_progress(what, 0, len(wanted), 0.0)
            change = await desk.decide(wanted, decide, what, on_progress if is_long else None)
        finally:
            # A short one may end while a long one is on its way, which it leaves alone.
            if is_long:
                self._end_long()
        await self._decided(wanted[:reached], unmark=unmark)
        told(change, reached)

    def begin_beside(
        self,
        work: Callable[[Callable[[int, int], bool]], T],
        what: str,
        total: int,
        then: Callable[[T], Awaitable[None]],
    ) -> None:
        """`work` in a thread, with the bar, and `then` with its result; it is told (done, total), and when to stop.

        No dialog that is opened meanwhile ends it, and nothing else is decided. Raises RefusedError while a long
        decision is on its way.
        """
        if self._deciding:
            raise RefusedError(with_keys(BUSY, self.frame.key_changes))
        self._begin_long()
        self.run_worker(self._beside(work, what, total, then), group="deciding", exit_on_error=False, description=what)

    async def _beside(
        self,
        work: Callable[[Callable[[int, int], bool]], T],
        what: str,
        total: int,
        then: Callable[[T], Awaitable[None]],
    ) -> None:
        loop, began = asyncio.get_running_loop(), time.monotonic()

        def on_progress(done: int, total: int) -> bool:
            loop.call_soon_threadsafe(self._tell_progress, what, done, total, time.monotonic() - began)
            return self._stopping

        try:
            self._tell_progress(what, 0, total, 0.0)
            result = await asyncio.to_thread(work, on_progress)
        finally:
            self._end_long()
        await then(result)

    def _begin_long(self) -> None:
        self._deciding, self._stopping = True, False

    def _end_long(self) -> None:
        self._deciding = self._stopping = False
        self.batch_bar.running = None
        self._tell()

    def _tell_progress(self, what: str, done: int, total: int, seconds: float) -> None:
        """How far it is; what is gone by now leaves the grid at once."""
        if not self._deciding:
            return
        left = duration(seconds / done * (total - done)) if 0 < done < total else ""
        self.batch_bar.stop_key = self.frame.key("gallery.stop")
        self.batch_bar.running = Running(what, done, total, left)
        if self.desk is not None and self.grid.ids is not self.desk.ids:
            self._show_ids()
        self._tell()

    def _show_ids(self) -> None:
        """The grid over the ids of now."""
        raise NotImplementedError

    async def _decided(self, ids: Sequence[int], *, unmark: bool) -> None:
        """Show what the images are now; those that are not here any more have no mark."""
        here = self.here
        self.early = 0
        if unmark:
            self.grid.marks -= set(ids)
        self._forget_gone(ids)
        self.grid.forget(ids)
        await self._go_to(here)

    def _tell_decided(self, change: Change, reached: int, asked: int, said: Said, undo: str) -> None:
        words = said(change.changed, reached)
        if change.changed and undo:
            words = f"{words} {undo}"
        if reached < asked:
            words = f"Stopped after {reached:,} of {asked:,}. {words}"
        self.frame.toast(words)

    def action_stop(self) -> None:
        """Stop the long decision after the images that are being decided on."""
        self._stopping = True

    def go_up(self) -> bool:
        """Esc stops a long decision first."""
        if self._deciding and not self._stopping:
            self.action_stop()
            return True
        return super().go_up()

    # Marks.

    def _mark(self, image_id: int) -> None:
        self.grid.marks ^= {image_id}
        self._anchor = image_id

    def action_mark(self) -> None:
        """Mark the image or not, and move on; a held key marks nothing that is not shown yet."""
        if not self.grid.is_settled:
            self.early += 1
            self.came_early()
        elif self.grid.cursor_id is not None:
            self._mark(self.grid.cursor_id)
            self._move(columns=1)
            self._tell()

    def action_range(self) -> None:
        """Mark everything between the image marked last and this one."""
        here = self.grid.cursor_id
        if here is None or self.desk is None:
            return
        anchor = self._anchor if self._anchor is not None and self.desk.position(self._anchor) is not None else here
        self.grid.marks |= set(between(self.desk.ids, anchor, here, self.desk.order))
        self._anchor = here
        self._tell()

    def action_mark_all(self) -> None:
        """Mark all images of this view, or none when all are marked."""
        desk = self.desk
        if desk is None:
            return
        if not desk.is_complete:
            self.frame.toast("The list of images is still being read; press the key again in a moment.", "warning")
            return
        everything = frozenset(desk.ids)
        self.grid.marks = frozenset() if self.grid.marks >= everything else everything
        self._anchor = None
        self._tell()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.grid.marks = frozenset()
        self._anchor = None
        self._tell()

    def _forget_gone(self, ids: Iterable[int]) -> None:
        if self.desk is not None:
            self.grid.marks -= {image_id for image_id in ids if self.desk.position(image_id) is None}

    # The trash, and the queue of images to crop.

    async def action_trash(self) -> None:
        """The marked images, or the one under the cursor, to the trash."""
        await self._trash(self.meant)

    async def action_queue(self) -> None:
        """The marked images, or the one under the cursor, to the queue of images to crop."""
        wanted = self.meant
        if self.desk is not None and wanted:
            new = await self.desk.queue_crops(wanted)
            self.frame.toast(lines.queued(new, len(wanted)))

    async def action_restore(self) -> None:
        """The marked images, or the one under the cursor, back from the trash."""
        await self.decide_marked(restore_part, "Restoring images", lines.restored, unmark=True, undo="")

    async def _trash(self, ids: Sequence[int]) -> None:
        row = self.desk.known(ids[0]) if self.desk is not None and ids else None
        name = row.image.name if row is not None and len(ids) == 1 else ""
        await self.decide_marked(
            trash_part,
            "Moving images to the trash",
            lambda moved, asked: lines.trashed(moved, asked, name),
            ids=ids,
            unmark=True,
            undo="",
        )

    # Undo and redo.

    async def action_undo(self) -> None:
        """Take back what was decided last."""
        if self.desk is not None:
            await self._turn(self.desk.undo, "Undoing", "again")

    async def action_redo(self) -> None:
        """Do again what was undone."""
        if self.desk is not None:
            await self._turn(self.desk.redo, "Redoing", "once more")

    async def _turn(self, turn: Callable[[Progress], Awaitable[Entry]], what: str, word: str) -> None:
        """Undo or redo; one on very many images goes on beside the keys, with the bar, after its first part."""
        began, is_long, has_bar = time.monotonic(), asyncio.Event(), False

        def on_progress(done: int, total: int) -> bool:
            nonlocal has_bar
            if not is_long.is_set():
                is_long.set()
                has_bar = not self._deciding  # a long decision that has begun meanwhile keeps it
                if has_bar:
                    self._begin_long()
            if has_bar:
                self._tell_progress(what, done, total, time.monotonic() - began)
            return not (has_bar and self._stopping)

        async def to_its_end() -> None:
            try:
                await self._turn_back(partial(turn, on_progress), word)
            finally:
                if has_bar:
                    self._end_long()

        task, first_part = asyncio.ensure_future(to_its_end()), asyncio.ensure_future(is_long.wait())
        await asyncio.wait({task, first_part}, return_when=asyncio.FIRST_COMPLETED)
        first_part.cancel()
        if task.done():
            await task
        else:
            self.run_worker(_awaited(task), group="deciding", exit_on_error=False, description=what)

    async def _turn_back(self, turn: Callable[[], Awaitable[Entry]], word: str) -> None:
        await self._turned(await turn(), word)

    async def _turned(self, entry: Entry, word: str) -> None:
        if entry.stale:
            what = f"Image {entry.target}" if entry.area in IMAGE_AREAS else "What was decided last"
            self.frame.toast(f"{what} was changed since by somebody; it stays as it is.", "warning")
            return
        self.early = 0
        turned = list(dict.fromkeys(entry.turned)) if entry.area in IMAGE_AREAS else []
        self._forget_gone(turned)
        self.grid.forget(turned)
        is_there = self.desk is not None and bool(turned) and self.desk.position(turned[0]) is not None
        await self._go_to(turned[0] if is_there else self.here)
        self.frame.clear_toasts()  # what was told of the decision is no longer so
        said = lines.turned(len(turned), entry.left, word) if turned else NAMES_TURNED
        if entry.waiting:
            reached = len(turned) + entry.left
            said = f"Stopped after {reached:,} of {reached + entry.waiting:,}. {said}"
        if said:
            self.frame.toast(said)


async def _awaited(task: asyncio.Future[None]) -> None:
    await task
