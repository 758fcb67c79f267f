"""Previews that were deleted are made again when somebody looks at the image."""

from __future__ import annotations

import asyncio

from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.store.images import Image
from binscout_tui.workspace import Paths


class PreviewMaker:
    """Makes previews from originals, one at a time, in a worker process that is guarded like an import's."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._pool: DecodePool | None = None
        self._turn = asyncio.Lock()
        self._tried: dict[int, bool] = {}

    async def make(self, image: Image) -> bool:
        """Whether the previews of `image` were made again; each image is tried once, a damaged one stays damaged.

        Who asks while it is tried hears what came of it.
        """
        if image.id in self._tried:
            return False
        async with self._turn:
            if image.id not in self._tried:
                self._pool = self._pool or DecodePool(self._paths.previews, workers=1)
                found = await asyncio.to_thread(self._pool.decode_one, self._paths.original(image))
                self._tried[image.id] = isinstance(found, Decoded) and found.sha256 == image.sha256
            return self._tried[image.id]

    async def close(self) -> None:
        """End the worker process."""
        async with self._turn:
            if self._pool is not None:
                await asyncio.to_thread(self._pool.close)
