"""What can be measured of a photo: focus, light, contrast and noise, as plain numbers without a verdict."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from binscout_tui.imaging.outcomes import Measures

BLUR_RADIUS = 1.5
BLACK = 5
WHITE = 250
TILES = 16  # along the longer side
LEAST_TILE = 8
SHARPEST = 10  # one tile in so many is looked at
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
_GAUSSIAN_OF_MAD = 1.4826  # a normal distribution's standard deviation over its median absolute deviation


def measure(small: Image.Image, size: tuple[int, int]) -> Measures:
    """Measure the small picture of an original of `size` (width, height) pixels."""
    image = small.convert("L")
    grey = np.asarray(image)
    histogram = np.array(image.histogram())
    low, middle, high = (_level(histogram, share) for share in (0.05, 0.5, 0.95))
    black, white = clipped(histogram)
    return Measures(
        width=size[0],
        height=size[1],
        focus=round(focus(grey), 3),
        detail=round(laplacian_variance(grey), 3),
        low=low,
        middle=middle,
        high=high,
        black=round(black, 4),
        white=round(white, 4),
        noise=round(noise(grey), 3),
    )


def laplacian_variance(grey: NDArray[np.uint8]) -> float:
    """The variance of the 4-neighbour Laplacian: 0.0 for a flat or a smaller than 3 x 3 picture."""
    if min(grey.shape) < 3:
        return 0.0
    wide = grey.astype(np.int16)
    centre = wide[1:-1, 1:-1]
    laplacian = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * centre
    return float(laplacian.var(dtype=np.float64))


def focus_ratio(grey: NDArray[np.uint8]) -> float:
    """How much of the Laplacian variance a blur (Gaussian, 1.5 px) takes away; 1.0 when there is nothing to lose.

    Unlike the variance alone it hardly depends on what is in the picture and how bright it is: about 4 and more
    for a sharp photo, below 2 for one that is out of focus by two pixels.
    """
    return (laplacian_variance(grey) + 1.0) / (laplacian_variance(_blurred(grey)) + 1.0)


def focus(grey: NDArray[np.uint8]) -> float:
    """`focus_ratio` made for photos of things: of the parts that have detail, along the worst of four directions.

    The second differences along a direction are compared with those of the blurred picture in the tenth of the tiles
    where they vary most, so that a plain background does not count; their median is the ratio of that direction. A
    shake blurs along one direction only, hence the smallest. At most about 3 for a defocus of two pixels, above 12
    for nearly all sharp photos; 1.0 when there is nothing to lose.
    """
    if min(grey.shape) < 3:
        return 1.0
    soft = _blurred(grey)
    return min(_direction(grey, soft, *step) for step in _DIRECTIONS)


def noise(grey: NDArray[np.uint8]) -> float:
    """The standard deviation of the noise, from a mask that cancels edges and slopes (Immerkær 1996), by its median."""
    if min(grey.shape) < 3:
        return 0.0
    wide = grey.astype(np.int16)
    rows = wide[:-2:2] - 2 * wide[1:-1:2] + wide[2::2]  # every other one is plenty
    mask = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    return _level(np.bincount(mask.ravel()), 0.5) * _GAUSSIAN_OF_MAD / 6


def clipped(histogram: NDArray[np.int64]) -> tuple[float, float]:
    """The shares (0..1) of pixels that are as good as black and as good as white, of a histogram (256,)."""
    total = max(1, int(histogram.sum()))
    return float(histogram[: BLACK + 1].sum() / total), float(histogram[WHITE:].sum() / total)


def _level(histogram: NDArray[np.int64], share: float) -> int:
    """The least value that this share of those counted does not exceed; counting is far faster than sorting."""
    return int(np.searchsorted(np.cumsum(histogram), share * histogram.sum()))


def _blurred(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(BLUR_RADIUS)))


def _direction(grey: NDArray[np.uint8], soft: NDArray[np.uint8], down: int, right: int) -> float:
    varied = _variances(_tiles(_second_difference(grey, down, right)))
    chosen = np.argsort(varied)[-max(1, len(varied) // SHARPEST) :]
    left_over = _variances(_tiles(_second_difference(soft, down, right))[chosen])
    return float(np.median((varied[chosen] + 1.0) / (left_over + 1.0)))


def _variances(tiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Those of the rows (N, M); by one pass of products, which is several times faster than `var`."""
    squares = np.einsum("nm,nm->n", tiles, tiles) / tiles.shape[1]
    return np.asarray(squares - np.square(tiles.mean(axis=1)), dtype=np.float32)


def _second_difference(grey: NDArray[np.uint8], down: int, right: int) -> NDArray[np.float32]:
    """(H - 2, W - 2): each pixel's two neighbours in that direction, less twice the pixel."""
    wide = grey.astype(np.int16)
    height, width = grey.shape[0] - 2, grey.shape[1] - 2
    after = wide[1 + down : 1 + down + height, 1 + right : 1 + right + width]
    before = wide[1 - down : 1 - down + height, 1 - right : 1 - right + width]
    return (after + before - 2 * wide[1:-1, 1:-1]).astype(np.float32)


def _tiles(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, side * side): the square tiles that fit, or (1, H * W) where none does."""
    side = max(LEAST_TILE, max(values.shape) // TILES)
    down, right = values.shape[0] // side, values.shape[1] // side
    if not (down and right):
        return values.reshape(1, -1)
    tiles = values[: down * side, : right * side].reshape(down, side, right, side)
    return tiles.swapaxes(1, 2).reshape(down * right, side * side)
