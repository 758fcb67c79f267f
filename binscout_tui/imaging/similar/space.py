"""Images as points of which the near ones look alike, by the vectors of a model or by perceptual hashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.hashes import BITS, hamming
from binscout_tui.imaging.similar.vectors import Ids, VectorFile, Vectors

NUMBERS = 1_500_000
"""Numbers that are unpacked at a time: they stay in the caches, and take 6 MB however many images there are."""
SMALL = np.float32(2.0**112)
"""By so much the bits of a float16, put where those of a float32 are, make too small a number."""
Scores = NDArray[np.float32]


class Space(Protocol):
    """`ids` (N,) of images, ascending, and where each of them is."""

    ids: Ids
    width: int

    def rows(self, positions: Ids) -> Vectors:
        """(M, width) float32 of length 1: those at these positions."""

    def blocks(self) -> Iterator[tuple[int, Vectors]]:
        """All of them in order: (the first position, (M, width) float32)."""

    def scores(self, image: int) -> Scores:
        """(N,) how much each looks like the one at a position, 1 for the same."""


class VectorSpace:
    """The vectors of a model; scores are cosines."""

    def __init__(self, file: VectorFile, ids: Ids, rows: Ids) -> None:
        self.ids = ids
        self.width = file.vectors.shape[1]
        self._vectors = file.vectors
        self._rows = rows
        self._in_order = bool((np.diff(rows) == 1).all())

    def rows(self, positions: Ids) -> Vectors:
        """(M, width) float32."""
        return np.asarray(self._vectors[self._rows[positions]], np.float32)

    def blocks(self) -> Iterator[tuple[int, Vectors]]:
        """All of them in order."""
        for start, small in self._small():
            yield start, small * SMALL

    def scores(self, image: int) -> Scores:
        """(N,) cosines with the vector at a position."""
        return self.scores_of(self.rows(np.array([image]))[0])

    def scores_of(self, query: Vectors) -> Scores:
        """(N,) cosines with any vector (width,) of length 1."""
        found = np.empty(len(self.ids), np.float32)
        query = query * SMALL
        for start, small in self._small():
            # In this thread alone: on a busy machine the threads of a matrix product wait longer for each other.
            found[start : start + len(small)] = np.vecdot(small, query)
        # No angle has such a cosine: the disk has damaged the row.
        found[~(np.abs(found) <= 1.01)] = -1
        return found

    def _small(self) -> Iterator[tuple[int, Vectors]]:
        """All in order, divided by `SMALL`, in the same memory each time.

        Seven times as fast as numpy's own way from float16 to float32, which goes number by number: sign, exponent and
        fraction stand in the same order in both, only the exponents begin at another place.
        """
        # Each walk has its own memory: groups may be made while somebody asks for neighbours.
        size = max(1, NUMBERS // self.width)
        buffer = np.empty((min(size, len(self.ids)), self.width), np.int32)
        for start in range(0, len(self.ids), size):
            rows = self._rows[start : start + size]
            found = self._vectors[rows[0] : rows[-1] + 1] if self._in_order else self._vectors[rows]
            bits = buffer[: len(rows)]
            np.copyto(bits, found.view("<i2"))
            np.left_shift(bits, 13, out=bits)
            np.bitwise_and(bits, np.int32(~0x70000000), out=bits)
            yield start, bits.view(np.float32)


class HashSpace:
    """64-bit perceptual hashes; scores are the share of equal bits."""

    def __init__(self, ids: Ids, hashes: NDArray[np.uint64]) -> None:
        self.ids = ids
        self.width = BITS
        self._hashes = hashes

    def rows(self, positions: Ids) -> Vectors:
        """(M, 64) float32: a corner of a cube for each hash."""
        octets = self._hashes[positions].astype(">u8").view(np.uint8).reshape(len(positions), 8)
        return (np.unpackbits(octets, axis=1).astype(np.float32) * 2 - 1) / np.float32(np.sqrt(BITS))

    def blocks(self) -> Iterator[tuple[int, Vectors]]:
        """All of them in order."""
        size = NUMBERS // self.width
        for start in range(0, len(self.ids), size):
            yield start, self.rows(np.arange(start, min(start + size, len(self.ids))))

    def scores(self, image: int) -> Scores:
        """(N,) shares of bits equal to those at a position."""
        return self.scores_of(int(self._hashes[image]))

    def scores_of(self, phash: int) -> Scores:
        """(N,) shares of bits equal to those of any unsigned hash."""
        return np.asarray(1 - hamming(self._hashes, np.uint64(phash)) / BITS, np.float32)


def best(scores: Scores, most: int) -> Ids:
    """The positions of the `most` highest scores, the highest first; of equal ones those that arrived first."""
    most = min(most, len(scores))
    if most <= 0:
        return np.zeros(0, np.int64)
    least = np.partition(scores, len(scores) - most)[len(scores) - most]
    above = np.flatnonzero(scores > least)
    equal = np.flatnonzero(scores == least)[: most - len(above)]
    found = np.concatenate([above, equal])
    return np.asarray(found[np.lexsort((found, -scores[found]))], np.int64)
