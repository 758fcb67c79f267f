"""The pictures of sets as arrays: squares for the network, measures and maps for the opinions beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import SetImage
from binscout_tui.learning.pixels import Pixels, Source, read_sized, square
from binscout_tui.learning.select.measures import NAMES, measure_candidate
from binscout_tui.learning.select.saliency import CELLS, maps
from binscout_tui.learning.select.saliency import NAMES as MAP_NAMES
from binscout_tui.learning.sources import Pinned

THREADS = 2
AHEAD = 64  # pictures a round, so that a large dataset never waits decoded in memory


@dataclass(frozen=True, slots=True)
class Picture:
    """One candidate: `pixels` (S, S, 3) uint8 letterboxed, `size` (width, height) px of what was decoded.

    `measures` (M,), `laplacian` a plain sharpness, `maps` (CELLS, CELLS, F) float16, `file_bytes` 0 where unknown.
    """

    pixels: Pixels
    size: tuple[int, int]
    measures: NDArray[np.float64]
    laplacian: float
    maps: NDArray[np.float16]
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """N pictures: `pixels` (N, S, S, 3) uint8, `sizes` (N, 2), `measures` (N, M), `laplacian` and `file_bytes` (N,).

    `maps` are (N, CELLS, CELLS, F) float16. `pixels` may be mapped from disk.
    """

    pixels: Pixels
    sizes: NDArray[np.float64]
    measures: NDArray[np.float64]
    laplacian: NDArray[np.float64]
    maps: NDArray[np.float16]
    file_bytes: NDArray[np.int64]

    def facts(self) -> dict[str, Any]:
        """Everything but the pixels, arrays by name."""
        names = ("sizes", "measures", "laplacian", "maps", "file_bytes")
        return {name: getattr(self, name) for name in names}


def empty_pictures(count: int, pixels: Pixels) -> Pictures:
    """Room for `count` pictures, their pixels in `pixels`."""
    return Pictures(
        pixels,
        np.ones((count, 2)),
        np.zeros((count, len(NAMES))),
        np.zeros(count),
        np.zeros((count, CELLS, CELLS, len(MAP_NAMES)), np.float16),
        np.zeros(count, np.int64),
    )


def read_picture(source: Source, side: int) -> Picture:
    """Decode, measure and letterbox one candidate to `side` px; raises as `pixels.read_square` does."""
    small, size = read_sized(source)
    measured = measure_candidate(small, size)
    return Picture(
        square(small, side),
        small.size,
        measured.values,
        measured.laplacian,
        maps(small).astype(np.float16),
        _file_bytes(source),
    )


def fill(pictures: Pictures, images: Sequence[SetImage], report: Callable[[int], None], side: int) -> dict[int, str]:
    """Read every image into its row; returns the reasons of those that cannot be read, by index."""
    failures: dict[int, str] = {}
    for index, result in enumerate(_read(images, side, report)):
        if isinstance(result, str):
            failures[index] = result
        else:
            put(pictures, index, result)
    return failures


def put(pictures: Pictures, index: int, picture: Picture) -> None:
    """Write one picture into its row."""
    pictures.pixels[index] = picture.pixels
    pictures.sizes[index] = picture.size
    pictures.measures[index] = picture.measures
    pictures.laplacian[index] = picture.laplacian
    pictures.maps[index] = picture.maps
    pictures.file_bytes[index] = picture.file_bytes


def read_pictures(images: Sequence[SetImage], side: int) -> tuple[Pictures, dict[int, str]]:
    """All images in memory, and the reasons of those that cannot be read, by index."""
    pictures = empty_pictures(len(images), np.zeros((len(images), side, side, 3), np.uint8))
    return pictures, fill(pictures, images, lambda done: None, side)


def _read(images: Sequence[SetImage], side: int, report: Callable[[int], None]) -> Iterator[Picture | str]:
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(images), AHEAD):
            part = images[start : start + AHEAD]
            yield from pool.map(lambda image: _try(image, side), part)
            report(start + len(part))


def _try(image: SetImage, side: int) -> Picture | str:
    try:
        return read_picture(Pinned(Path(image.path), image.sha256), side)
    except BinScoutError as error:
        return error.sentence


def _file_bytes(source: Source) -> int:
    if isinstance(source, Image.Image):
        return 0
    if isinstance(source, bytes):
        return len(source)
    path = source.path if isinstance(source, Pinned) else source
    return path.stat().st_size
