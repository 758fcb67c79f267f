"""Editing a crop by keys and mouse, and how pictures lie."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging.crops import FULL, CropBox, has_aspect, to_pixels
from binscout_tui.selecting.crop_edit import CropEdit, Pointer
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
    assert words == "100x75 at 100,75 · of 400x300 px · step 10 · 4:3"


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


CELL = (1 / 70, 1 / 20)
places = st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))


@st.composite
def strokes(draw: st.DrawFn) -> tuple[str, list[Pointer]]:
    """A key, and a drag with its way."""
    exact = draw(st.booleans())
    way = [Pointer(x, y, CELL, exact=exact) for x, y in draw(st.lists(places, min_size=2, max_size=5))]
    return draw(st.sampled_from([*sorted(KEYS), "A", "wheel up", "wheel down"])), way


def drawn(edit: CropEdit, way: list[Pointer]) -> CropEdit:
    drag = edit.grab(way[0])
    for pointer in way[1:]:
        edit = drag.to(pointer)
    return edit


ACTIONS = KEYS | {"A": CropEdit.next_aspect, "wheel up": lambda e: e.scaled(1), "wheel down": lambda e: e.scaled(-1)}
"""Whatever changes a box but the mouse's drag."""


@given(st.integers(1, 5000), st.integers(1, 5000), st.lists(strokes(), max_size=12))
def test_whatever_keys_and_mouse_do_the_box_is_one_and_keeps_a_locked_shape(
    width: int, height: int, played: list[tuple[str, list[Pointer]]]
) -> None:
    edit = CropEdit((width, height))
    acts = [act for key, way in played for act in (ACTIONS[key], partial(drawn, way=way))]
    for act in acts:
        edit = act(edit)
        assert 0 <= edit.box.x1 < edit.box.x2 <= 1
        assert 0 <= edit.box.y1 < edit.box.y2 <= 1
        assert min(edit.pixels) >= 1
        assert edit.aspect is None or has_aspect(edit.pixels, edit.aspect)


@given(st.lists(places, min_size=1, max_size=6), places, st.booleans())
def test_only_where_the_mouse_is_now_matters(
    way: list[tuple[float, float]], start: tuple[float, float], lock: bool
) -> None:
    edit = CropEdit((4000, 3000), CropBox(0.2, 0.3, 0.6, 0.7), aspect=16 / 10 if lock else None)
    pointers = [Pointer(*start, CELL), *(Pointer(*place, CELL) for place in way)]
    assert drawn(edit, pointers) == drawn(edit, [pointers[0], pointers[-1]])
    assert drawn(edit, [*pointers, pointers[0]]) == edit


BOX = CropEdit((400, 300), CropBox(0.25, 0.2, 0.75, 0.8))
CENTI = (0.01, 0.02)


@pytest.mark.parametrize(
    ("start", "end", "pixels"),
    [
        ((0.5, 0.5), (0.55, 0.4), (120, 30, 320, 210)),
        ((0.5, 0.5), (5, 5), (200, 120, 400, 300)),
        ((0.75, 0.5), (0.85, 0.9), (100, 60, 340, 240)),
        ((0.26, 0.5), (0.01, 0.5), (0, 60, 300, 240)),
        ((0.5, 0.81), (0.5, 0.91), (100, 60, 300, 270)),
        ((0.25, 0.2), (0.15, 0.1), (60, 30, 300, 240)),
        ((0.75, 0.8), (0.5, -1), (100, 0, 200, 60)),
        ((0.05, 0.05), (0.15, 0.15), (20, 15, 60, 45)),
        ((0.95, 0.9), (0.9, 0.95), (360, 270, 380, 285)),
        ((0.05, 0.05), (0.05, 0.055), (100, 60, 300, 240)),
    ],
)
def test_where_one_takes_hold_of_the_box_says_what_a_drag_does(
    start: tuple[float, float], end: tuple[float, float], pixels: tuple[int, int, int, int]
) -> None:
    edit = drawn(BOX, [Pointer(*start, CENTI, exact=True), Pointer(*end, CENTI, exact=True)])
    assert to_pixels(edit.box, edit.size) == pixels


def test_a_box_that_nobody_made_is_no_obstacle_to_drawing_one() -> None:
    way = [Pointer(0.4, 0.4, CENTI, exact=True), Pointer(0.6, 0.7, CENTI, exact=True)]
    first = CropEdit.begun((400, 300), None)
    assert to_pixels(drawn(first, way).box, first.size) == (160, 120, 240, 210)
    made = CropEdit.begun((400, 300), first.box)
    assert to_pixels(drawn(made, way).box, made.size) == (80, 60, 400, 300)
    touched = first.grown(-1, 0)
    assert drawn(touched, way).pixels == touched.pixels


def test_a_cell_stands_for_all_of_the_picture_that_it_covers() -> None:
    whole = CropEdit((4000, 3000))
    first, last = Pointer(0.005, 0.01, CENTI), Pointer(0.995, 0.99, CENTI)
    assert drawn(replace(whole, box=BOX.box), [first, last]).box == FULL
    corner = drawn(replace(whole, box=BOX.box), [Pointer(0.755, 0.79, CENTI), last])
    assert to_pixels(corner.box, corner.size) == (1000, 600, 4000, 3000)


def test_a_locked_shape_holds_from_the_corner_and_from_the_edge() -> None:
    square = CropEdit((400, 300), CropBox(0.25, 0.2, 0.5, 160 / 300)).locked()
    corner = drawn(square, [Pointer(0.5, 160 / 300, CENTI, exact=True), Pointer(0.7, 0.6, CENTI, exact=True)])
    assert to_pixels(corner.box, corner.size) == (100, 60, 280, 240)
    edge = drawn(square, [Pointer(0.5, 0.4, CENTI, exact=True), Pointer(0.6, 0.4, CENTI, exact=True)])
    assert to_pixels(edge.box, edge.size) == (100, 40, 240, 180)


def test_shapes_come_in_turn_and_end_with_the_pictures_own() -> None:
    edit, seen = CropEdit((500, 300), CropBox(0.1, 0.1, 0.9, 0.9)), []
    for _ in range(6):
        edit = edit.next_aspect()
        seen.append(edit.words(200).partition("shape locked ")[2].partition(" ")[0])
    assert seen == ["1:1", "4:3", "3:4", "16:9", "original", "1:1"]
