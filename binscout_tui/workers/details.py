"""All pixels of a picture, for looking closely: unpacked from the original into a file that is read in parts."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import threading
from collections import OrderedDict
from pathlib import Path
from uuid import uuid4

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.outcomes import Limits, Rejected, Unpacked
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.unpacking import temporary_path
from binscout_tui.store.images import Image
from binscout_tui.terminal.scale import Detail
from binscout_tui.workspace import Paths

KEPT = 2
"""So many pictures stay unpacked: 100 megapixels take 300 MB of disk."""
FOLDER = "unpacked"
_LOCK = "lock"
_BYTES_A_PIXEL = 3


class DetailError(BinScoutError):
    """A picture cannot be looked at more closely than its preview."""

    code = "detail"


class DetailMaker:
    """Unpacks originals, one at a time, in a worker process that is guarded like an import's.

    The files lie below the previews, in a folder of this process; what an earlier one that was killed has left is
    removed when the first picture is asked for.
    """

    def __init__(self, paths: Paths, limits: Limits | None = None, *, kept: int = KEPT) -> None:
        limits = limits or Limits()
        self._most = kept
        self._paths = paths
        self._limits = msgspec.structs.replace(limits, written=_BYTES_A_PIXEL * limits.pixels)
        self._folder: _Folder | None = None
        self._pool: DecodePool | None = None
        self._turn = asyncio.Lock()
        self._making = threading.Lock()
        self._latest: str | None = None
        self._kept: OrderedDict[str, Detail] = OrderedDict()

    async def make(self, image: Image) -> Detail | None:
        """The pixels of `image`, or None when another image was asked for while this one waited for its turn.

        Raises DetailError when the original cannot be read or is not what it was, DecoderError.
        """
        self._latest = image.sha256
        async with self._turn:
            if self._latest != image.sha256:
                return None
            if (detail := self._kept.get(image.sha256)) is not None:
                self._kept.move_to_end(image.sha256)
                return detail
            detail = await asyncio.to_thread(self._unpack, image)
            self._kept[image.sha256] = detail
            await asyncio.to_thread(self._drop_oldest)
            return detail

    async def close(self) -> None:
        """End the worker process and delete the files."""
        self._latest = None
        async with self._turn:
            self._kept.clear()
            await asyncio.to_thread(self._end)

    def folder(self) -> Path:
        """Where its files lie; what else is put there goes with them. Blocks. Raises DetailError."""
        with self._making:
            if self._folder is None:
                self._folder = _Folder(self._paths.previews / FOLDER)
            return self._folder.path

    def _unpack(self, image: Image) -> Detail:
        target = self.folder() / f"{image.sha256}.rgb"
        self._pool = self._pool or DecodePool(None, self._limits, workers=1)
        made = self._pool.unpack(self._paths.original(image), target)
        if isinstance(made, Unpacked) and made.sha256 == image.sha256:
            return Detail(target, made.width, made.height, made.plain)
        for path in (target, temporary_path(target)):
            path.unlink(missing_ok=True)
        raise _refused(made)

    def _drop_oldest(self) -> None:
        while len(self._kept) > self._most:
            _, detail = self._kept.popitem(last=False)
            detail.path.unlink(missing_ok=True)

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.close()
        if self._folder is not None:
            self._folder.remove()
        self._pool = self._folder = None


class _Folder:
    """A folder of this process below `root`: it holds a lock on it, so that others see that it is in use.

    Raises DetailError.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / uuid4().hex
        try:
            root.mkdir(parents=True, exist_ok=True)
            with (root / _LOCK).open("wb") as turn:
                fcntl.flock(turn, fcntl.LOCK_EX)
                _sweep(root)
                self.path.mkdir()
                self._lock = (self.path / _LOCK).open("wb")
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DetailError(
                f"The picture cannot be unpacked in {root}: {error.strerror or error}.",
                hint="Make room on the disk, or look at the original with another program.",
            ) from error

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _sweep(root: Path) -> None:
    """Remove the folders of processes that ended without doing so."""
    for folder in [entry for entry in root.iterdir() if entry.is_dir()]:
        try:
            with (folder / _LOCK).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue  # in use


def _refused(made: Unpacked | Rejected) -> DetailError:
    if isinstance(made, Unpacked):
        return DetailError(
            "The original is not what it was when it was imported, so it is not shown.",
            hint="Import it again if the change was wanted.",
            code="changed",
        )
    detail = f" ({made.detail})" if made.detail else ""
    return DetailError(
        f"{made.reason.removesuffix('.')}{detail}, so only the preview can be shown.",
        hint="Look at the original with another program.",
        code=str(made.code),
    )
