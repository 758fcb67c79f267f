"""What is marked and decided in the gallery: the trash, the queue of images to crop, undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from binscout_tui.browsing.sequence import between
from binscout_tui.screens import gallery_lines as lines
from binscout_tui.screens.gallery_filter import FilteredGrid
from binscout_tui.store.journal import Entry


class DecidingGrid(FilteredGrid):
    """The grid with marks, and decisions about what is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._anchor: int | None = None

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

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.grid.marks = frozenset()
        self._anchor = None
        self._tell()

    async def action_trash(self) -> None:
        """The marked images, or the one under the cursor, to the trash."""
        here = self.grid.cursor_id
        marked = sorted(self.grid.marks)
        if marked or here is not None:
            await self._trash(marked or [here] if here is not None else marked)

    async def action_queue(self) -> None:
        """The marked images, or the one under the cursor, to the queue of images to crop."""
        here = self.grid.cursor_id
        wanted = sorted(self.grid.marks) or ([here] if here is not None else [])
        if self.desk is not None and wanted:
            new = await self.desk.queue_crops(wanted)
            self.frame.toast(lines.queued(new, len(wanted)))

    async def action_restore(self) -> None:
        """The marked images, or the one under the cursor, back from the trash."""
        desk, here = self.desk, self.here
        wanted = sorted(self.grid.marks) or ([here] if here is not None else [])
        if desk is not None and wanted:
            moved = await desk.restore(wanted)
            self.early = 0
            self.grid.marks -= set(wanted)
            await self._go_to(here)
            self.frame.toast(lines.restored(moved, len(wanted)))

    async def _trash(self, ids: Sequence[int]) -> None:
        desk, here = self.desk, self.here
        if desk is None:
            return
        row = desk.known(ids[0])
        moved = await desk.trash(ids)
        self.early = 0
        self.grid.marks -= set(ids)
        await self._go_to(here)
        name = row.image.name if row is not None and len(ids) == 1 else ""
        self.frame.toast(lines.trashed(moved, len(ids), name))

    async def action_undo(self) -> None:
        """Bring back what was moved to the trash last."""
        if self.desk is not None:
            await self._turned(await self.desk.undo(), "again")

    async def action_redo(self) -> None:
        """Do again what was undone."""
        if self.desk is not None:
            await self._turned(await self.desk.redo(), "once more")

    async def _turned(self, entry: Entry, word: str) -> None:
        if entry.stale:
            self.frame.toast(f"Image {entry.target} was changed since by somebody; it stays as it is.", "warning")
            return
        self.early = 0
        self._forget_gone(entry.turned)
        first = entry.turned[0]
        here = self.here
        await self._go_to(first if self.desk is not None and self.desk.position(first) is not None else here)
        self.frame.clear_toasts()  # what was told of the trash is no longer so
        if said := lines.turned(len(entry.turned), entry.left, word):
            self.frame.toast(said)

    def _forget_gone(self, ids: Iterable[int]) -> None:
        if self.desk is not None:
            self.grid.marks -= {image_id for image_id in ids if self.desk.position(image_id) is None}
