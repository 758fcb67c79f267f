"""Reading a log that another process appends to, from a cursor on.

Nothing here waits or watches. Whoever is woken, by a file notification or by a clock, calls `poll()`; the
byte offset decides what is new, so it does not matter who woke whom, how often, or whether that changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

from binscout_tui.errors import StorageError
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.index import BLOCK_BYTES, NEWLINE, LineIndex, last_line_end

SLICE_S = 0.004
"""How long one `poll()` may keep the event loop, in seconds."""

LINE_LIMIT = 16 * 1024
"""A line is cut after so many bytes; only its first page is ever of use on a screen."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one `poll()` found.

    `first` and `added` number the lines that are new at the end, `end` is the byte offset after the last
    complete line (the id of that event). `reset`: the file was truncated or replaced, all starts again at 0.
    `more`: poll again soon. `changed`: there is something else to show, be it older lines now indexed.
    The numbers hold for this `generation` of the reader.
    """

    first: int
    added: int
    end: int
    reset: bool
    more: bool
    changed: bool
    generation: int


class LogReader:
    """The complete lines of the file `path` behind `cursor`; a missing file is an empty log.

    Lines have numbers from `first` to `stop - 1`, which stay valid for a `generation`. With `tail_first`
    the end of the file is read at once and the older lines follow with each poll (`first` sinks below 0);
    without it, lines come in the order of the file.
    """

    def __init__(self, path: Path, cursor: Cursor = START, *, tail_first: bool = True) -> None:
        self.path = path
        self.cursor = cursor
        self.generation = 0
        self._tail_first = tail_first
        self._descriptor = -1
        self._stamp: tuple[int, int] | None = None
        self._complete: Cursor
        self._scanned: Cursor
        self._restart(cursor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def first(self) -> int:
        """Number of the first line known so far; 0 or negative."""
        return self._index.first

    @property
    def stop(self) -> int:
        """One more than the number of the last complete line."""
        return self._index.stop

    @property
    def line_count(self) -> int:
        """Lines behind the cursor that are known so far."""
        return self._index.stop - self._index.first

    @property
    def end(self) -> int:
        """Byte offset after the last complete line that was read."""
        return self._index.end

    @property
    def newest(self) -> Cursor:
        """The cursor after the last complete line, as the file was at the last poll."""
        return self._complete

    @property
    def indexed(self) -> bool:
        """Whether every line behind the cursor that existed when the file was opened is known."""
        return self._index.complete

    @property
    def index_bytes(self) -> int:
        """Memory that grows with the file: 8 bytes for each 64 KiB of it."""
        return self._index.nbytes

    def poll(self, budget_s: float = SLICE_S) -> Batch:
        """Take in what was written since, for at most about `budget_s` seconds.

        Raises StorageError when the file is there but cannot be read.
        """
        try:
            return self._poll(perf_counter() + budget_s)
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def lines(self, start: int, stop: int, limit: int = LINE_LIMIT) -> list[bytes]:
        """Lines `start` to `stop - 1` without newline, each cut after `limit` bytes; unknown ones are left out.

        Raises StorageError when the file can no longer be read.
        """
        try:
            return self._index.lines(start, stop, limit)
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def entries(self, start: int, stop: int, limit: int = LINE_LIMIT) -> list[tuple[int, bytes]]:
        """The same lines, each with the byte offset after its newline. Raises StorageError."""
        try:
            return self._index.entries(start, stop, limit)
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def cursor_at(self, offset: int) -> Cursor:
        """The cursor at `offset`, which is the end of a line that was read. Raises StorageError."""
        try:
            return Cursor.at(self._read, offset)
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def clear(self) -> Cursor:
        """Move the cursor behind the last complete line now in the file; the file itself is not touched.

        The caller keeps the cursor; a reader that is opened with it shows only what came later.
        """
        try:
            self._settle()
            if self._opened:
                end = last_line_end(self._read, self._index.end, self._size())
                self._restart(Cursor.at(self._read, end))
        except OSError as error:
            raise _unreadable(self.path, error) from error
        return self.cursor

    def show_all(self) -> Cursor:
        """Move the cursor to the beginning of the file; the next poll brings its end, later ones the rest."""
        self._restart(START)
        return self.cursor

    def close(self) -> None:
        """Let go of the file; the reader is empty then, until the next poll opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._restart(self.cursor)

    def _poll(self, deadline: float) -> Batch:
        reset = self._settle()
        index = self._index
        stop, first, size = index.stop, index.first, self._size()
        busy = index.scanned < size
        while busy and index.extend(size):
            busy = index.scanned < size
            if perf_counter() >= deadline:
                break
        while not busy and index.extend_back() and perf_counter() < deadline:
            pass
        self._remember()
        added = index.stop - stop
        changed = reset or added > 0 or index.first != first
        more = busy or not index.complete
        return Batch(stop, added, index.end, reset, more, changed, self.generation)

    def _settle(self) -> bool:
        """Have the file open and the index placed, if there is a file; True when all starts again at 0."""
        reset = self._refresh_file()
        if not self._opened and self._descriptor >= 0:
            reset = self._place_index() or reset
        return reset

    def _refresh_file(self) -> bool:
        """Open the file if it is there and not open; True when it is not the one that was read before.

        A file that vanished stays open: what was read can still be shown until another one takes its place.
        """
        try:
            # Without O_NONBLOCK, a named pipe in the place of the log would hang the program.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        if self._descriptor >= 0 and os.path.samestat(os.fstat(descriptor), os.fstat(self._descriptor)):
            os.close(descriptor)
        else:
            self._replace_descriptor(descriptor)
        return self._opened and self._was_rewritten()

    def _replace_descriptor(self, descriptor: int) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._stamp = None

    def _was_rewritten(self) -> bool:
        status = os.fstat(self._descriptor)
        stamp = (status.st_size, status.st_mtime_ns)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        if self._scanned.matches(self._read):
            return False
        if self._complete.matches(self._read):
            self._index.forget_torn_line()
            self._scanned = self._complete
            return False
        self._restart(START)
        return True

    def _place_index(self) -> bool:
        """Begin to index the file just opened; True when the cursor belongs to another file."""
        strange = not self.cursor.matches(self._read)
        if strange:
            self._restart(START)
        base = anchor = self.cursor.offset
        if self._tail_first:
            end = last_line_end(self._read, base, self._size())
            anchor = self._line_start_after(base, end)
        self._index = LineIndex(self._read, base, anchor)
        self._opened = True
        return strange

    def _line_start_after(self, base: int, end: int) -> int:
        """The beginning of a line about one block before `end`."""
        if end - base <= BLOCK_BYTES:
            return base
        start = end - BLOCK_BYTES
        return start + self._read(start, BLOCK_BYTES).find(NEWLINE) + 1

    def _remember(self) -> None:
        """Note what the file looks like where reading stopped, to recognise it next time."""
        index = self._index
        if self._complete.offset != index.end:
            self._complete = Cursor.at(self._read, index.end)
        if self._scanned.offset != index.scanned:
            same = index.scanned == index.end
            self._scanned = self._complete if same else Cursor.at(self._read, index.scanned)

    def _restart(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.generation += 1
        self._opened = False
        self._stamp = None
        self._complete = self._scanned = cursor
        self._index = LineIndex(self._read, cursor.offset, cursor.offset)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size if self._descriptor >= 0 else 0

    def _read(self, offset: int, length: int) -> bytes:
        # pread and not mmap: touching a mapping of a file that was truncated meanwhile kills the process.
        return os.pread(self._descriptor, length, offset) if self._descriptor >= 0 else b""


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The log {path.name} cannot be read: {error.strerror or error}.",
        hint=f"Check that you may read {path} and that its disk is reachable.",
        code="log_unreadable",
    )
