"""Measures of focus, light and noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from made_pictures import photo
from PIL import Image, ImageFilter

from binscout_tui.imaging.quality_measures import clipped, focus, focus_ratio, laplacian_variance, measure, noise


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def shaken(image: Image.Image, length: int) -> Image.Image:
    """As from a camera that moved to the right by so many pixels."""
    pixels = np.asarray(image, dtype=np.float64)
    return Image.fromarray(np.mean([np.roll(pixels, step, axis=1) for step in range(length)], axis=0).astype(np.uint8))


def test_the_laplacian_is_that_of_the_definition() -> None:
    dot = np.zeros((5, 5), dtype=np.uint8)
    dot[2, 2] = 100
    # The inner 3 x 3 holds -400 in the middle, 100 at four sides, 0 in the corners.
    assert laplacian_variance(dot) == pytest.approx(np.var([-400, 100, 100, 100, 100, 0, 0, 0, 0]))


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (40, 40), (3, 3), (5, 900)])
def test_flat_or_tiny_is_not_sharp(shape: tuple[int, int]) -> None:
    flat = np.full(shape, 90, dtype=np.uint8)
    assert laplacian_variance(flat) == 0.0
    assert focus_ratio(flat) == focus(flat) == 1.0
    assert noise(flat) == 0.0


def test_blur_lowers_all_three() -> None:
    sharp = photo(320, 240).convert("L")
    soft = sharp.filter(ImageFilter.GaussianBlur(2))
    assert laplacian_variance(grey(soft)) < 0.2 * laplacian_variance(grey(sharp))
    assert focus_ratio(grey(sharp)) > 4 > 2 > focus_ratio(grey(soft))
    assert focus(grey(sharp)) > 4.5 > 3 > focus(grey(soft))


def test_a_shake_in_one_direction_is_seen_although_the_other_is_sharp() -> None:
    sharp = photo(640, 480).convert("L")
    moved = shaken(sharp, 7)
    assert focus(grey(moved)) < 0.35 * focus(grey(sharp))


def test_a_plain_background_does_not_count() -> None:
    """One sharp thing on an empty sheet is a sharp photo, and stays one however large the sheet."""
    sheet = Image.new("L", (1024, 768), 200)
    sheet.paste(photo(200, 200).convert("L"), (400, 300))
    alone = focus(grey(photo(200, 200).convert("L")))
    assert focus(grey(sheet)) > 0.5 * alone > 4.5


def test_noise_is_about_the_standard_deviation() -> None:
    random = np.random.default_rng(3)
    base = np.linspace(40, 200, 400)[None, :].repeat(300, axis=0)
    noisy = np.clip(base + random.normal(0, 12, base.shape), 0, 255).astype(np.uint8)
    assert noise(noisy) == pytest.approx(12, rel=0.15)
    assert noise(base.astype(np.uint8)) < 1


def test_clipped_shares() -> None:
    values = np.array([0, 5, 6, 249, 250, 255, 128, 128])
    assert clipped(np.bincount(values, minlength=256)) == (0.25, 0.25)


def test_percentiles_are_those_of_the_grey_picture() -> None:
    image = photo(320, 240)
    measured = measure(image, (4000, 3000))
    expected = np.percentile(grey(image), [5, 50, 95], method="inverted_cdf")
    assert [measured.low, measured.middle, measured.high] == expected.tolist()
    assert (measured.width, measured.height) == (4000, 3000)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_picture_has_finite_measures(pixels: np.ndarray) -> None:
    measured = measure(Image.fromarray(pixels), (pixels.shape[1], pixels.shape[0]))
    assert np.isfinite([measured.focus, measured.detail, measured.noise]).all()
    assert measured.focus > 0
    assert 0 <= measured.low <= measured.middle <= measured.high <= 255
