"""Sharpness beside each other: blur loses, noise and bad light do not win, equals share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from binscout_tui.imaging.grouping.focus import clear_detail, shares


@pytest.fixture(scope="module")
def sharp() -> Image.Image:
    """Some bright squares on a plain floor."""
    picture = Image.new("L", (320, 240), 90)
    for number in range(6):
        picture.paste(200, (20 + 50 * number, 40 + 20 * number, 45 + 50 * number, 70 + 20 * number))
    return picture


def test_a_blurred_picture_is_less_sharp(sharp: Image.Image) -> None:
    blurred = sharp.filter(ImageFilter.GaussianBlur(2))
    assert clear_detail(np.asarray(sharp)) > 4 * clear_detail(np.asarray(blurred)) > 4


def test_noise_does_not_look_sharp(sharp: Image.Image) -> None:
    blurred = np.asarray(sharp.filter(ImageFilter.GaussianBlur(2)), dtype=np.float64)
    noise = np.random.default_rng(1).normal(0, 20, blurred.shape)
    noisy = np.clip(blurred + noise, 0, 255).astype(np.uint8)
    assert clear_detail(np.asarray(sharp)) > clear_detail(noisy)


def test_what_is_burnt_out_or_black_shows_nothing(sharp: Image.Image) -> None:
    for spoilt in (sharp.point(lambda value: min(255, value * 3)), sharp.point(lambda value: value * 0.05)):
        assert clear_detail(np.asarray(sharp)) > 2 * clear_detail(np.asarray(spoilt))


@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (17, 17), (18, 18), (240, 320)])
def test_a_flat_or_tiny_picture_is_not_sharp(shape: tuple[int, int]) -> None:
    assert clear_detail(np.full(shape, 128, dtype=np.uint8)) == pytest.approx(1)


def test_equals_share_equally() -> None:
    assert shares([3.0, 3.0, 3.0, 3.0]) == [0.25] * 4
    assert shares([None, 2.0]) == [None, 1.0]
    assert shares([]) == []
    assert shares([None, None]) == [None, None]


@given(st.lists(st.floats(0.01, 1e6) | st.none(), max_size=9))
def test_shares_are_one_in_all_and_in_the_order_of_focus(focus: list[float | None]) -> None:
    found = shares(focus)
    known = [
        (value, share) for value, share in zip(focus, found, strict=True) if value is not None and share is not None
    ]
    assert [share is None for share in found] == [value is None for value in focus]
    assert not known or sum(share for _, share in known) == pytest.approx(1)
    assert all(0 <= share <= 1 for _, share in known)
    assert [share for _, share in sorted(known)] == sorted(share for _, share in known)
