"""Finding an earlier photo that looks the same: by hashes first, and only then by the pixels of two previews."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.imaging.hashes import hamming

RADIUS = 4
MOST = 32
SIDE = 256
BLOCK = 4
SAME_BLOCK = (8.0, 10.0, 10.0)  # Y, Cb, Cr of 255: noise and compression stay below, a missing screw is far above
SAME_SHAPE = 0.02
SAME_LIGHT = (0.7, 1.4)
_ROOM = 1024


class HashIndex:
    """The hashes of photos in the order of their ids, grown at the end; a million take 16 MB and 2 ms a search."""

    def __init__(self) -> None:
        self._ids = np.empty(_ROOM, dtype=np.int64)
        self._hashes = np.empty(_ROOM, dtype=np.uint64)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    @property
    def last(self) -> int:
        """The largest id, 0 where there is none."""
        return int(self._ids[self._used - 1]) if self._used else 0

    def append(self, ids: Sequence[int], hashes: Sequence[int]) -> None:
        """Add photos by ascending ids above `last`, each with its unsigned 64-bit hash. Raises ValueError."""
        if any(later <= earlier for earlier, later in zip([self.last, *ids], ids, strict=False)):
            raise ValueError("ids must ascend")
        end = self._used + len(ids)
        if end > len(self._ids):
            room = max(end, 2 * len(self._ids))
            self._ids, self._hashes = np.resize(self._ids, room), np.resize(self._hashes, room)
        self._ids[self._used : end] = ids
        self._hashes[self._used : end] = np.array(hashes, dtype=np.uint64)
        self._used = end

    def candidates(self, phash: int, *, radius: int = RADIUS, most: int = MOST) -> list[int]:
        """The ids of up to `most` photos whose hashes differ from `phash` in at most `radius` bits, newest first."""
        near = np.flatnonzero(hamming(self._hashes[: self._used], np.uint64(phash)) <= radius)
        return [int(found) for found in self._ids[near[-most:][::-1]]]


def same_picture(preview: Path, other: Path) -> bool:
    """Whether two previews show the same, but for light as a whole, compression and noise.

    Both are shrunk to 256 pixels; once the light is evened out, no block of 4 x 4 may differ by more than 8 in
    brightness or 10 in colour. A missing screw fails, and so does a camera that moved by a thousandth of the picture:
    rather no answer than a wrong one. Raises OSError when a preview cannot be read.
    """
    with Image.open(preview) as one, Image.open(other) as two:
        if abs(one.width * two.height / (one.height * two.width) - 1) > SAME_SHAPE:
            return False
        size = _small(one.size)
        planes = zip(_planes(one, size), _planes(two, size), SAME_BLOCK, strict=True)
        return all(largest_difference(ours, theirs) <= most for ours, theirs, most in planes)


def largest_difference(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """The largest difference of the means of 4 x 4 blocks of two planes (H, W), in their units.

    Before, `two` is fitted to the light of `one` by least squares, within 0.7 and 1.4 times its contrast.
    """
    spread = float(np.var(two))
    gain = float(np.mean((two - two.mean()) * (one - one.mean()))) / spread if spread > 0 else 1.0
    gain = min(max(gain, SAME_LIGHT[0]), SAME_LIGHT[1])  # beyond that it is contrast that made something vanish
    difference = one - one.mean() - gain * (two - two.mean())
    down, right = difference.shape[0] // BLOCK, difference.shape[1] // BLOCK
    blocks = difference[: down * BLOCK, : right * BLOCK].reshape(down, BLOCK, right, BLOCK)
    return float(np.abs(blocks.mean(axis=(1, 3))).max())


def _small(size: tuple[int, int]) -> tuple[int, int]:
    scale = SIDE / max(size)
    return max(BLOCK, round(size[0] * scale)), max(BLOCK, round(size[1] * scale))


def _planes(image: Image.Image, size: tuple[int, int]) -> NDArray[np.float64]:
    """(3, H, W): brightness and colour (Y, Cb, Cr) of the shrunk picture."""
    image.draft("RGB", size)
    small = image.convert("RGB").resize(size, Image.Resampling.BOX)
    return np.asarray(small.convert("YCbCr"), dtype=np.float64).transpose(2, 0, 1)
