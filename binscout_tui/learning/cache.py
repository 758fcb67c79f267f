"""All pictures of a dataset decoded once, as one array on disk that every training process maps."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.pixels import Pixels, read_square
from binscout_tui.learning.sources import Pinned
from binscout_tui.learning.tasks import CACHE_FILE as CACHE_FILE

THREADS = 2
AHEAD = 256  # pictures a round, so that a large dataset never waits decoded in memory

Decoded = Pixels | BinScoutError


def decode_items(items: Sequence[DatasetItem], side: int) -> tuple[Pixels, dict[int, str]]:
    """(N, side, side, 3) uint8 in memory, and the reason for each picture (by index) that could not be read."""
    array = np.zeros((len(items), side, side, 3), np.uint8)
    return array, fill(array, items, side, lambda done: None)


def decode_to_disk(
    path: Path, items: Sequence[DatasetItem], side: int, report: Callable[[int], None]
) -> dict[int, str]:
    """The same as a `.npy` file at `path`; returns the reasons. Raises OSError when the disk is full."""
    array = new_cache(path, len(items), side)
    failures = fill(array, items, side, report)
    array.flush()
    return failures


def new_cache(path: Path, count: int, side: int) -> np.memmap[Any, np.dtype[np.uint8]]:
    """An array (count, side, side, 3) that is kept in a `.npy` file at `path`. Raises OSError when the disk is full."""
    shape = (count, side, side, 3)
    array: np.memmap[Any, np.dtype[np.uint8]] = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with path.open("r+b") as file:  # a full disk must be an error here and not a crash at the first write to the map
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def map_cache(path: Path) -> NDArray[np.uint8]:
    """The pixels that `decode_to_disk` wrote, read from disk as they are used."""
    return np.load(path, mmap_mode="c")  # type: ignore[no-any-return]


def fill(array: Pixels, items: Sequence[DatasetItem], side: int, report: Callable[[int], None]) -> dict[int, str]:
    """Decode every item into its row; `report` is called with the number done."""
    failures: dict[int, str] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(items), AHEAD):
            part = items[start : start + AHEAD]
            for index, result in enumerate(pool.map(lambda item: decode_item(item, side), part), start):
                if isinstance(result, BinScoutError):
                    failures[index] = result.sentence
                else:
                    array[index] = result
            report(start + len(part))
    return failures


def decode_item(item: DatasetItem, side: int) -> Decoded:
    """The pixels of one item, or why there are none: its file may be unreadable, or hold another picture by now."""
    try:
        return read_square(Pinned(Path(item.path), item.sha256), item.crop, side)
    except BinScoutError as error:
        return error
