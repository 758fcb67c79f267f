"""One person's way through the library: all ids in order, rows as they are needed, and what is moved to the trash."""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

from binscout_tui.browsing.sequence import Ids, around, merged, nearest, position_of
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path
from binscout_tui.store import crops, gallery, images, undoing
from binscout_tui.store.gallery import Order, Row
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.workspace import LiveWorkspace

AREAS = ("trash",)
PIECE = 10_000
ROWS = 1_000
"""More than four pages of the smallest tiles on a very large screen."""
WINDOW = 24
"""Rows read together around the one that is wanted."""
AHEAD, BEHIND = 3, 1
"""Pictures worth having ready in the direction of travel, and against it."""


class GalleryDesk:
    """All images outside the trash. `ids` is replaced when it changes and never changed itself."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.ids: Ids = array("q")
        self.order: Order = "newest"
        self.is_complete = False
        self.has_trash = False
        self._count = 0
        self._event_id = 0
        self._rows: OrderedDict[int, Row] = OrderedDict()
        # A change made elsewhere must not come between the pieces, nor between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def total(self) -> int:
        """How many images there are, also while their ids are still being read."""
        return len(self.ids) if self.is_complete else max(self._count, len(self.ids))

    async def open(self, order: Order, wanted: int | None = None) -> None:
        """Read the ids up to `wanted`, the first piece at least."""
        async with self._turn:
            await self._begin(order)
            while not self.is_complete and wanted is not None and not self._passed(wanted):
                await self._next_piece()

    async def load_rest(self, on_piece: Callable[[], None]) -> None:
        """Read what `open` has left, piece by piece; `on_piece` is told of each."""
        while not self.is_complete:
            async with self._turn:
                await self._next_piece()
            on_piece()

    async def turn(self) -> None:
        """The other order: what came last comes first."""
        order: Order = "oldest" if self.order == "newest" else "newest"
        async with self._turn:
            if self.is_complete:
                self.order, self.ids = order, self.ids[::-1]
            else:
                await self._begin(order)
                while not self.is_complete:
                    await self._next_piece()

    async def refresh(self) -> frozenset[int] | None:
        """Take over changes made elsewhere: the ids of images that may look different, None for all of them."""
        async with self._turn:
            found = await self.workspace.db.read(gallery.news, self._event_id)
            self._event_id = found.event_id
            if found.too_many:
                await self._read_again()
                return None
            touched = found.live | found.gone
            for image_id in touched:
                self._rows.pop(image_id, None)
            self._take(found.live, found.gone)
            return touched

    def position(self, image_id: int) -> int | None:
        """Where an image is among all, from 0; None when it is not there."""
        return position_of(self.ids, image_id, self.order)

    def nearest(self, image_id: int | None) -> int | None:
        """The image itself or the one that has taken its place; the first for None; None when there are none."""
        if image_id is None:
            return self.ids[0] if self.ids else None
        return nearest(self.ids, image_id, self.order)

    def step(self, image_id: int, by: int) -> int | None:
        """The image `by` places further on, None beyond the ends."""
        position = self.position(image_id)
        wanted = -1 if position is None else position + by
        return self.ids[wanted] if 0 <= wanted < len(self.ids) else None

    def around(self, image_id: int, travel: int) -> list[int]:
        """The images to have ready while going from image to image, the most urgent first."""
        position = self.position(image_id)
        return [] if position is None else around(self.ids, position, travel, AHEAD, BEHIND)

    def known(self, image_id: int) -> Row | None:
        """The row of an image if it was read before."""
        return self._rows.get(image_id)

    async def row(self, image_id: int) -> Row | None:
        """The row of an image, read with those around it; None when there is no such image any more."""
        found = self._rows.get(image_id)
        if found is None:
            await self.rows(self._window(image_id))
            found = self._rows.get(image_id)
        return found

    async def read_ahead(self, image_id: int, travel: int) -> None:
        """Have the rows at hand that one comes to next."""
        if any(following not in self._rows for following in self.around(image_id, travel)):
            await self.rows(self._window(image_id))

    async def rows(self, ids: Iterable[int]) -> list[Row]:
        """The rows of these images in one reading; those that are gone are left out."""
        wanted = list(ids)
        missing = [image_id for image_id in wanted if image_id not in self._rows]
        fresh = await self.workspace.db.read(gallery.rows, missing) if missing else []
        known = {row.image.id: row for row in fresh}
        known |= {image_id: self._rows[image_id] for image_id in wanted if image_id in self._rows}
        self._rows.update((row.image.id, row) for row in fresh)
        while len(self._rows) > ROWS:
            self._rows.popitem(last=False)
        return [known[image_id] for image_id in wanted if image_id in known]

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    def thumb(self, image: Image) -> Path:
        """The smaller preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, THUMB)

    async def trash(self, ids: Iterable[int]) -> int:
        """Move images to the trash as one decision; how many were not there yet. Raises RefusedError for a viewer."""
        self.workspace.user.must_be("operator", "Moving images to the trash")
        gone = list(ids)
        async with self._turn:
            moved = await self.workspace.db.write(images.trash, self.workspace.user.uid, gone)
            self._take((), gone)
            self.has_trash = True
            return moved

    async def queue_crops(self, ids: Iterable[int]) -> int:
        """Put images into the queue of those to crop; how many were not waiting there. RefusedError for a viewer."""
        self.workspace.user.must_be("operator", "Queueing images to crop")
        return await self.workspace.db.write(crops.enqueue, self.workspace.user.uid, list(ids))

    async def undo(self) -> Entry:
        """Take back the last trashing or restoring. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Undoing")
        async with self._turn:
            entry = await self.workspace.db.write(undoing.undo, self.workspace.user.uid, AREAS)
            self._turned(entry, trashed=bool(entry.before["trashed"]))
            return entry

    async def redo(self) -> Entry:
        """Do again what was undone last. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Redoing")
        async with self._turn:
            entry = await self.workspace.db.write(undoing.redo, self.workspace.user.uid, AREAS)
            self._turned(entry, trashed=bool(entry.after["trashed"]))
            return entry

    def _turned(self, entry: Entry, *, trashed: bool) -> None:
        self._take(() if trashed else entry.turned, entry.turned if trashed else ())

    def _take(self, live: Iterable[int], gone: Iterable[int]) -> None:
        # While pieces are still to come, what lies beyond the last one comes with them.
        known = live if self.is_complete else [image_id for image_id in live if self._passed(image_id)]
        before = len(self.ids)
        self.ids = merged(self.ids, list(known), list(gone), self.order)
        self._count += len(self.ids) - before

    async def _begin(self, order: Order) -> None:
        self._event_id, self._count, self.has_trash = await self.workspace.db.read(gallery.begin)
        self.order, self.ids, self.is_complete = order, array("q"), False
        await self._next_piece()

    async def _next_piece(self) -> None:
        beyond = self.ids[-1] if self.ids else None
        found = await self.workspace.db.read(gallery.piece, self.order, beyond, PIECE)
        self.ids = self.ids + found
        self.is_complete = len(found) < PIECE

    async def _read_again(self) -> None:
        self._rows.clear()
        await self._begin(self.order)
        while not self.is_complete:
            await self._next_piece()

    def _passed(self, image_id: int) -> bool:
        """Whether the ids read so far reach to where this image is."""
        last = self.ids[-1] if self.ids else None
        return last is not None and (image_id >= last if self.order == "newest" else image_id <= last)

    def _window(self, image_id: int) -> Ids | list[int]:
        position = self.position(image_id)
        return [image_id] if position is None else self.ids[max(0, position - WINDOW) : position + WINDOW + 1]
