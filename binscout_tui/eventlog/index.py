"""Which line lies where in a growing file, without a list of lines.

The file is cut into blocks of 64 KiB and only the number of newlines up to each block is kept: 8 bytes for
64 KiB of log, about 0.1 bytes for 1,000 bytes, whatever the length of the lines. A line is found by bisecting
these sums and then looking into one block. Counting starts at an anchor near the end, so that the last page
can be shown before the rest has been looked at, and grows in both directions, one block at a time.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from binscout_tui.eventlog.cursor import ReadAt

BLOCK_BYTES = 1 << 16
NEWLINE = b"\n"


class LineIndex:
    """The complete lines of a file from the byte offset `base` on.

    `anchor` and `base` must be beginnings of lines, `base <= anchor`. The line that begins at the anchor has
    the number 0, lines before it are negative: numbers never change while the index grows either way.
    """

    def __init__(self, read: ReadAt, base: int, anchor: int) -> None:
        self._read = read
        self.base = base
        self.anchor = anchor
        self.scanned = anchor
        self.end = anchor
        self._ahead = array("Q")
        self._ahead_total = 0
        self._behind = array("Q")
        self._behind_total = 0
        self._reached_back = anchor

    @property
    def first(self) -> int:
        """Number of the first line known so far; 0 or negative."""
        if self.complete:
            return -self._behind_total
        return min(0, 1 - self._behind_total)

    @property
    def stop(self) -> int:
        """One more than the number of the last complete line."""
        return self._ahead_total

    @property
    def complete(self) -> bool:
        """Whether everything between `base` and the anchor has been counted."""
        return self._reached_back == self.base

    @property
    def nbytes(self) -> int:
        """Memory that grows with the file, in bytes."""
        return (len(self._ahead) + len(self._behind)) * self._ahead.itemsize

    def extend(self, size: int) -> bool:
        """Count at most one block more towards `size`; False when there is nothing to count."""
        room = BLOCK_BYTES - (self.scanned - self.anchor) % BLOCK_BYTES
        data = self._read(self.scanned, min(room, size - self.scanned)) if size > self.scanned else b""
        if not data:
            return False
        newest = data.rfind(NEWLINE)
        if newest >= 0:
            self.end = self.scanned + newest + 1
            self._ahead_total += data.count(NEWLINE)
        self.scanned += len(data)
        if len(data) == room:
            self._ahead.append(self._ahead_total)
        return True

    def extend_back(self) -> bool:
        """Count one block more towards `base`; False when all is counted."""
        if self.complete:
            return False
        start = max(self.base, self._reached_back - BLOCK_BYTES)
        self._behind_total += self._read(start, self._reached_back - start).count(NEWLINE)
        self._behind.append(self._behind_total)
        self._reached_back = start
        return True

    def forget_torn_line(self) -> None:
        """Look again at what follows the last complete line."""
        self.scanned = self.end
        del self._ahead[(self.end - self.anchor) // BLOCK_BYTES :]

    def lines(self, start: int, stop: int, limit: int) -> list[bytes]:
        """Lines `start` to `stop - 1` without their newline, each cut after `limit` bytes."""
        return [line for _, line in self.entries(start, stop, limit)]

    def entries(self, start: int, stop: int, limit: int) -> list[tuple[int, bytes]]:
        """The same lines, each with the byte offset after its newline."""
        start, stop = max(start, self.first), min(stop, self.stop)
        if start >= stop:
            return []
        found: list[tuple[int, bytes]] = []
        position = chunk_start = self._start_of(start)
        chunk = b""
        for number in range(start, stop):
            newline = chunk.find(NEWLINE, position - chunk_start)
            if newline < 0:
                chunk_start, chunk = position, self._read(position, BLOCK_BYTES)
                newline = chunk.find(NEWLINE)
            if newline >= 0:
                begin = position - chunk_start
                line = chunk[begin : min(newline, begin + limit)]
                position = chunk_start + newline + 1
            else:
                newline = self._newline(number)
                line = self._read(position, min(limit, newline - position))
                position = newline + 1
            found.append((position, line))
        return found

    def _start_of(self, number: int) -> int:
        if number == 0:
            return self.anchor
        if number == self.first and self.complete:
            return self.base
        return self._newline(number - 1) + 1

    def _newline(self, number: int) -> int:
        """Byte offset of the newline that ends line `number`."""
        if number >= 0:
            block = bisect_right(self._ahead, number)
            start = self.anchor + block * BLOCK_BYTES
            length = min(BLOCK_BYTES, self.scanned - start)
            nth = number - (self._ahead[block - 1] if block else 0)
        else:
            block = bisect_left(self._behind, -number)
            start = max(self.base, self.anchor - (block + 1) * BLOCK_BYTES)
            length = self.anchor - block * BLOCK_BYTES - start
            nth = self._behind[block] + number
        return start + _nth_newline(self._read(start, length), nth)


def _nth_newline(data: bytes, nth: int) -> int:
    """Position of newline `nth` (from 0) in `data`, by halving: 16 counts, however short the lines are."""
    low, high = 0, len(data)
    while high - low > 1:
        middle = (low + high) // 2
        here = data.count(NEWLINE, low, middle)
        if nth < here:
            high = middle
        else:
            nth -= here
            low = middle
    return low


def last_line_end(read: ReadAt, floor: int, size: int) -> int:
    """Byte offset after the last newline in `floor..size`, or `floor` when there is none."""
    stop = size
    while stop > floor:
        start = max(floor, stop - BLOCK_BYTES)
        newline = read(start, stop - start).rfind(NEWLINE)
        if newline >= 0:
            return start + newline + 1
        stop = start
    return floor
