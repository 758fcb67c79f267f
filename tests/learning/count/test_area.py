"""Counting by what is covered."""

from __future__ import annotations

import numpy as np
import pytest

from binscout_tui.learning.count.area import AreaFit, covered, covered_shares, fit_area, otsu, robust_line

from .bins import draw_bin


def test_otsu_parts_two_heaps() -> None:
    values = np.concatenate([np.full(90, 0.1), np.full(10, 0.9)])
    assert 0.1 < otsu(values) < 0.9


def test_what_differs_from_its_surroundings_is_covered() -> None:
    picture = np.full((60, 80, 3), 200, np.uint8)
    picture[20:30, 20:40] = (60, 40, 30)
    masks = covered(picture)
    assert masks["colour"].sum() == masks["darker"].sum() == 200
    assert not masks["brighter"].any()


def test_light_that_falls_off_covers_nothing() -> None:
    slope = np.linspace(90, 220, 80)[None, :, None] + np.zeros((60, 80, 3))
    assert covered_shares(slope.astype(np.uint8)) == {"colour": 0, "darker": 0, "brighter": 0}


@pytest.mark.parametrize("noise", [0, 3, 12])
def test_noise_covers_nothing(noise: float) -> None:
    picture = 128 + np.random.default_rng(0).normal(0, noise, (60, 80, 3))
    assert covered_shares(picture.clip(0, 255).astype(np.uint8)) == {"colour": 0, "darker": 0, "brighter": 0}


def test_a_line_is_not_moved_by_one_odd_photo() -> None:
    area = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    truth = np.array([5.0, 10.0, 15.0, 20.0, 99.0])
    assert robust_line(area, truth, free=False) == (pytest.approx(50.0), 0.0)
    slope, intercept = robust_line(area, truth, free=True)
    assert slope == pytest.approx(50, rel=0.5)
    assert robust_line(np.zeros(3), np.array([0.0, 1.0, 2.0]), free=True) == (0.0, 0.0)
    assert intercept <= 0


def test_nothing_covered_is_nothing_counted() -> None:
    fit = AreaFit(method="colour", slope=10.0, intercept=2.0)
    assert fit.raw(0.0) == 0
    assert fit.raw(0.5) == 7


def test_bins_are_counted_better_than_by_their_mean() -> None:
    counts = [seed % 7 * 3 for seed in range(21)]
    shares = [covered_shares(np.asarray(draw_bin(count, seed)[0])) for seed, count in enumerate(counts)]
    fit = fit_area(shares[:14], counts[:14])
    errors = [
        abs(round(fit.raw(share[fit.method])) - count) for share, count in zip(shares[14:], counts[14:], strict=True)
    ]
    guess = round(float(np.mean(counts[:14])))
    assert np.mean(errors) < np.mean([abs(guess - count) for count in counts[14:]]) / 2
    assert fit.method in {"colour", "darker"}
    with pytest.raises(ValueError, match="no photos"):
        fit_area([], [])
