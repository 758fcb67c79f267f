"""Is this picture on that canvas, and where?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import irfft2, next_fast_len, rfft2

THERE = 20.0
"""A mean absolute difference (0..255) below this: the picture is there. 256 colours give 2 to 12, half blocks to 16."""

NOT_THERE = 32.0
"""Above this it is another picture, or none; what lies between is part of it."""

COARSE = 28.0
"""The same for small pictures in half blocks."""

_HOLE = 16.0
"""A part of a picture that differs so much more than the whole may is covered or missing."""

_PART = 40
_COARSE = 8
_STEPS = 24
Canvas = NDArray[np.uint8]
Picture = Image.Image | Path | Canvas
Box = tuple[int, int, int, int]


class Found(NamedTuple):
    """The best place for a picture: x, y, width, height in pixels, and the mean absolute difference there."""

    box: Box
    difference: float

    @property
    def there(self) -> bool:
        """Whether the picture is there, and not only something a little like it."""
        return self.difference < THERE


def opened(picture: Picture) -> Image.Image:
    """An upright RGB picture from a file, an image or a canvas."""
    if isinstance(picture, Path):
        with Image.open(picture) as image:
            return image.convert("RGB")
    return Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture.convert("RGB")


def difference(canvas: Canvas, picture: Picture, box: Box) -> float:
    """The mean absolute difference (0..255) between `picture` scaled to `box` (x, y, w, h pixels) and that place."""
    x, y, width, height = box
    seen = canvas[y : y + height, x : x + width].astype(int)
    wanted = np.asarray(opened(picture).resize((width, height))).astype(int)
    return float(np.abs(seen - wanted).mean()) if seen.shape == wanted.shape else 255.0


def worst_part(canvas: Canvas, picture: Picture, box: Box) -> float:
    """The largest mean absolute difference of any square of 40 pixels in `box`: a small hole shows here."""
    x, y, width, height = box
    seen = canvas[y : y + height, x : x + width].astype(int)
    wanted = np.asarray(opened(picture).resize((width, height))).astype(int)
    if seen.shape != wanted.shape:
        return 255.0
    rows, columns = max(1, height // _PART), max(1, width // _PART)
    tall, wide = height // rows, width // columns
    apart = np.abs(seen - wanted).mean(axis=2)[: rows * tall, : columns * wide]
    return float(apart.reshape(rows, tall, columns, wide).mean(axis=(1, 3)).max())


def shows(canvas: Canvas, picture: Picture, box: Box, limit: float = THERE) -> bool:
    """Whether all of `picture` is at `box` and nothing covers a part of it."""
    return difference(canvas, picture, box) < limit and worst_part(canvas, picture, box) < limit + _HOLE


def find_picture(canvas: Canvas, picture: Picture, *, least: int = 60, near: Box | None = None) -> Found:
    """Where `picture` is on `canvas`, its aspect kept, at least `least` pixels high; searched at all sizes.

    `near` limits the search to a place (x, y, w, h pixels). The picture should be an uneven one: a plain picture is
    found in every plain place.
    """
    left, top, width, height = near or (0, 0, canvas.shape[1], canvas.shape[0])
    area = canvas[top : top + height, left : left + width]
    image = opened(picture)
    coarse = _coarse(area, image, least)
    if coarse is None:
        return Found((left, top, 0, 0), 255.0)
    found = _fine(area, image, coarse)
    x, y, w, h = found.box
    return Found((x + left, y + top, w, h), found.difference)


def _coarse(area: Canvas, image: Image.Image, least: int) -> Box | None:
    """The best place on a small copy, by the mean squared difference at every place and size."""
    small = np.asarray(Image.fromarray(area).reduce(_COARSE)).astype(float)
    rows, columns = small.shape[:2]
    size = (next_fast_len(rows, real=True), next_fast_len(columns, real=True))
    spectrum = rfft2(small, size, axes=(0, 1))
    sums = np.pad((small**2).sum(axis=2), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    image = image.reduce(max(1, min(image.width // columns, image.height // rows)))
    best: tuple[float, Box] | None = None
    height = max(3, least // _COARSE)
    while height <= rows:
        width = round(height * image.width / image.height)
        if 3 <= width <= columns:
            wanted = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR)).astype(float)
            product = (spectrum * rfft2(wanted, size, axes=(0, 1)).conj()).sum(axis=2)
            cross = irfft2(product, size)[: rows - height + 1, : columns - width + 1]
            squares = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
            error = (squares - 2 * cross + (wanted**2).sum()) / (width * height)
            y, x = np.unravel_index(int(error.argmin()), error.shape)
            if best is None or error[y, x] < best[0]:
                best = float(error[y, x]), (int(x) * _COARSE, int(y) * _COARSE, width * _COARSE, height * _COARSE)
        height += max(1, height // _STEPS)
    return best[1] if best else None


def _fine(area: Canvas, image: Image.Image, start: Box) -> Found:
    """Better and better places around `start`: edges move by 8, 4, 2, 1 pixels; every third pixel is compared."""
    best, step = Found(start, 255.0), _COARSE
    while step:
        better = min(_candidates(area, image, start, best.box, step), key=lambda found: found.difference, default=best)
        if better.difference < best.difference:
            best = better
        else:
            step //= 2
    return best


def _candidates(area: Canvas, image: Image.Image, start: Box, box: Box, step: int) -> Iterator[Found]:
    x, y, _, before = box
    for height in (before - step, before, before + step):
        width = round(height * image.width / image.height)
        if height < start[3] * 3 // 4:
            continue
        # The middle pixel of every three by three stands for the nine.
        small = image.resize((width // 3, height // 3), Image.Resampling.BILINEAR)
        wanted = np.asarray(small).astype(np.int16)
        for top in (y - step, y, y + step):
            for left in (x - step, x, x + step):
                seen = area[top + 1 : top + height // 3 * 3 : 3, left + 1 : left + width // 3 * 3 : 3]
                if min(left, top) >= 0 and seen.shape == wanted.shape:
                    yield Found((left, top, width, height), float(np.abs(seen - wanted).mean()))
