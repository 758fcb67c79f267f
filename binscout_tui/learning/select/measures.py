"""What can be measured of each candidate of a set: sharpness, light, noise, shake, and what the frame cuts off.

A measure says little alone and much beside the others of its set, which show the same scene: `relative` takes away the
set's mean. numpy and Pillow; nothing is learned here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.imaging.grouping.focus import clear_detail
from binscout_tui.imaging.quality_measures import laplacian_variance, measure
from binscout_tui.learning.select.saliency import border_density

QUARTER = 4  # times smaller: detail that is left there is no noise
LEAST_SIDE = 16  # pixels; a smaller picture is enlarged before it is measured
NAMES = ("clear_detail", "coarse_detail", "noise", "white", "black", "light", "area", "cut_off")

Measured = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """`values` (M,) in the order of `NAMES`; `laplacian` is the variance that simpler programs call sharpness."""

    values: Measured
    laplacian: float


def measure_candidate(small: Image.Image, size: tuple[int, int]) -> Candidate:
    """Measure an upright RGB picture, at most 1024 px long, of an original of `size` (width, height) pixels.

    Detail and area are natural logarithms, so that a difference is a ratio; `noise` and `cut_off` are
    log(1 + standard deviation in grey levels) and log(1 + density at the border); `white` and `black` are shares of the
    pixels, `light` the median level, all 0..1.
    """
    small = _at_least(small)
    image = small.convert("L")
    grey = np.asarray(image)
    plain = measure(small, size)
    values = [
        math.log(clear_detail(grey)),
        math.log(1 + laplacian_variance(np.asarray(_smaller(image)))),
        math.log(1 + plain.noise),
        plain.white,
        plain.black,
        plain.middle / 255,
        math.log(size[0] * size[1]),
        math.log1p(border_density(small)),
    ]
    return Candidate(np.array(values), plain.detail)


def relative(measured: Sequence[Measured]) -> Measured:
    """(n, M) the measures of the n candidates of one set beside each other: their mean is 0."""
    values = np.stack(measured)
    return np.asarray(values - values.mean(axis=0))


def _at_least(image: Image.Image) -> Image.Image:
    width, height = (max(side, LEAST_SIDE) for side in image.size)
    return image if (width, height) == image.size else image.resize((width, height))


def _smaller(image: Image.Image) -> Image.Image:
    width, height = (max(LEAST_SIDE, round(side / QUARTER)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX)
