"""The pictures of a count dataset, scaled and kept in one flat file that every training process maps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import CountItem
from binscout_tui.learning.pixels import Pixels, Source, read_upright
from binscout_tui.learning.sources import Pinned
from binscout_tui.learning.tasks import PIXELS_FILE

INDEX_FILE = "pictures.json"
THREADS = 2
AHEAD = 64  # pictures a round, so that a large dataset never waits decoded in memory


@dataclass(frozen=True, slots=True)
class Pictures:
    """`shapes[i]` is (height, width) of picture `i`, (0, 0) for one that could not be read: `failures[i]` says why."""

    pixels: NDArray[np.uint8]
    shapes: list[tuple[int, int]]
    failures: dict[int, str]
    starts: list[int]

    def __getitem__(self, index: int) -> Pixels:
        """Picture `index` as (h, w, 3) uint8 RGB."""
        height, width = self.shapes[index]
        start = self.starts[index]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)


def scaled(image: Image.Image, side: int) -> Pixels:
    """`image` with its longest side at `side` pixels, as (h, w, 3) uint8."""
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX))


def read_scaled(source: Source, side: int) -> Pixels:
    """The upright picture of `source`, `side` pixels long; raises BinScoutError as `read_upright` does."""
    return scaled(read_upright(source, longest=max(2 * side, 64)), side)


def write_pictures(
    folder: Path, items: Sequence[CountItem], side: int, report: Callable[[int], None]
) -> dict[int, str]:
    """Decode every item into the files of `folder`; returns why some (by index) could not be read.

    `report` is called with the number done and may raise. Raises OSError when the disk is full.
    """
    failures: dict[int, str] = {}
    shapes: list[tuple[int, int]] = []
    with (folder / PIXELS_FILE).open("wb") as file, ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(items), AHEAD):
            part = items[start : start + AHEAD]
            for index, result in enumerate(pool.map(lambda item: _decode(item, side), part), start):
                if isinstance(result, str):
                    failures[index] = result
                    shapes.append((0, 0))
                else:
                    file.write(result.tobytes())
                    shapes.append((result.shape[0], result.shape[1]))
            report(start + len(part))
    atomic.write_text(folder / INDEX_FILE, json.dumps({"shapes": shapes, "failures": failures}))
    return failures


def _decode(item: CountItem, side: int) -> Pixels | str:
    try:
        return read_scaled(Pinned(Path(item.path), item.sha256), side)
    except BinScoutError as error:
        return error.sentence


def map_pictures(folder: Path) -> Pictures:
    """What `write_pictures` wrote, read from disk as it is used."""
    index = json.loads((folder / INDEX_FILE).read_text())
    shapes = [(height, width) for height, width in index["shapes"]]
    sizes = [height * width * 3 for height, width in shapes]
    starts = [0, *np.cumsum(sizes).tolist()]
    failures = {int(row): reason for row, reason in index["failures"].items()}
    path = folder / PIXELS_FILE
    pixels = np.memmap(path, np.uint8, "c") if sum(sizes) else np.zeros(0, np.uint8)
    return Pictures(pixels, shapes, failures, starts)


def remove_pictures(folder: Path) -> None:
    """Delete the files again."""
    for name in (PIXELS_FILE, INDEX_FILE):
        (folder / name).unlink(missing_ok=True)
