"""Editing a crop key by key, and how pictures lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging.crops import FULL, CropBox
from binscout_tui.selecting.crop_edit import CropEdit
from binscout_tui.selecting.rows import columns

KEYS = {
    "left": lambda e: e.moved(-1, 0),
    "right": lambda e: e.moved(1, 0),
    "up": lambda e: e.moved(0, -1),
    "down": lambda e: e.moved(0, 1),
    "H": lambda e: e.grown(-1, 0),
    "L": lambda e: e.grown(1, 0),
    "J": lambda e: e.grown(0, 1),
    "K": lambda e: e.grown(0, -1),
    "a": CropEdit.locked,
    "p": CropEdit.next_preset,
    "f": CropEdit.fine_or_not,
    "0": CropEdit.reset,
}


def pressed(edit: CropEdit, keys: list[str]) -> CropEdit:
    for key in keys:
        edit = KEYS[key](edit)
    return edit


@given(st.integers(1, 5000), st.integers(1, 5000), st.lists(st.sampled_from(sorted(KEYS)), max_size=60))
def test_whatever_is_pressed_the_box_stays_in_the_picture(width: int, height: int, keys: list[str]) -> None:
    edit = pressed(CropEdit((width, height)), keys)
    assert 0 <= edit.box.x1 < edit.box.x2 <= 1
    assert 0 <= edit.box.y1 < edit.box.y2 <= 1
    assert 1 <= edit.pixels[0] <= width
    assert 1 <= edit.pixels[1] <= height


def test_a_fine_step_is_one_pixel() -> None:
    edit = CropEdit((400, 300), CropBox(0.25, 0.25, 0.5, 0.5), fine=True).moved(1, -1)
    assert tuple(edit.box) == pytest.approx((101 / 400, 74 / 300, 201 / 400, 149 / 300))


def test_a_locked_shape_is_kept_while_the_box_shrinks() -> None:
    edit = pressed(CropEdit((400, 300), CropBox(0, 0, 0.5, 1)).locked(), ["H"] * 4)
    assert edit.pixels[0] / edit.pixels[1] == pytest.approx(200 / 300, abs=0.02)


def test_presets_come_round_and_reset_takes_the_whole() -> None:
    edit = CropEdit((400, 300)).next_preset()
    assert edit.box != FULL
    assert edit.reset().box == FULL
    assert pressed(CropEdit((400, 300)), ["p"] * 7).box == FULL


def test_the_words_are_in_pixels_of_the_original() -> None:
    assert "100x75 of 400x300 px" in CropEdit((400, 300), CropBox(0.25, 0.25, 0.5, 0.5)).words


@pytest.mark.parametrize(("count", "wide"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 3), (6, 3), (7, 4), (8, 4), (9, 5)])
def test_up_to_four_in_a_row_more_in_two_rows(count: int, wide: int) -> None:
    assert columns(count) == wide
