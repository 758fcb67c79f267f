"""Many small files as one: a plain tar whose bytes follow from the names and contents alone.

The header of a member depends on its name and size and nothing else, so that a pack can be made again byte for byte
from the same files, also years later on another machine.
"""

from __future__ import annotations

import hashlib
import io
import os
import queue
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from binscout_tui.backup.archive.manifest import FileEntry

BLOCK = 1 << 20
RECORD = 512
END = bytes(2 * RECORD)
OUTSIDE = b"outside"
MODE = 0o644
WAITING = 8
"""So many blocks may wait for being hashed."""
Trouble = Callable[[OSError], Exception]
"""What to raise for an error of the disk that is written to: that may be a target."""


class ShortError(Exception):
    """A file had fewer bytes than it said; nothing of it is in the pack."""


class Taken(msgspec.Struct, frozen=True):
    """A file inside a pack: its SHA-256 and bytes, and where in the pack they begin."""

    sha256: str
    size: int
    offset: int


def member_name(path: bytes) -> bytes:
    """What a file is called inside a pack: its path in the workspace; a file from elsewhere is below `outside/`."""
    return OUTSIDE + path if path.startswith(b"/") else path


def header(name: bytes, size: int) -> bytes:
    """What stands before the bytes of a member; GNU's form, in which a name may have any bytes and any length."""
    info = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
    info.size, info.mode = size, MODE
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """What fills the last record of a member of so many bytes."""
    return bytes(-size % RECORD)


def own_trouble(error: OSError) -> Exception:
    """The disk is one of this machine."""
    return error


class OutFile(io.FileIO):
    """A new file whose errors are what `trouble` makes of them. Unbuffered."""

    def __init__(self, path: Path, trouble: Trouble = own_trouble) -> None:
        self._trouble = trouble
        try:
            super().__init__(path, "w")
        except OSError as error:
            raise trouble(error) from error

    def write(self, data: Any) -> int:
        """As `FileIO.write`."""
        try:
            return super().write(data)
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """As `FileIO.close`: some shares say only now that they are full."""
        try:
            super().close()
        except OSError as error:
            raise self._trouble(error) from error


class PackWriter:
    """A pack while it is made in a local file. A member that turns out not to be wanted can be taken out again."""

    def __init__(self, path: Path, trouble: Trouble = own_trouble) -> None:
        self.path = path
        self.size = 0
        self.members = 0
        self._before = 0
        # Unbuffered: the blocks are large, and a file of some kilobytes is copied once less.
        self._file = OutFile(path, trouble)
        self._hash = _HashBeside()

    def add(self, name: bytes, source: io.RawIOBase, size: int, tick: Callable[[int], None]) -> Taken:
        """Take `size` bytes of `source` (unbuffered); `tick` is told of each block.

        Raises ShortError, and what `trouble`, `source` and `tick` raise; nothing of it is in the pack then.
        """
        self._before = self.size
        self._hash.mark()
        try:
            self._write(header(name, size))
            offset = self.size
            sha256 = self._copy(source, size, tick)
            self._write(padding(size))
        except BaseException:
            self._go_back()
            raise
        self.members += 1
        return Taken(sha256, size, offset)

    def _copy(self, source: io.RawIOBase, size: int, tick: Callable[[int], None]) -> str:
        own = hashlib.sha256()
        while size:
            block = source.read(min(size, BLOCK))
            if not block:
                raise ShortError
            self._write(block)
            own.update(block)
            size -= len(block)
            tick(len(block))
        return own.hexdigest()

    def undo(self) -> None:
        """Take the last member out again."""
        self._go_back()
        self.members -= 1

    def close(self) -> str:
        """Finish the pack; the SHA-256 of it. Raises what `trouble` makes."""
        self._write(END)
        self._file.close()
        return self._hash.end()

    def give_up(self) -> None:
        """Let go of the file, whatever is in it."""
        self._file.close()
        self._hash.end()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        self._hash.update(data)
        self.size += len(view)
        while view:
            view = view[self._file.write(view) or 0 :]

    def _go_back(self) -> None:
        self.size = self._before
        self._hash.back()
        self._file.seek(self.size)
        self._file.truncate()


class _HashBeside:
    """A SHA-256 that a thread of its own makes while the next block is read; it can go back to a mark."""

    def __init__(self) -> None:
        self._orders: queue.Queue[bytes | str] = queue.Queue(WAITING)
        self._digest = ""
        self._thread = threading.Thread(target=self._work, name="backup-hash", daemon=True)
        self._thread.start()

    def update(self, block: bytes) -> None:
        self._orders.put(block)

    def mark(self) -> None:
        self._orders.put("mark")

    def back(self) -> None:
        self._orders.put("back")

    def end(self) -> str:
        """The hash of all that counts."""
        if self._thread.is_alive():
            self._orders.put("end")
            self._thread.join()
        return self._digest

    def _work(self) -> None:
        found = marked = hashlib.sha256()
        while (order := self._orders.get()) != "end":
            if isinstance(order, bytes):
                found.update(order)
            elif order == "mark":
                marked = found.copy()
            else:
                found = marked.copy()
        self._digest = found.hexdigest()


def repack(
    entries: Iterable[FileEntry], open_member: Callable[[FileEntry], AbstractContextManager[BinaryIO]]
) -> Iterator[bytes]:
    """A pack made again, block by block, from all files that lie in it.

    Of several files at one place the first by its path has given the name. `open_member` gives the bytes of a file.
    Whether it is the same pack is for the caller to see by its hash. Raises ShortError, and what `open_member` raises.
    """
    places: dict[int, FileEntry] = {}
    for entry in sorted(entries, key=lambda one: (one.offset or 0, one.name())):
        places.setdefault(entry.offset or 0, entry)
    for entry in places.values():
        yield header(member_name(entry.name()), entry.size)
        with open_member(entry) as source:
            yield from _exactly(source, entry.size)
        yield padding(entry.size)
    yield END


def _exactly(source: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        block = source.read(min(size, BLOCK))
        if not block:
            raise ShortError
        size -= len(block)
        yield block


def open_raw(path: bytes) -> io.RawIOBase:
    """A file for `PackWriter.add`: unbuffered, and never waiting for a pipe that took its name. Raises OSError."""
    return io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
