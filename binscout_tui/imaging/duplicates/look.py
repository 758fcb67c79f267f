"""What is kept of a picture to compare it with others: its marks, its hashes and a small version. About 80 KB."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.imaging.duplicates.marks import LONGEST, Marks, find_marks
from binscout_tui.imaging.hashes import turned_hashes

ALGORITHM = "marks-3"


class Look(NamedTuple):
    """`small` is (3, H, W) uint8, brightness and colour (Y, Cb, Cr), the longer side at most 160; `hashes` (N,) uint64
    are those of the picture however it is turned or mirrored; `marks` are in pixels of `small`."""

    small: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    marks: Marks

    @property
    def twin(self) -> bytes:
        """8 bytes that are equal for equal `small`."""
        return hashlib.blake2b(repr(self.small.shape).encode() + self.small.tobytes(), digest_size=8).digest()

    @property
    def light(self) -> float:
        """The mean brightness, 0..255."""
        return float(self.small[0].mean())


def look_at(image: Image.Image) -> Look:
    """The look of an upright picture."""
    image.draft("RGB", (2 * LONGEST, 2 * LONGEST))
    image = image.convert("RGB")
    small = image.resize(_fitting(image.size), Image.Resampling.BOX, reducing_gap=2.0)
    planes = np.asarray(small.convert("YCbCr"), dtype=np.uint8).transpose(2, 0, 1)
    return Look(np.ascontiguousarray(planes), turned_hashes(small), find_marks(planes[0].astype(np.float64)))


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """`size` with its longer side at most 160 and its shorter side at least 8."""
    scale = min(1.0, LONGEST / max(size))
    return max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
