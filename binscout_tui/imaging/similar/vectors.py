"""Vectors of images in files that only grow: float16 rows beside (image id, mark) of each row.

A folder for each way to make them. `vectors.f16` is synced before `rows.i64` is, and a row counts once both have it, so
whatever a crash leaves is the beginning of what was written. All of it may be deleted at any time.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from binscout_tui import atomic

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
VECTORS, ROWS, ABOUT, LOCK = "vectors.f16", "rows.i64", "about.json", ".lock"
_ROW = 16
MARK_DIGITS = 15
MAKING = 1
"""How vectors are made: one more when `learning.embedding`, or what it asks, tells other numbers of a picture.

Vectors that were made otherwise are made anew, since no two can be compared that were made in two ways.
"""


def mark_of(sha256: str) -> int:
    """What tells an image's bytes apart: ids are given anew after another database was put in place."""
    return int(sha256[:MARK_DIGITS], 16)


class VectorFile:
    """What a folder holds now, mapped from its files: `ids`, `marks` (N,) int64 and `vectors` (N, width) float16."""

    def __init__(self, ids: Ids, marks: Ids, vectors: NDArray[np.float16]) -> None:
        self.ids = ids
        self.marks = marks
        self.vectors = vectors

    @classmethod
    def open(cls, folder: Path) -> VectorFile | None:
        """The vectors in `folder`, None where there are none that can be read."""
        width = _width(folder)
        if width is None:
            return None
        try:
            count = _whole(folder, width)
            if not count:
                return None
            rows = np.fromfile(folder / ROWS, "<i8", count * 2).reshape(count, 2)
            vectors = np.memmap(folder / VECTORS, "<f2", "r", shape=(count, width))
        except (OSError, ValueError):
            return None
        return cls(rows[:, 0].copy(), rows[:, 1].copy(), vectors)

    def rows_of(self, ids: Ids, marks: Ids) -> Ids:
        """(N,) the row of each of these images, the last one written; -1 where there is none of these very bytes."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        order = np.argsort(self.ids, kind="stable")
        place = np.searchsorted(self.ids[order], ids, side="right") - 1
        rows = order[np.maximum(place, 0)]
        good = (place >= 0) & (self.ids[rows] == ids) & (self.marks[rows] == marks)
        return np.where(good, rows, -1).astype(np.int64)


class Appender:
    """The end of the files, to which rows are added."""

    def __init__(self, vectors: BinaryIO, rows: BinaryIO, width: int) -> None:
        self._vectors = vectors
        self._rows = rows
        self._width = width

    def append(self, ids: Ids, marks: Ids, vectors: Vectors) -> None:
        """Add rows, each scaled to length 1; they are on the disk when this returns. ValueError for what is no vector.

        Raises OSError when the disk is full; what was added before stays.
        """
        if vectors.shape != (len(ids), self._width) or not np.isfinite(vectors).all():
            raise ValueError(f"not {len(ids)} vectors of {self._width} numbers")
        self._vectors.write(unit(vectors).astype("<f2").tobytes())
        _sync(self._vectors)
        self._rows.write(np.stack([ids, marks], axis=1).astype("<i8").tobytes())
        _sync(self._rows)


@contextmanager
def appending(folder: Path, width: int) -> Iterator[Appender]:
    """Add to the vectors in `folder`, which begins anew where it has others than `width` numbers long, or older ones.

    One process at a time: raises BlockingIOError where another one does so. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _width(folder) != width:
            for name in (ROWS, VECTORS):
                (folder / name).unlink(missing_ok=True)
            atomic.write_text(folder / ABOUT, json.dumps({"width": width, "making": MAKING}))
        with (folder / VECTORS).open("ab") as vectors, (folder / ROWS).open("ab") as rows:
            count = _whole(folder, width)
            vectors.truncate(count * width * 2)
            rows.truncate(count * _ROW)
            yield Appender(vectors, rows, width)


def drop_others(root: Path, keep: str, number: int) -> None:
    """Delete the folders of ways that were used longest ago, so that `number` beside `keep` are left."""
    others = [found for found in root.iterdir() if found.is_dir() and found.name != keep] if root.is_dir() else []
    for folder in sorted(others, key=lambda found: found.stat().st_mtime, reverse=True)[number:]:
        shutil.rmtree(folder, ignore_errors=True)


def unit(vectors: Vectors) -> Vectors:
    """Each row scaled to length 1; rows of nothing but zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _width(folder: Path) -> int | None:
    try:
        about = json.loads((folder / ABOUT).read_text())
        width, making = about["width"], about["making"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return width if isinstance(width, int) and width > 0 and making == MAKING else None


def _whole(folder: Path, width: int) -> int:
    """How many rows both files have."""
    return min((folder / VECTORS).stat().st_size // (2 * width), (folder / ROWS).stat().st_size // _ROW)


def _sync(handle: BinaryIO) -> None:
    handle.flush()
    os.fsync(handle.fileno())
