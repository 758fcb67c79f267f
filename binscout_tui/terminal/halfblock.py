"""Pictures as character cells: an upper half block whose two colours are two pixels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

UPPER_HALF = "▀"
DOTS = (1, 2)
FINE_TOLERANCE = 2
DRAFT_TOLERANCE = 4
_BLOCK_BYTES, _BLOCK_RUN = 3, 37
_BLANK_BYTES, _BLANK_RUN = 1, 21
_COARSER = (6, 8, 12, 16, 20, 26, 32, 40, 48, 60, 80, 127)


class Run(NamedTuple):
    """`length` cells with the same two colours, as 0xRRGGBB; where both are the same a blank will do."""

    length: int
    top: int
    bottom: int


def half_blocks(pixels: NDArray[np.uint8], tolerance: int = FINE_TOLERANCE, budget: int | None = None) -> HalfBlocks:
    """Rows of runs for `pixels`, (2h, w, 3) uint8 RGB, of about at most `budget` bytes when written.

    Neighbours become one run where all their colours lie within twice `tolerance`, so nothing is off by more than
    twice of it; fewer bytes need a larger tolerance. Merging once takes less than a millisecond.
    """
    cells = np.concatenate([pixels[0::2], pixels[1::2]], axis=2).astype(np.int16)
    runs = _merged(cells, tolerance)
    if budget is None or runs.written_bytes() <= budget:
        return runs
    coarser = [step for step in _COARSER if step > tolerance] or [127]
    runs = _merged(cells, coarser[-1])
    while len(coarser) > 1:
        middle = len(coarser) // 2
        tried = _merged(cells, coarser[middle - 1])
        if tried.written_bytes() <= budget:
            runs, coarser = tried, coarser[:middle]
        else:
            coarser = coarser[middle:]
    return runs


@dataclass(frozen=True, slots=True, eq=False)
class HalfBlocks:
    """All runs of a picture row by row, as arrays: as objects they would keep the garbage collector busy.

    `row` (n,) is the row of each run, `lengths` (n,) in cells, `colours` (n, 6) RGB above and below, `high` in rows.
    """

    row: NDArray[np.int32]
    lengths: NDArray[np.int32]
    colours: NDArray[np.uint8]
    high: int

    def __len__(self) -> int:
        return self.high

    def __iter__(self) -> Iterator[list[Run]]:
        """The runs of one row after the other."""
        wide = self.colours.astype(np.int32) @ np.kron(np.eye(2, dtype=np.int32), np.array([[1 << 16], [1 << 8], [1]]))
        found = [Run(*run) for run in zip(self.lengths.tolist(), *wide.T.tolist(), strict=True)]
        ends = np.searchsorted(self.row, np.arange(self.high + 1)).tolist()
        return (found[start:end] for start, end in itertools.pairwise(ends))

    def memory_bytes(self) -> int:
        """What the arrays take."""
        return self.row.nbytes + self.lengths.nbytes + self.colours.nbytes

    def written_bytes(self) -> int:
        """What the terminal gets, with one colour sequence for each run."""
        blank = (self.colours[:, :3] == self.colours[:, 3:]).all(axis=1)
        runs = np.where(blank, _BLANK_RUN, _BLOCK_RUN)
        return int((runs + self.lengths * np.where(blank, _BLANK_BYTES, _BLOCK_BYTES)).sum())


def _merged(cells: NDArray[np.int16], tolerance: int) -> HalfBlocks:
    """Runs of `cells`, (h, w, 6), in the mean colour of their cells."""
    begins = _begins(cells, tolerance)
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=begins.size)
    sums = np.add.reduceat(cells.reshape(-1, 6), starts, axis=0, dtype=np.int32)
    colours = (sums + lengths[:, None] // 2) // lengths[:, None]
    both = (colours[:, :3] + colours[:, 3:] + 1) // 2
    blank = (np.abs(colours[:, :3] - colours[:, 3:]) <= tolerance).all(axis=1)
    colours[blank] = np.concatenate([both, both], axis=1)[blank]
    rows = (starts // cells.shape[1]).astype(np.int32)
    return HalfBlocks(rows, lengths.astype(np.int32), colours.astype(np.uint8), cells.shape[0])


def _begins(cells: NDArray[np.int16], tolerance: int) -> NDArray[np.bool_]:
    """(h, w): where a run begins. Greedy from the left, all rows at once."""
    columns = np.ascontiguousarray(cells.transpose(1, 2, 0))
    begins = np.ones((columns.shape[0], columns.shape[2]), dtype=bool)
    low = high = columns[0]
    for x, here in enumerate(columns[1:], start=1):
        lower, higher = np.minimum(low, here), np.maximum(high, here)
        new = ((higher - lower) > 2 * tolerance).any(axis=0)
        low, high = np.where(new, here, lower), np.where(new, here, higher)
        begins[x] = new
    return begins.T
