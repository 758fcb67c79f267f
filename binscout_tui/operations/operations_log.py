"""The log of file operations: one JSON line for each file before it is touched and one after, for ever.

Lines are only ever added, and are on the disk before what they announce is done. A line that was cut off by a crash is
left as it is; nothing was done under it. Names that are not UTF-8 come back as they were (lone surrogates, as Python
writes them).
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.atomic import sync_folder
from binscout_tui.clock import utc_now
from binscout_tui.errors import RefusedError, StorageError
from binscout_tui.imaging.names import display_name

NAME = "operations.jsonl"
TAIL = 1 << 16
Event = Literal["begin", "intent", "done", "failed", "rolled_back", "lost", "end"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line. Every line has every field; `bytes` is -1 and texts are empty where there is nothing to say.

    `group` numbers what goes together in a batch, `sidecar_of` is the picture that a sidecar belongs to, `kept` where
    the original lies after a copy to another file system.
    """

    at: str
    batch: str
    event: Event
    operation: str
    uid: int
    user: str
    group: int = 0
    source: str = ""
    destination: str = ""
    sidecar_of: str = ""
    bytes: int = -1
    sha256: str = ""
    kept: str = ""
    reason: str = ""
    undoes: str = ""
    files: int = -1


class Who(msgspec.Struct, frozen=True):
    """The person that the lines name."""

    uid: int
    name: str


class Log:
    """An operations log that this process alone may write, as long as it is open."""

    def __init__(self, path: Path, descriptor: int, who: Who) -> None:
        self.path = path
        self.who = who
        self._descriptor = descriptor

    def append(self, lines: Iterable[Line]) -> None:
        """Add lines and wait until they are on the disk. Raises StorageError; then nothing may be done under them."""
        text = "".join(json.dumps(msgspec.to_builtins(line)) + "\n" for line in lines)
        try:
            _write(self._descriptor, text.encode())
            os.fsync(self._descriptor)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def line(self, event: Event, batch: str, operation: str, **fields: Any) -> Line:
        """A line of this moment and this person."""
        return Line(
            at=utc_now(),
            batch=batch,
            event=event,
            operation=operation,
            uid=self.who.uid,
            user=self.who.name,
            **fields,
        )


@contextmanager
def opened(path: Path, who: Who) -> Iterator[Log]:
    """The log at `path`, made if need be, for one process at a time.

    Raises RefusedError while another one writes it or when it is no file, StorageError when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RefusedError(f"{display_name(path)} is no file that keeps a log.", code="no_log")
        _lock(descriptor, path)
        sync_folder(path.parent)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            _write(descriptor, b"\n")  # so that the next line does not hang on one that was cut off
        yield Log(path, descriptor, who)
    finally:
        os.close(descriptor)


def read(path: Path) -> tuple[list[Line], int]:
    """(all lines in order, how many could not be read). An absent log is empty. Raises StorageError."""
    lines, damaged = [], 0
    try:
        with path.open("rb") as handle:
            for row in handle:
                line = _parsed(row)
                lines += [line] if line else []
                damaged += line is None and row != b"\n"
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise StorageError(f"{display_name(path)} cannot be read: {error.strerror or error}.", code="log") from error
    return lines, damaged


def last(path: Path) -> Line | None:
    """The last line, without reading the others; None where there is none or it cannot be read. Raises OSError."""
    with path.open("rb") as handle:
        handle.seek(max(0, os.fstat(handle.fileno()).st_size - TAIL))
        rows = [row for row in handle.read().split(b"\n") if row]
    return _parsed(rows[-1]) if rows else None


def _parsed(row: bytes) -> Line | None:
    try:
        return msgspec.convert(json.loads(row), Line)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return None


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise RefusedError(
            f"Another file operation is running and writes {display_name(path)}.",
            hint="Wait for it to end, then try again.",
            code="busy",
        ) from error


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The operations log {display_name(path)} cannot be written: {error.strerror or error}.",
        hint="Nothing is moved without it. Free some space or choose another place with --log.",
        code="log",
    )
