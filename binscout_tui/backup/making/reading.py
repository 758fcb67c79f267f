"""Reading files that others may write at the same time: what is kept is one state of each, with its hash."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.archive.packing import (
    BLOCK,
    OutFile,
    PackWriter,
    ShortError,
    Taken,
    Trouble,
    member_name,
    open_raw,
    own_trouble,
)
from binscout_tui.backup.making.scan import Found

TRIES = 3
Tick = Callable[[int], None]
Take = Callable[[io.RawIOBase, int], Taken]


class SourceError(Exception):
    """A file here cannot be read; the text says why. Nothing of it was kept."""


class _Source(io.RawIOBase):
    """A file whose troubles are told apart from those of what it is copied to."""

    def __init__(self, path: bytes) -> None:
        try:
            self._file = open_raw(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SourceError(error.strerror or "unreadable") from error

    def stat(self) -> os.stat_result:
        return os.fstat(self._file.fileno())

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size) or b""
        except OSError as error:
            raise SourceError(error.strerror or "unreadable") from error

    def readinto(self, buffer: Any) -> int:
        try:
            return self._file.readinto(buffer) or 0
        except OSError as error:
            raise SourceError(error.strerror or "unreadable") from error

    def close(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
        super().close()


class Kept(msgspec.Struct, frozen=True):
    """A file as it was read: its facts then, hash and place; `restless` when it was written at every try."""

    found: Found
    taken: Taken
    restless: bool


def real_path(root: Path, path: bytes) -> bytes:
    """Where a file of a run lies here: `path` is relative to the workspace, or absolute."""
    return os.path.join(os.fsencode(root), path)  # noqa: PTH118  names of files are bytes here


def into_pack(pack: PackWriter, root: Path, found: Found, tick: Tick) -> Kept:
    """Put a file into a pack. Raises SourceError, FileNotFoundError; nothing of it is in the pack then."""

    def take(source: io.RawIOBase, size: int) -> Taken:
        return pack.add(member_name(found.path), source, size, tick)

    return settled(root, found, take, pack.undo)


def into_file(target: Path, root: Path, found: Found, tick: Tick, trouble: Trouble = own_trouble) -> Kept:
    """Copy a file, so that it does not change any more. Raises as `settled`, and what `trouble` makes."""

    def take(source: io.RawIOBase, size: int) -> Taken:
        with OutFile(target, trouble) as out:
            return _through(source, size, tick, out)

    return settled(root, found, take)


def hashed(root: Path, found: Found, tick: Tick) -> Kept:
    """Read a file for its hash alone. Raises as `settled`."""
    return settled(root, found, lambda source, size: _through(source, size, tick, None))


def settled(root: Path, found: Found, take: Take, undo: Callable[[], None] = lambda: None) -> Kept:
    """Have `take` read a file until nobody wrote it meanwhile; `undo` takes a try back.

    Of one that is written again and again the last try stays: as many bytes as it had when that began, which of a log
    that grows is a state that it had. Raises SourceError, FileNotFoundError, and what `take` raises for its own side.
    """
    for left in range(TRIES - 1, -1, -1):
        with closing(_Source(real_path(root, found.path))) as source:
            before = source.stat()
            if not stat.S_ISREG(before.st_mode):
                raise FileNotFoundError(found.path)
            now = _as_is(found, before)
            try:
                taken = take(source, before.st_size)
            except ShortError:
                continue
            if now.is_as(source.stat()):
                return Kept(now, taken, restless=False)
            if not left:
                return Kept(now, taken, restless=True)
            undo()
    raise SourceError("it is written again and again")


def _as_is(found: Found, seen: os.stat_result) -> Found:
    return Found(found.path, found.kind, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)


def _through(source: io.RawIOBase, size: int, tick: Tick, out: io.RawIOBase | None) -> Taken:
    digest, left, buffer = hashlib.sha256(), size, memoryview(bytearray(BLOCK))
    while left:
        got = source.readinto(buffer[: min(left, BLOCK)])
        if not got:
            raise ShortError
        digest.update(buffer[:got])
        view = buffer[:got]
        while out is not None and view:
            view = view[out.write(view) or 0 :]
        left -= got
        tick(got)
    return Taken(digest.hexdigest(), size, 0)
