"""The way through the images of one dataset version: ids piece by piece, rows as they are needed."""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from binscout_tui.browsing.sequence import Ids
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path
from binscout_tui.store import dataset_pages
from binscout_tui.store.dataset_pages import FrozenRow, Wanted
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.images import Image
from binscout_tui.workspace import LiveWorkspace

FIRST, PIECE = 500, 10_000
"""How many ids are read before anything is shown, and at a time from then on."""
ROWS = 1_000
WINDOW = 24
AHEAD = 3


class VersionDesk:
    """The images of a version that count, or only those of `part`. `ids` is replaced when it changes.

    What somebody else changes in the labels shows when rows are forgotten; the list itself is frozen.
    """

    def __init__(self, workspace: LiveWorkspace, dataset: Dataset, part: Sequence[int] | None = None) -> None:
        self.workspace = workspace
        self.dataset = dataset
        self.part = part
        self.wanted = Wanted()
        self.ids: Ids = array("q", part or ())
        self.is_complete = part is not None
        self._rows: OrderedDict[int, FrozenRow] = OrderedDict()
        self._turn = asyncio.Lock()
        self._asked = 0

    async def open(self, wanted: Wanted, image: int | None = None) -> None:
        """Look at these images: the first of them, as far as `image`. Raises FilterError, then nothing changes."""
        if self.part is not None:
            return
        self._asked += 1
        async with self._turn:
            found = await self._read(wanted, 0, FIRST)
            self.wanted, self.ids, self.is_complete = wanted, found, len(found) < FIRST
            while not self.is_complete and image is not None and self.ids[-1] < image:
                await self._next_piece()

    async def load_rest(self, on_piece: Callable[[], None]) -> None:
        """Read the other ids; ends early when others are asked for meanwhile."""
        asked = self._asked
        while not self.is_complete:
            async with self._turn:
                if asked != self._asked:
                    return
                await self._next_piece()
            on_piece()

    def position(self, image_id: int) -> int | None:
        """Where an image is among those that are looked at, from 0."""
        try:
            return self.ids.index(image_id)
        except ValueError:
            return None

    def nearest(self, image_id: int | None) -> int | None:
        """The image itself, else the one that follows it in the order of arrival; the first for None."""
        if image_id is None or self.position(image_id) is not None or not self.ids:
            return image_id if image_id is not None and self.ids else next(iter(self.ids), None)
        return next((found for found in self.ids if found > image_id), self.ids[-1])

    def step(self, image_id: int, by: int) -> int | None:
        """The image `by` places further on, None beyond the ends."""
        position = self.position(image_id)
        wanted = -1 if position is None else position + by
        return self.ids[wanted] if 0 <= wanted < len(self.ids) else None

    def ahead(self, image_id: int, travel: int) -> list[int]:
        """The images that come next in the direction of `travel` (1 or -1)."""
        return [found for by in range(1, AHEAD + 1) if (found := self.step(image_id, travel * by)) is not None]

    def known(self, image_id: int) -> FrozenRow | None:
        """The row of an image if it was read before."""
        return self._rows.get(image_id)

    async def row(self, image_id: int) -> FrozenRow | None:
        """The row of an image, read with those around it; None when there is no such image any more."""
        if image_id not in self._rows:
            position = self.position(image_id) or 0
            await self.rows([image_id, *self.ids[max(0, position - WINDOW) : position + WINDOW + 1]])
        return self._rows.get(image_id)

    async def rows(self, ids: Iterable[int]) -> list[FrozenRow]:
        """The rows of these images in one reading; those that are gone are left out."""
        wanted = list(dict.fromkeys(ids))
        missing = [image_id for image_id in wanted if image_id not in self._rows]
        if missing:
            fresh = await self.workspace.db.read(dataset_pages.rows, self.dataset.id, missing)
            self._rows.update((row.image.id, row) for row in fresh)
        found = [self._rows[image_id] for image_id in wanted if image_id in self._rows]
        while len(self._rows) > ROWS:
            self._rows.popitem(last=False)
        return found

    def forget(self) -> None:
        """What is known of the images may be old."""
        self._rows.clear()

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    def thumb(self, image: Image) -> Path:
        """The smaller preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, THUMB)

    async def _next_piece(self) -> None:
        found = await self._read(self.wanted, self.ids[-1] if self.ids else 0, PIECE)
        self.ids = self.ids + found
        self.is_complete = len(found) < PIECE

    async def _read(self, wanted: Wanted, beyond: int, limit: int) -> Ids:
        return await self.workspace.db.read(dataset_pages.piece, self.dataset.id, wanted, beyond, limit)
