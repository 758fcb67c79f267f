"""Removing backgrounds as a service of the engine: one picture at a time, the result kept in the workspace."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from binscout_tui import atomic
from binscout_tui.engine.background_files import model_path, target
from binscout_tui.engine.batcher import QueueFullError
from binscout_tui.engine.protocol import BackgroundRequest
from binscout_tui.errors import StorageError
from binscout_tui.learning.sources import Pinned

if TYPE_CHECKING:
    from binscout_tui.engine.cutout import CutoutModel

MOST_WAITING = 64
COMPRESSION = 1  # of 9: a photo hardly shrinks further, and this is five times as fast

log = logging.getLogger(__name__)


class Backgrounds:
    """Cuts pictures out with the model of the workspace in `root`; all methods belong to the event loop.

    The model is loaded when it is first needed, and again when its file changes.
    """

    def __init__(self, root: Path, device: str) -> None:
        self._root = root
        self._device = device
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
        self._waiting = 0
        self._seconds_each = 1.0
        self._loaded: tuple[tuple[Any, ...], CutoutModel] | None = None

    def close(self) -> None:
        """Forget the model; a picture that is being cut out is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def cut_out(self, wanted: BackgroundRequest) -> dict[str, Any]:
        """The name of the cut-out's file in its folder, and whether it was there already.

        Raises QueueFullError, BinScoutError: `background_off`, `background_extra`, `background_model`,
        `background_empty`, `unreadable`, `changed`, `storage`.
        """
        model = model_path(self._root, wanted.settings)
        path = target(self._root, wanted.settings, model, wanted.sha256)
        if path.is_file():
            return {"name": path.name, "kept": True}
        if self._waiting >= MOST_WAITING:
            raise QueueFullError(self._waiting, MOST_WAITING, self._waiting * self._seconds_each)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._work, model, wanted, path)
        finally:
            self._waiting -= 1
        return {"name": path.name, "kept": False}

    def _work(self, model: Path, wanted: BackgroundRequest, path: Path) -> None:
        if path.is_file():  # somebody else asked for the same while this one waited
            return
        from binscout_tui.engine.cutout import cut_out
        from binscout_tui.learning.pixels import read_upright

        begun = time.monotonic()
        image = read_upright(Pinned(Path(wanted.path), wanted.sha256), longest=None)
        mask = self._model(model).mask(image, wanted.settings)
        content = io.BytesIO()
        cut_out(image, mask, wanted.settings).save(content, "PNG", compress_level=COMPRESSION)
        try:
            atomic.write_bytes(path, content.getvalue())
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error
        self._seconds_each = time.monotonic() - begun
        log.info("cut out %s in %.1f s", wanted.sha256[:12], self._seconds_each)

    def _model(self, path: Path) -> CutoutModel:
        from binscout_tui.engine.cutout import CutoutModel

        status = path.stat()
        stamp = (path, status.st_ino, status.st_size, status.st_mtime_ns)
        if self._loaded is None or self._loaded[0] != stamp:
            self._loaded = None  # two of them may not fit into memory
            self._loaded = (stamp, CutoutModel(path, self._device))
            log.info("loaded %s", path)
        return self._loaded[1]
