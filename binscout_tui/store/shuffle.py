"""A random order of numbers that nobody has to keep: every place has its number, and every number its place. Pure."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

ROUNDS = 4
_LEAST_BITS = 4
Numbers = NDArray[np.uint64]


class Shuffle:
    """A permutation of 0 to `size` - 1, another one for each seed: a Feistel network (Luby and Rackoff 1988).

    `size` is the next power of four above `highest`; as long as it stays the same, so does the order.
    """

    def __init__(self, highest: int, seed: int) -> None:
        half = max(_LEAST_BITS, (highest.bit_length() + 1) // 2)
        self.size = 1 << (2 * half)
        self._half, self._mask = np.uint64(half), np.uint64((1 << half) - 1)
        self._keys = [np.uint64(random.Random(f"{seed} {turn}").getrandbits(64)) for turn in range(ROUNDS)]

    def numbers(self, places: Numbers) -> Numbers:
        """The numbers at these places."""
        left, right = self._split(places)
        for key in self._keys:
            left, right = right, left ^ self._mixed(right, key)
        return left << self._half | right

    def places(self, numbers: Numbers) -> Numbers:
        """Where these numbers are."""
        left, right = self._split(numbers)
        for key in reversed(self._keys):
            left, right = right ^ self._mixed(left, key), left
        return left << self._half | right

    def _split(self, values: Numbers) -> tuple[Numbers, Numbers]:
        return values >> self._half & self._mask, values & self._mask

    def _mixed(self, half: Numbers, key: np.uint64) -> Numbers:
        """The finishing steps of splitmix64 (Steele, Lea and Flood 2014)."""
        mixed = half ^ key
        mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        return (mixed ^ mixed >> np.uint64(31)) & self._mask
