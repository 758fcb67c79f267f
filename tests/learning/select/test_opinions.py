"""The measures of candidates, and the choice learned from them."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from binscout_tui.learning.select.measures import NAMES, measure_candidate, relative
from binscout_tui.learning.select.opinion import PRIOR, USUAL, SetOpinion, fit_choices, softmax

from .made_sets import scene

NOTHING = np.zeros(len(NAMES))


def measured(image: Image.Image) -> dict[str, float]:
    return dict(zip(NAMES, measure_candidate(image, image.size).values.tolist(), strict=True))


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene(random.Random(3))[0].resize((640, 480))


def test_blur_takes_detail(photo: Image.Image) -> None:
    soft = measured(photo.filter(ImageFilter.GaussianBlur(3)))
    assert soft["clear_detail"] < measured(photo)["clear_detail"] - 1
    assert soft["coarse_detail"] < measured(photo)["coarse_detail"]


def test_noise_is_told_from_detail(photo: Image.Image) -> None:
    grain = np.random.default_rng(0).normal(0, 20, (480, 640, 3))
    noisy = Image.fromarray((np.asarray(photo) + grain).clip(0, 255).astype(np.uint8))
    before, after = measure_candidate(photo, photo.size), measure_candidate(noisy, noisy.size)
    assert measured(noisy)["noise"] > measured(photo)["noise"] + 1
    gained = measured(noisy)["clear_detail"] - measured(photo)["clear_detail"]
    assert gained < np.log(after.laplacian / before.laplacian) - 1


def test_light(photo: Image.Image) -> None:
    burnt, dark = photo.point([min(255, 3 * v) for v in range(256)] * 3), photo.point([v // 5 for v in range(256)] * 3)
    assert measured(burnt)["white"] > 0.5
    assert measured(dark)["light"] < measured(photo)["light"] / 2


def test_what_the_frame_cuts_off_lies_at_the_border() -> None:
    image = Image.new("RGB", (320, 240), (200, 200, 200))
    image.paste((160, 30, 30), (120, 80, 220, 160))
    whole, half = image, image.crop((0, 0, 170, 240))
    assert measured(half)["cut_off"] > measured(whole)["cut_off"] + 0.3
    assert measured(half)["area"] < measured(whole)["area"]


def test_a_picture_of_one_pixel_or_one_colour_has_numbers() -> None:
    for image in (Image.new("RGB", (1, 1)), Image.new("RGB", (300, 2), "white"), Image.new("RGB", (64, 64))):
        assert np.isfinite(measure_candidate(image, image.size).values).all()


def test_measures_count_beside_the_others_only() -> None:
    one, two = np.arange(len(NAMES)) * 1.0, np.ones(len(NAMES))
    beside = relative([one, two])
    assert beside.sum(axis=0) == pytest.approx(0)
    assert relative([one + 5, two + 5]) == pytest.approx(beside)


def test_without_sets_the_prior_speaks() -> None:
    assert fit_choices([], []).weight == pytest.approx(PRIOR)


def test_a_person_who_wants_the_opposite_is_followed_in_the_end() -> None:
    """Whoever keeps the noisiest photo teaches that, against a prior that says the reverse."""
    noise = NAMES.index("noise")
    dice = np.random.default_rng(1)
    sets, chosen = [], []
    for _ in range(400):
        values = np.zeros((3, len(NAMES)))
        values[:, noise] = dice.normal(0, USUAL[noise], 3)
        sets.append(relative(list(values)))
        chosen.append(int(values[:, noise].argmax()))
    assert PRIOR[noise] < 0
    few, many = fit_choices(sets[:3], chosen[:3]).weight[noise], fit_choices(sets, chosen).weight[noise]
    assert PRIOR[noise] < few < many
    assert many > 0
    right = [
        int(scores.argmax()) == best for scores, best in zip(SetOpinion(_only(many)).scores(sets), chosen, strict=True)
    ]
    assert np.mean(right) > 0.95


def _only(weight: float) -> np.ndarray:
    found = NOTHING.copy()
    found[NAMES.index("noise")] = weight
    return found


def test_the_fit_is_at_the_top_of_the_posterior() -> None:
    dice = np.random.default_rng(2)
    sets = [relative(list(dice.normal(0, 1, (4, 2)))) for _ in range(20)]
    chosen = [int(own[:, 0].argmax()) for own in sets]
    prior, doubt = np.array([0.5, -0.5]), np.array([1.0, 0.3])

    def posterior(weight: np.ndarray) -> float:
        likely = sum(np.log(softmax(own @ weight)[best]) for own, best in zip(sets, chosen, strict=True))
        return float(likely - (((weight - prior) / doubt) ** 2).sum() / 2)

    top = fit_choices(sets, chosen, prior, doubt).weight
    for step in ([0.01, 0], [-0.01, 0], [0, 0.01], [0, -0.01]):
        assert posterior(top) > posterior(top + np.array(step))


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=6))
def test_chances_sum_to_one(scores: list[float]) -> None:
    chances = softmax(np.array(scores))
    assert chances.sum() == pytest.approx(1)
    assert max(scores) - scores[int(chances.argmax())] < 1e-9
