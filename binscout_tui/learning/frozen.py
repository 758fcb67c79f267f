"""Features of images, computed once and kept on disk by the hash of the bytes.

A folder for each kind of feature, in it numbered parts: arrays of (hash, features). Parts are only ever added, each
under a temporary name first, so what was computed before a job died is there for the next one. All of it can be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.features import Features
from binscout_tui.learning.items import Crop
from binscout_tui.learning.pixels import Pixels, read_square
from binscout_tui.learning.sources import Pinned

THREADS = 2
CHUNK = 64  # pictures decoded and described at a time
PART = 1024  # pictures in a file

Stop = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of feature: `name` is that of its folder and changes with the method, `side` pixels it looks at.

    `describe` turns (N, side, side, 3) uint8 into (N, width) float32.
    """

    name: str
    side: int
    width: int
    describe: Callable[[Pixels], Features]


@dataclass(frozen=True, slots=True)
class Described:
    """`features` (N, width) float32 of the sources asked for, zeros where `failures` has a reason (by index)."""

    features: Features
    failures: dict[int, str]


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Somebody asked to stop; what was computed is kept."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A picture of which the part inside `crop` is looked at."""

    source: Pinned
    crop: Crop | None

    @property
    def key(self) -> str:
        """By which its features are kept."""
        if self.crop is None:
            return self.source.sha256
        return hashlib.sha256(f"{self.source.sha256} {self.crop!r}".encode()).hexdigest()


def describe_sources(
    folder: Path,
    kind: Kind,
    sources: Sequence[Pinned],
    stop: Stop,
    crops: Sequence[Crop | None] | None = None,
    part: int = PART,
) -> Described:
    """The features of `sources`, of the part inside its crop where there is one, from `folder` where it has them.

    `stop` is called with the number described so far; when it answers True, Stopped is raised. What is described is
    kept after every `part` pictures, and when `stop` raises. Raises OSError when the disk is full.
    """
    own = folder / kind.name
    cuts = [_Cut(*pair) for pair in zip(sources, crops or [None] * len(sources), strict=True)]
    found = np.zeros((len(sources), kind.width), np.float32)
    missing = _fill(own, kind, cuts, found)
    failures: dict[int, str] = {}
    for start in range(0, len(missing), part):
        rows = missing[start : start + part]
        if _describe_part(own, kind, cuts, rows, failures, found, partial(_further, stop, start)):
            raise Stopped
    return Described(found, failures)


def _further(stop: Stop, start: int, done: int) -> bool:
    return stop(start + done)


def _describe_part(
    folder: Path,
    kind: Kind,
    cuts: Sequence[_Cut],
    part: Sequence[int],
    failures: dict[int, str],
    found: Features,
    stop: Stop,
) -> bool:
    """Fill the rows `part` of `found` and keep them; True when it was stopped on the way."""
    rows: list[int] = []
    try:
        for done, (indices, features) in enumerate(_chunks(kind, cuts, part, failures), 1):
            # as they are kept, so that the numbers are the same when they come from the disk
            found[indices] = features.astype(np.float16)
            rows += indices
            if stop(min(done * CHUNK, len(part))):
                return True
    finally:
        _keep(folder, kind, [cuts[row].key for row in rows], found[rows])
    return False


def _chunks(
    kind: Kind, cuts: Sequence[_Cut], part: Sequence[int], failures: dict[int, str]
) -> Iterator[tuple[list[int], Features]]:
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(part), CHUNK):
            indices = part[start : start + CHUNK]
            squares = list(pool.map(lambda index: _decode(cuts[index], kind.side), indices))
            good = [index for index, square in zip(indices, squares, strict=True) if not isinstance(square, str)]
            failures |= {i: square for i, square in zip(indices, squares, strict=True) if isinstance(square, str)}
            pixels = [square for square in squares if not isinstance(square, str)]
            yield good, kind.describe(np.stack(pixels)) if pixels else np.zeros((0, kind.width), np.float32)


def _decode(cut: _Cut, side: int) -> Pixels | str:
    try:
        return read_square(cut.source, cut.crop, side)
    except BinScoutError as error:
        return error.sentence


def _row(width: int) -> np.dtype[np.void]:
    return np.dtype([("sha256", "S64"), ("features", "<f2", (width,))])


def _fill(folder: Path, kind: Kind, cuts: Sequence[_Cut], found: Features) -> list[int]:
    """Fill the rows of `found` that are kept; those that are not. Nothing else that is kept is held in memory."""
    wanted: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, cut in enumerate(cuts):
        wanted[cut.key.encode("ascii")].append(index)
    missing = set(range(len(cuts)))
    for part in _parts(folder, kind):
        for place, name in enumerate(part["sha256"].tolist()):
            if name in wanted:
                found[wanted[name]] = part["features"][place]
                missing.difference_update(wanted[name])
    return sorted(missing)


def _parts(folder: Path, kind: Kind) -> Iterator[NDArray[np.void]]:
    """The parts, mapped from their files; a damaged one is deleted, because it can be made again."""
    for path in sorted(folder.glob("*.npy")) if folder.is_dir() else []:
        try:
            part = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as error:
            print(f"{path.name} of {kind.name} is damaged and made again: {error}", flush=True)
            path.unlink()
            continue
        if part.dtype == _row(kind.width) and part.ndim == 1:
            yield part
        else:
            path.unlink()


def _keep(folder: Path, kind: Kind, hashes: Sequence[str], features: Features) -> None:
    if not hashes:
        return
    rows = np.zeros(len(hashes), _row(kind.width))
    rows["sha256"], rows["features"] = [name.encode("ascii") for name in hashes], features
    content = io.BytesIO()
    np.save(content, rows, allow_pickle=False)
    numbers = [int(path.stem) for path in folder.glob("*.npy") if path.stem.isdigit()] if folder.is_dir() else []
    atomic.write_bytes(folder / f"{max(numbers, default=0) + 1:06d}.npy", content.getvalue())
