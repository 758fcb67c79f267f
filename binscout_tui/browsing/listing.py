"""The ids of all images, or of those that a filter lets through, in one order, read piece by piece."""

from __future__ import annotations

import time
from array import array
from collections.abc import Collection

from binscout_tui.browsing.sequence import Ids, merged
from binscout_tui.filtering.tree import EVERYTHING, Filter
from binscout_tui.store import gallery
from binscout_tui.store.database import AsyncDatabase
from binscout_tui.store.gallery import Order

PIECE = 10_000
FIRST = 300
"""Matches of a filter that are read at first: more than a screen of the smallest tiles."""
SPAN = 4_000
"""Ids that are gone through at first for more matches; then as many as take about as long as a frame."""
SOON_S, LONG_S = 0.006, 0.015


class Listing:
    """`ids` is replaced when it grows and never changed itself; all up to `reached` are in it."""

    def __init__(self, db: AsyncDatabase, order: Order, wanted: Filter = EVERYTHING) -> None:
        self.order = order
        self.wanted = wanted
        self.ids: Ids = array("q")
        self.is_complete = False
        self._db = db
        self._reached: int | None = None
        self._span = SPAN

    @property
    def is_filtered(self) -> bool:
        """Whether a filter leaves images out."""
        return self.wanted != EVERYTHING

    async def read_to(self, image_id: int | None) -> None:
        """Read the first piece, and go on until it is known whether `image_id` is among them. Raises FilterError."""
        await self.next_piece()
        while not self.is_complete and image_id is not None and not self.passed(image_id):
            await self.next_piece()

    async def begin_at(self, image_id: int | None) -> int | None:
        """Read as far as to `image_id`, if that is among them; the image to begin at, the first otherwise.

        Raises FilterError.
        """
        if not self.is_filtered:
            await self.read_to(image_id)
            return image_id
        there, found = await self._db.read(gallery.entry, self.wanted, self.order, image_id, FIRST)
        self._begin(found)
        while image_id is not None and there and not self.passed(image_id):
            await self.next_piece()
        return image_id if there else None

    async def next_piece(self) -> None:
        """Read on. Raises FilterError."""
        if not self.is_filtered:
            found = await self._db.read(gallery.piece, self.order, self._reached, PIECE)
            self.is_complete = len(found) < PIECE
            self.ids = self.ids + found
            self._reached = self.ids[-1] if self.ids else None
        elif self._reached is None:
            self._begin(await self._db.read(gallery.matches, self.wanted, self.order, None, None, FIRST))
        else:
            await self._next_span(self._reached)

    def _begin(self, found: Ids) -> None:
        self.ids, self._reached = found, found[-1] if found else None
        self.is_complete = len(found) < FIRST

    async def _next_span(self, reached: int) -> None:
        """So many ids further on, however few of them match: nobody waits longer for the database than a frame."""
        began = time.perf_counter()
        until = reached - self._span if self.order == "newest" else reached + self._span
        found = await self._db.read(gallery.matches, self.wanted, self.order, reached, until, self._span + 1)
        last = 1 if self.order == "newest" else await self._db.read(gallery.last_id)
        self.ids, self._reached = self.ids + found, until
        self.is_complete = until <= last if self.order == "newest" else until >= last
        took = time.perf_counter() - began
        self._span = self._span * 2 if took < SOON_S else max(SPAN, self._span // 2) if took > LONG_S else self._span

    def passed(self, image_id: int) -> bool:
        """Whether the ids read so far reach to where this image is."""
        reached = self._reached
        if self.is_complete or reached is None:
            return self.is_complete
        return image_id >= reached if self.order == "newest" else image_id <= reached

    def take(self, live: Collection[int], gone: Collection[int]) -> int:
        """Take in images that are among them now, or no more; by how many they are more.

        While pieces are still to come, what lies beyond the last one comes with them.
        """
        before = len(self.ids)
        self.ids = merged(self.ids, [image_id for image_id in live if self.passed(image_id)], gone, self.order)
        return len(self.ids) - before

    def turn(self) -> None:
        """The other order, of a listing that is complete."""
        self.order = "oldest" if self.order == "newest" else "newest"
        self.ids = self.ids[::-1]
