"""One person's way through the library: all ids in order, rows as they are needed, and what is moved to the trash."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from binscout_tui.browsing.listing import Listing
from binscout_tui.browsing.sequence import Ids, around, nearest, position_of
from binscout_tui.filtering.tree import Filter
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path
from binscout_tui.store import batch_labels, comparisons, crops, filters, gallery, images, journal, undoing
from binscout_tui.store.gallery import Order, Row
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Change, Entry
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.workspace import LiveWorkspace

AREAS = (
    "trash",
    "star",
    "title",
    batch_labels.AREA,
    comparisons.AREA,
    TAG.area,
    COLLECTION.area,
    TAG.own_area,
    COLLECTION.own_area,
)
"""What undo in the gallery walks back."""
IMAGE_AREAS = frozenset(AREAS) - {TAG.own_area, COLLECTION.own_area} | {"label", "note"}
"""Those whose rows are about images, and those of what a decision there brings about."""
PART = 500
"""Images that are decided on in one transaction: a key waits for no more of them."""
Decide = Callable[[sqlite3.Connection, int, list[int], int], Change]
"""A store function that decides on images: (user, ids, batch), with batch 0 at first."""
Progress = Callable[[int, int], bool]
"""Is told (done, total) after each part, and answers whether to go on."""
ROWS = 1_000
"""More than four pages of the smallest tiles on a very large screen."""
WINDOW = 24
"""Rows read together around the one that is wanted."""
AHEAD, BEHIND = 3, 1
"""Pictures worth having ready in the direction of travel, and against it."""


class GalleryDesk:
    """All images outside the trash, or those that a filter lets through."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.has_trash = False
        self.filter_text = ""
        self._listing = Listing(workspace.db, "newest")
        self._count = 0
        self._event_id = 0
        self._rows: OrderedDict[int, Row] = OrderedDict()
        # A change made elsewhere must not come between the pieces, nor between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def ids(self) -> Ids:
        """The images in order, as far as they were read; another object when they change."""
        return self._listing.ids

    @property
    def order(self) -> Order:
        """Which image comes first."""
        return self._listing.order

    @property
    def is_complete(self) -> bool:
        """Whether all ids were read."""
        return self._listing.is_complete

    @property
    def wanted(self) -> Filter:
        """The filter."""
        return self._listing.wanted

    @property
    def is_filtered(self) -> bool:
        """Whether a filter leaves images out."""
        return self._listing.is_filtered

    @property
    def is_in_trash(self) -> bool:
        """Whether the images here are those in the trash."""
        return filters.looks_in_trash(self.wanted)

    @property
    def library(self) -> int:
        """How many images count in the whole library."""
        return self._count

    @property
    def total(self) -> int:
        """How many images there are here, also while their ids are still being read; of a filter those read so far."""
        read = len(self.ids)
        return read if self.is_complete or self.is_filtered else max(self._count, read)

    async def open(self, order: Order, image_id: int | None = None, filter_text: str = "") -> None:
        """Read the ids that a filter lets through, up to `image_id`, the first piece at least. Raises FilterError."""
        wanted = filters.parse(filter_text)
        async with self._turn:
            await self._begin(order, wanted, image_id)
            self.filter_text = filter_text

    async def filter(self, text: str, image_id: int | None) -> int | None:
        """Another filter: the image where one is then, which is the same if it is let through, else the first.

        Raises FilterError.
        """
        wanted = filters.parse(text)
        async with self._turn:
            listing = Listing(self.workspace.db, self.order, wanted)
            image_id = await listing.begin_at(image_id)
            # What happened since the events that are known is told again by the next refresh, and taken in once.
            self._listing, self.filter_text = listing, text
        return self.nearest(image_id)

    async def load_rest(self, on_piece: Callable[[], None]) -> None:
        """Read what `open` has left, piece by piece; `on_piece` is told of each."""
        while not self.is_complete:
            async with self._turn:
                if not self.is_complete:
                    await self._listing.next_piece()
            on_piece()

    async def turn(self) -> None:
        """The other order: what came last comes first."""
        async with self._turn:
            if self.is_complete:
                self._listing.turn()
                return
            await self._begin("oldest" if self.order == "newest" else "newest", self.wanted)
            while not self.is_complete:
                await self._listing.next_piece()

    async def among(self, ids: Iterable[int]) -> frozenset[int]:
        """Those of `ids` that are here, also where they were not read yet."""
        return await self.workspace.db.read(gallery.among, self.wanted, list(ids))

    async def refresh(self) -> frozenset[int] | None:
        """Take over changes made elsewhere: the ids of images that may look different, None for all of them.

        Raises FilterError for a name that exists no more.
        """
        async with self._turn:
            found = await self.workspace.db.read(gallery.news, self._event_id, self.wanted)
            if not found.too_many:
                self._event_id = found.event_id
                touched = found.live | found.gone
                for image_id in touched:
                    self._rows.pop(image_id, None)
                self._take(found.live, found.gone)
                if self.is_filtered and touched:
                    _, self._count, self.has_trash = await self.workspace.db.read(gallery.begin)
                return touched
        await self._read_again()
        return None

    def is_concerned(self, kinds: Collection[str]) -> bool:
        """Whether events of any of these kinds may change what is here."""
        return not gallery.relevant(self.wanted).isdisjoint(kinds)

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

    async def decide(
        self,
        ids: Iterable[int],
        decide: Decide,
        what: str,
        on_progress: Progress | None = None,
    ) -> Change:
        """Decide on images as one decision, in parts between which keys are taken. Raises RefusedError for a viewer.

        `what` is the activity as a noun; `on_progress` is told (done, total) after each part and answers whether to go
        on: what was done by then stays done, and one undo takes it back.
        """
        self.workspace.user.must_be("operator", what)
        wanted, changed, batch = list(ids), 0, 0
        for start in range(0, len(wanted), PART):
            part = wanted[start : start + PART]
            async with self._turn:
                change = await self.workspace.db.write(decide, self.workspace.user.uid, part, batch)
                changed, batch = changed + change.changed, change.batch
                await self._decided(part)
            if on_progress is not None and not on_progress(min(start + PART, len(wanted)), len(wanted)):
                break
        return Change(changed, batch)

    async def trash(self, ids: Iterable[int]) -> int:
        """Move images to the trash as one decision; how many were not there yet. Raises RefusedError for a viewer."""
        return (await self.decide(ids, trash_part, "Moving images to the trash")).changed

    async def restore(self, ids: Iterable[int]) -> int:
        """Bring images back from the trash as one decision; how many were there. Raises RefusedError for a viewer."""
        return (await self.decide(ids, restore_part, "Restoring images")).changed

    async def queue_crops(self, ids: Iterable[int]) -> int:
        """Put images into the queue of those to crop; how many were not waiting there. RefusedError for a viewer."""
        self.workspace.user.must_be("operator", "Queueing images to crop")
        return await self.workspace.db.write(crops.enqueue, self.workspace.user.uid, list(ids))

    async def undo(self, on_progress: Progress | None = None) -> Entry:
        """Take back the last decision of the gallery. Raises NotFoundError.

        One on very many images in parts, as in `decide`: where it is stopped, the next undo goes on with it.
        """
        return await self._turn_back(undoing.undo, "Undoing", on_progress)

    async def redo(self, on_progress: Progress | None = None) -> Entry:
        """Do again what was undone last; in parts as `undo`."""
        return await self._turn_back(undoing.redo, "Redoing", on_progress)

    async def _turn_back(self, turn: Callable[..., Entry], what: str, on_progress: Progress | None) -> Entry:
        self.workspace.user.must_be("operator", what)
        uid, parts = self.workspace.user.uid, list[Entry]()
        while not parts or parts[-1].waiting:
            async with self._turn:
                last = parts[-1] if parts else None
                part = await self.workspace.db.write(turn, uid, AREAS, most=undoing.PART, goes_on=last)
                parts.append(part)
                if part.area in IMAGE_AREAS:
                    await self._decided(part.turned)
            done = undoing.PART * len(parts)
            if part.waiting and on_progress is not None and not on_progress(done, done + part.waiting):
                break
        entry = journal.together(parts)
        if entry.area not in IMAGE_AREAS:
            await self._read_again()
        return entry

    async def _decided(self, ids: Collection[int]) -> None:
        """Something was decided on images: where they are now, and what the views count."""
        live = await self.among(ids)
        for image_id in ids:
            self._rows.pop(image_id, None)
        self._listing.take(list(live), list(frozenset(ids) - live))
        _, self._count, self.has_trash = await self.workspace.db.read(gallery.begin)

    def _take(self, live: Iterable[int], gone: Iterable[int]) -> None:
        more = self._listing.take(list(live), list(gone))
        self._count += 0 if self.is_filtered else more

    async def _begin(self, order: Order, wanted: Filter, image_id: int | None = None) -> None:
        # Whatever happens after this moment is told again, and taken in once.
        event_id, count, has_trash = await self.workspace.db.read(gallery.begin)
        listing = Listing(self.workspace.db, order, wanted)
        await listing.read_to(image_id)
        self._listing, self._event_id, self._count, self.has_trash = listing, event_id, count, has_trash

    async def _read_again(self) -> None:
        """A new list beside the old one, which holds for keys until all of the new one is there."""
        old = self._listing
        event_id, count, has_trash = await self.workspace.db.read(gallery.begin)
        listing = Listing(self.workspace.db, old.order, old.wanted)
        while not listing.is_complete:
            await listing.next_piece()
        async with self._turn:
            if self._listing is old and old.order == listing.order:
                self._listing, self._event_id, self._count, self.has_trash = listing, event_id, count, has_trash
                self._rows.clear()

    def _window(self, image_id: int) -> Ids | list[int]:
        position = self.position(image_id)
        return [image_id] if position is None else self.ids[max(0, position - WINDOW) : position + WINDOW + 1]


def trash_part(db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
    """Move images to the trash."""
    return images.decide_trash(db, uid, ids, trashed=True, batch=batch)


def restore_part(db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
    """Bring images back from the trash."""
    return images.decide_trash(db, uid, ids, trashed=False, batch=batch)
