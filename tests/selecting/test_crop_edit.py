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


def test_a_new_edit_begins_with_a_box_that_can_move() -> None:
    edit = CropEdit.begun((400, 300), None)
    assert tuple(edit.box) == pytest.approx((0.1, 0.1, 0.9, 0.9))
    assert edit.moved(1, 0).box != edit.box
    assert CropEdit.begun((400, 300), FULL).box == FULL


def test_the_words_are_in_pixels_of_the_original() -> None:
    words = CropEdit((400, 300), CropBox(0.25, 0.25, 0.5, 0.5)).words(80)
    assert words == "100x75 at 100,75 · of 400x300 px · step 10"


@given(st.integers(0, 120), st.lists(st.sampled_from(sorted(KEYS)), max_size=20))
def test_the_words_leave_out_whole_parts_and_the_box_last(width: int, keys: list[str]) -> None:
    edit = pressed(CropEdit((4032, 3024)), keys)
    words = edit.words(width)
    assert len(words) <= width or " · " not in words
    assert edit.words(200).startswith(words)
    assert words.startswith(f"{edit.pixels[0]}x{edit.pixels[1]} at ")


LANDSCAPE = (1024, 768)


@pytest.mark.parametrize(
    ("count", "size", "room", "wide"),
    [
        (1, LANDSCAPE, (80, 21), 1),
        (2, LANDSCAPE, (80, 21), 2),
        (3, LANDSCAPE, (80, 21), 3),
        (4, LANDSCAPE, (80, 21), 2),
        (4, LANDSCAPE, (200, 21), 4),
        (4, (768, 1400), (80, 21), 4),
        (2, LANDSCAPE, (60, 47), 1),
        (6, LANDSCAPE, (80, 21), 3),
        (9, LANDSCAPE, (160, 47), 3),
        (9, LANDSCAPE, (80, 21), 5),
    ],
)
def test_pictures_lie_as_they_are_shown_largest(
    count: int, size: tuple[int, int], room: tuple[int, int], wide: int
) -> None:
    assert columns([size] * count, room) == wide


@given(st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), max_size=9), st.integers(0, 300))
def test_there_is_always_a_way_to_lay_them(sizes: list[tuple[int, int]], room: int) -> None:
    assert 1 <= columns(sizes, (room, room // 3)) <= max(1, len(sizes))
