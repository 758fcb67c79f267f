"""Overlap, encoding and letterboxing of boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from binscout_tui.learning.pixels import square
from binscout_tui.learning.select.boxes import (
    LEAST,
    as_crop,
    blended,
    decode,
    encode,
    from_square,
    inside,
    overlap,
    to_square,
)

fractions = st.floats(0, 1)


@st.composite
def boxes(draw: st.DrawFn) -> np.ndarray:
    x, y = sorted([draw(fractions), draw(fractions)]), sorted([draw(fractions), draw(fractions)])
    return inside(np.array([[x[0], y[0], x[1], y[1]]]))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 0, 1, 1), (0, 0, 1, 1), 1.0),
        ((0, 0, 0.5, 1), (0.5, 0, 1, 1), 0.0),
        ((0, 0, 0.5, 0.5), (0.25, 0, 0.75, 0.5), 1 / 3),
        ((0, 0, 1, 1), (0.25, 0.25, 0.75, 0.75), 0.25),
        ((0.5, 0.5, 0.5, 0.5), (0, 0, 0, 0), 0.0),
    ],
)
def test_overlap(first: tuple[float, ...], second: tuple[float, ...], expected: float) -> None:
    assert overlap(np.array([first]), np.array([second]))[0] == pytest.approx(expected)
    assert overlap(np.array([second]), np.array([first]))[0] == pytest.approx(expected)


@given(boxes())
def test_what_is_encoded_comes_back(box: np.ndarray) -> None:
    assert decode(encode(box)) == pytest.approx(box, abs=1e-9)


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_every_answer_is_a_crop_that_can_be_kept(numbers: list[float]) -> None:
    x1, y1, x2, y2 = as_crop(decode(np.array([numbers]))[0])
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1
    assert x2 - x1 >= LEAST - 1e-5
    assert y2 - y1 >= LEAST - 1e-5


@given(boxes(), st.integers(20, 4000), st.integers(20, 4000))
def test_into_the_square_and_back(box: np.ndarray, width: int, height: int) -> None:
    sizes = np.array([[width, height]], np.float64)
    there = to_square(box, sizes)
    assert there.min() >= -1e-9
    assert there.max() <= 1 + 1e-9
    assert from_square(there, sizes) == pytest.approx(box, abs=1e-9)


def test_the_square_has_the_thing_where_the_box_says() -> None:
    image = Image.new("RGB", (200, 80), (0, 0, 0))
    ImageDraw.Draw(image).rectangle((100, 20, 149, 59), fill=(255, 255, 255))
    white = square(image, 100)[:, :, 0] > 128
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    found = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / 100
    said = to_square(np.array([[100 / 200, 20 / 80, 150 / 200, 60 / 80]]), np.array([[200.0, 80.0]]))[0]
    assert found == pytest.approx(said, abs=0.011)


@given(boxes(), boxes(), fractions)
def test_a_blend_lies_between(first: np.ndarray, second: np.ndarray, weight: float) -> None:
    assert blended(first, second, 0.0) == pytest.approx(first, abs=1e-9)
    assert blended(first, second, 1.0) == pytest.approx(second, abs=1e-9)
    size = encode(blended(first, second, weight))[0, 2:]
    between = np.sort(np.stack([encode(first)[0, 2:], encode(second)[0, 2:]]), axis=0)
    assert (size <= between[1] + 1e-6).all()
