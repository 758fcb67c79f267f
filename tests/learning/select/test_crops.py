"""The rectangle with the most evidence, and what crops teach."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from binscout_tui.learning.select.boxes import overlap
from binscout_tui.learning.select.crops import (
    PRIOR,
    USUAL_MARGIN,
    CropOpinion,
    best_rectangle,
    cells_inside,
    fit_crops,
)
from binscout_tui.learning.select.saliency import CELLS, NAMES, maps

from .made_sets import scene


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(-5, 5).map(float)))
@settings(max_examples=200)
def test_no_rectangle_has_more(evidence: np.ndarray) -> None:
    height, width = evidence.shape
    sums = {
        (x1, y1, x2, y2): evidence[y1:y2, x1:x2].sum()
        for x1, y1 in product(range(width), range(height))
        for x2, y2 in product(range(x1 + 1, width + 1), range(y1 + 1, height + 1))
    }
    x1, y1, x2, y2 = best_rectangle(evidence)
    found = (round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height))
    assert sums[found] == max(sums.values())


def test_cells_inside_a_box() -> None:
    kept = cells_inside(np.array([[0.0, 0.0, 0.5, 0.25], [0, 0, 1, 1]]))
    assert kept[0].sum() == CELLS // 2 * (CELLS // 4)
    assert kept[0, 0, 0]
    assert not kept[0, -1, 0]
    assert kept[1].all()


def made(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    found = [scene(random.Random(f"{seed}-{number}")) for number in range(count)]
    return np.stack([maps(image) for image, _ in found]), np.array([box for _, box in found])


def test_the_prior_alone_finds_a_block_on_a_plain_ground() -> None:
    seen, truth = made(12, 1)
    boxes = CropOpinion(PRIOR, np.array([USUAL_MARGIN])).boxes(seen)
    assert overlap(boxes, truth).mean() > 0.7


def test_crops_teach_more_than_the_mean_crop_knows() -> None:
    seen, truth = made(20, 2)
    new, other = made(12, 3)
    opinion = fit_crops(seen, truth, [f"session {number % 4}" for number in range(20)])
    assert opinion is not None
    mean = np.tile(truth.mean(axis=0), (12, 1))
    assert overlap(opinion.boxes(new), other).mean() > overlap(mean, other).mean() + 0.3


def test_a_person_who_cuts_wide_moves_the_box_outwards() -> None:
    seen, truth = made(24, 4)
    groups = [f"session {number % 6}" for number in range(24)]
    wide = np.clip(truth + np.array([-0.12, -0.12, 0.12, 0.12]), 0, 1)
    tight, loose = fit_crops(seen, truth, groups), fit_crops(seen, wide, groups)
    assert tight is not None
    assert loose is not None
    assert overlap(loose.boxes(seen), wide).mean() > overlap(tight.boxes(seen), wide).mean()


def test_without_a_crop_nothing_is_learned() -> None:
    assert fit_crops(np.zeros((0, CELLS, CELLS, len(NAMES))), np.zeros((0, 4)), []) is None


def test_what_is_kept_comes_back_and_nothing_else() -> None:
    opinion = CropOpinion(PRIOR + 1, np.array([0.2]))
    again = CropOpinion.from_arrays(opinion.arrays())
    assert again.weight == pytest.approx(opinion.weight)
    with pytest.raises(ValueError, match="another program"):
        CropOpinion.from_arrays({"weight": PRIOR[:3], "margin": np.zeros(1)})
    with pytest.raises(KeyError):
        CropOpinion.from_arrays({"weight": PRIOR})


def test_a_picture_of_one_colour_has_finite_maps() -> None:
    from PIL import Image

    for image in (Image.new("RGB", (1, 1)), Image.new("RGB", (500, 3), (255, 0, 0))):
        assert np.isfinite(maps(image)).all()
