"""The lines of a growing log in order, each with the cursor behind it, which is its id wherever it is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.eventlog.cursor import START, Cursor, ReadAt
from binscout_tui.eventlog.index import last_line_end
from binscout_tui.eventlog.reader import LogReader

LINE_BYTES = 1 << 20
"""A line is cut after so many bytes, by every source alike."""


@dataclass(frozen=True, slots=True)
class Line:
    """A complete line without its newline; `cursor` is the place behind it."""

    cursor: Cursor
    data: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What a source has found: lines in order, and before them, with `reset`, that all starts again at 0.

    `more`: take again soon. Without lines and reset it only says that the source is alive.
    """

    lines: tuple[Line, ...] = ()
    reset: bool = False
    more: bool = False


class LogTail:
    """Reads the log at `path` from `cursor` on; a missing file is an empty log.

    A cursor that is a bare offset begins with the line in which that byte lies, or at 0 when the file is shorter.
    """

    def __init__(self, path: Path, cursor: Cursor = START) -> None:
        self._path = path
        self._bare = cursor if cursor.is_bare else None
        self._reader = LogReader(path, cursor, tail_first=False)

    def take(self) -> Taken:
        """What came since, at most about 64 KiB of it; raises StorageError when the file cannot be read.

        The last line is given only once it is complete. A file that was truncated or replaced gives a reset.
        """
        if self._bare is not None and not self._place(self._bare):
            return Taken()
        batch = self._reader.poll(0.0)
        entries = self._reader.entries(batch.first, batch.first + batch.added, LINE_BYTES)
        lines = tuple(Line(self._reader.cursor_at(end), data) for end, data in entries)
        if lines and lines[-1].cursor != self._reader.newest:
            # Rewritten since the poll: what was read is half of one file and half of another; the next poll resets.
            return Taken(reset=batch.reset, more=True)
        return Taken(lines, batch.reset, batch.more)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    def _place(self, bare: Cursor) -> bool:
        """Find out what lies before the bare offset; False while there is no file."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return self._path.exists()
        try:
            if bare.offset <= os.fstat(descriptor).st_size:
                read = _reading(descriptor)
                cursor = Cursor.at(read, last_line_end(read, 0, bare.offset))
                self._reader = LogReader(self._path, cursor, tail_first=False)
        except OSError:
            return True  # the reader meets the same error and says it
        finally:
            os.close(descriptor)
        self._bare = None
        return True


def _reading(descriptor: int) -> ReadAt:
    return lambda offset, length: os.pread(descriptor, length, offset)


def follows(before: Cursor, line: Line) -> bool:
    """Whether `line` is the one right behind `before`: its id must lie as many bytes further as it is long."""
    length = line.cursor.offset - before.offset
    return length == len(line.data) + 1 or (len(line.data) == LINE_BYTES and length > LINE_BYTES)
