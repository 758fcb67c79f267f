"""Reading a file exactly once, without ever waiting for a FIFO or trusting that the file holds still."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .names import one_line
from .outcomes import MEBIBYTE, Code, Limits, Refusal, Rejected

PEEK_BYTES = MEBIBYTE
"""The header of a file that is larger than this is looked at before it is read whole."""


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """`path` opened for reading, unbuffered. Raises Refusal when it is not a regular file or cannot be opened."""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Refusal(Code.VANISHED) from error
    except OSError as error:
        raise _refusal(path, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refusal(Code.NOT_A_FILE)
    with open(descriptor, "rb", buffering=0) as handle:
        yield handle


def read_whole(handle: BinaryIO, limit: int) -> tuple[bytes, int]:
    """All bytes of an open file and its mtime in nanoseconds.

    Raises Refusal when the file is empty, has more than `limit` bytes or changed meanwhile, and OSError.
    """
    before = os.fstat(handle.fileno())
    if before.st_size > limit:
        raise Refusal(Code.TOO_LARGE, f"{before.st_size} bytes; the limit is {limit}")
    handle.seek(0)
    content = handle.read(before.st_size + 1)
    while len(content) < before.st_size and (more := handle.read(before.st_size + 1 - len(content))):
        content += more
    after = os.fstat(handle.fileno())
    if len(content) != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Refusal(Code.CHANGED_WHILE_READING)
    if not content:
        raise Refusal(Code.EMPTY)
    return content, before.st_mtime_ns


def rejection(path: Path, error: Refusal | OSError | MemoryError, limits: Limits) -> Rejected:
    """The rejection that says what `error`, met while `path` was examined, means."""
    if isinstance(error, Refusal):
        return Rejected.of(path, error.code, error.detail)
    if isinstance(error, OSError):
        return Rejected.of(path, Code.UNREADABLE, one_line(error.strerror or str(error)))
    return Rejected.of(path, Code.OUT_OF_MEMORY, f"{limits.memory // MEBIBYTE} MiB")


def _refusal(path: Path, error: OSError) -> Refusal:
    if path.is_dir() or not path.is_file():
        return Refusal(Code.NOT_A_FILE, one_line(error.strerror or str(error)))
    return Refusal(Code.UNREADABLE, one_line(error.strerror or str(error)))
