"""Simple measures of how good a photo is, on grey pictures as arrays (H, W) uint8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

BLUR_RADIUS = 1.5
BLACK = 5
WHITE = 250


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
    blurred = Image.fromarray(grey).filter(ImageFilter.GaussianBlur(BLUR_RADIUS))
    return (laplacian_variance(grey) + 1.0) / (laplacian_variance(np.asarray(blurred)) + 1.0)


def clipped(grey: NDArray[np.uint8]) -> tuple[float, float]:
    """The shares (0..1) of pixels that are as good as black and as good as white."""
    return float(np.mean(grey <= BLACK)), float(np.mean(grey >= WHITE))
