"""Measures of focus and exposure."""

from __future__ import annotations

import numpy as np
import pytest
from made_pictures import photo
from PIL import ImageFilter

from binscout_tui.imaging.quality import clipped, focus_ratio, laplacian_variance


def test_the_laplacian_is_that_of_the_definition() -> None:
    grey = np.zeros((5, 5), dtype=np.uint8)
    grey[2, 2] = 100
    # The inner 3 x 3 holds -400 in the middle, 100 at four sides, 0 in the corners.
    assert laplacian_variance(grey) == pytest.approx(np.var([-400, 100, 100, 100, 100, 0, 0, 0, 0]))


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (40, 40)])
def test_flat_or_tiny_is_not_sharp(shape: tuple[int, int]) -> None:
    grey = np.full(shape, 90, dtype=np.uint8)
    assert laplacian_variance(grey) == 0.0
    assert focus_ratio(grey) == 1.0


def test_blur_lowers_both() -> None:
    sharp = photo(320, 240).convert("L")
    soft = sharp.filter(ImageFilter.GaussianBlur(2))
    assert laplacian_variance(np.asarray(soft)) < 0.2 * laplacian_variance(np.asarray(sharp))
    assert focus_ratio(np.asarray(sharp)) > 4 > 2 > focus_ratio(np.asarray(soft))


def test_clipped_shares() -> None:
    grey = np.array([[0, 5, 6, 249], [250, 255, 128, 128]], dtype=np.uint8)
    assert clipped(grey) == (0.25, 0.25)
