"""A target that is a folder of this machine, as a mounted NAS is: read and written without anybody between.

A small file takes a millisecond so and not thirty, and no rclone has to be started. Links are never followed below the
folder. A folder that was there once is never made again: what holds it may not be mounted any more.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from binscout_tui import atomic
from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import RemoteError, explain
from binscout_tui.backup.transport.remote import PARTIAL, Entry, Remote, Space

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Rclone, Watch

BLOCK = 1 << 20
SENT_AT_ONCE = 4 << 20
Names = list[str]


class FolderRemote(Remote):
    """The files below one folder of this machine. `rclone` is asked for nothing but what the folder can do."""

    def __init__(self, rclone: Rclone, folder: Path, label: str, *, encrypted: str = "") -> None:
        super().__init__(rclone, os.fspath(folder), label, encrypted=encrypted)
        self.here = folder
        self._known: tuple[int, int] | None = None

    def list(self, folder: str = "") -> list[Entry]:
        """As `Remote.list`."""
        with self._telling(folder or "the folder"):
            self._is_there()
            if folder and (self._is_behind_a_link(f"{folder}/x") or not (self.here / folder).is_dir()):
                self.must_be_there()
                return []
            return list(self._below(folder))

    def _below(self, folder: str) -> Iterator[Entry]:
        waiting = [folder]
        while waiting:
            where = waiting.pop()
            self._pulse()
            try:
                found = list(os.scandir(self.here / where))
            except FileNotFoundError:
                continue
            for entry in found:
                name = _shown(f"{where}/{entry.name}" if where else entry.name)
                with suppress(FileNotFoundError):  # somebody moved it just now
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{where}/{entry.name}" if where else entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        seen = entry.stat(follow_symlinks=False)
                        yield Entry(name, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC).isoformat())

    def must_be_there(self) -> None:
        """As `Remote.must_be_there`."""
        with self._telling("the folder"):
            if self._is_there():
                next(os.scandir(self.here), None)

    def _is_there(self) -> bool:
        """Whether the folder is made. Raises RemoteError where it went, or where another one has come in its place."""
        try:
            seen = self.here.stat()
        except FileNotFoundError:
            if self._known is None:
                return False
            raise self._gone() from None
        now = (seen.st_dev, seen.st_ino)
        # Some shares give another number to the same folder later; what is below a mount point has no store.
        if self._known not in (None, now) and not (self.here / layout.REPO_FILE).exists():
            raise self._gone()
        self._known = now
        return True

    def _gone(self) -> RemoteError:
        return RemoteError(
            f"{self.label} is not there any more.", hint="Is the disk or share mounted?", code="unreachable"
        )

    def exists(self, name: str) -> int | None:
        """As `Remote.exists`; a link is no file."""
        with self._telling(name):
            if not self._is_there() or self._is_behind_a_link(name):
                return None
            try:
                seen = (self.here / name).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            return seen.st_size if stat.S_ISREG(seen.st_mode) else None

    @contextmanager
    def open(self, name: str, start: int = 0, length: int | None = None) -> Iterator[Iterator[bytes]]:
        """As `Remote.open`."""
        with self._telling(name):
            if self.exists(name) is None:
                raise RemoteError(f"{self.label} does not have {name}.", code="not_found")
            descriptor = os.open(self.here / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as handle:
            with self._telling(name):
                handle.seek(start)
            yield self._blocks(descriptor, length, name)

    def _blocks(self, descriptor: int, length: int | None, name: str) -> Iterator[bytes]:
        left = length
        while left is None or left > 0:
            with self._telling(name):
                block = os.read(descriptor, BLOCK if left is None else min(left, BLOCK))
            if not block:
                return
            left = None if left is None else left - len(block)
            yield block

    def download(self, name: str, target: Path, watch: Watch | None = None) -> None:
        """As `Remote.download`."""
        done = 0
        with atomic.writing(target) as out, self.open(name) as blocks:
            for block in blocks:
                out.write(block)
                done += len(block)
                if watch is not None:
                    watch(done)

    def place_for(self, name: str) -> Path | None:
        """As `Remote.place_for`: on the disk of the target."""
        with self._telling(name):
            return self._place(f"{name}{PARTIAL}")

    def trouble(self, error: OSError) -> Exception:
        """As `Remote.trouble`."""
        return self._told("a new file", error)

    def _send(self, source: Path, name: str, watch: Watch | None, *, move: bool = False) -> bool:
        with source.open("rb", buffering=0) as reader, self._telling(name):
            target = self._place(name)
            if move and os.fstat(reader.fileno()).st_dev == target.parent.stat().st_dev:
                os.fsync(reader.fileno())
                return _name(source, target)
            arriving = target.with_name(f"{target.name}.{secrets.token_hex(4)}{PARTIAL}")
            try:
                _copy(reader.fileno(), arriving, watch)
                return _name(arriving, target)
            finally:
                arriving.unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        """The path of a file whose folder is there now."""
        self._must_be_no_link(name)
        if not self._is_there():
            self.here.mkdir(parents=True, exist_ok=True)
            self._is_there()
        path = self.here / name
        for above in reversed(Path(name).parents[:-1]):
            (self.here / above).mkdir(exist_ok=True)
        return path

    def call_move(self, old: str, new: str) -> None:
        """As `Remote.call_move`."""
        with self._telling(old):
            (self.here / old).rename(self._place(new))

    def clean(self, name: str) -> None:
        """As `Remote.clean`."""
        with suppress(RemoteError):
            self.delete([name])

    def delete(self, names: Sequence[str], watch: Watch | None = None) -> Names:
        """As `Remote.delete`."""
        failed = []
        with self._telling("the folder"):
            self._is_there()
        for number, name in enumerate(names):
            self._pulse()
            try:
                if not self._is_behind_a_link(name):
                    (self.here / name).unlink(missing_ok=True)
            except NotADirectoryError:
                pass  # nothing has that name
            except OSError:
                failed.append(name)
            if watch is not None:
                watch(number + 1)
        return failed

    def space(self) -> Space | None:
        """As `Remote.space`; of a folder not made yet that of the disk which will hold it."""
        with self._telling("the folder"):
            where = self.here
            while not where.exists() and where != where.parent:
                where = where.parent
            seen = os.statvfs(where)
        free, total = seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize
        return Space(total, free, total - seen.f_bfree * seen.f_frsize)

    def clean_pending(self) -> None:
        """A folder knows no such uploads."""

    def _is_behind_a_link(self, name: str) -> bool:
        return any((self.here / above).is_symlink() for above in Path(name).parents if above.name)

    def _pulse(self) -> None:
        if self.rclone.pulse is not None:
            self.rclone.pulse()

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """What the disk says, as an error about the target."""
        try:
            yield
        except OSError as error:
            raise self._told(name, error) from error

    def _told(self, name: str, error: OSError) -> RemoteError:
        why = "quota exceeded" if error.errno == errno.EDQUOT else error.strerror or str(error)
        return explain(f"{name}: {why}", self.label)


def _shown(name: str) -> str:
    """A name that can be written as JSON; nothing of ours has one that cannot."""
    return os.fsencode(name).decode("utf-8", "replace")


def _copy(reader: int, arriving: Path, watch: Watch | None) -> None:
    with arriving.open("xb", buffering=0) as writer:
        done = 0
        while moved := os.sendfile(writer.fileno(), reader, None, SENT_AT_ONCE):
            done += moved
            if watch is not None:
                watch(done)
        os.fsync(writer.fileno())


def _name(arriving: Path, target: Path) -> bool:
    """Give the file its name where nothing has it; another process may have brought the same bytes meanwhile."""
    if target.exists():
        arriving.unlink()
        return False
    arriving.rename(target)
    atomic.sync_folder(target.parent)
    return True
