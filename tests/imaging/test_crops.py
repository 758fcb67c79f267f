"""Crop boxes stay boxes, whatever is done to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import UsageError
from binscout_tui.imaging.crops import (
    FULL,
    PRESETS,
    CropBox,
    aspect_of,
    aspect_words,
    clamp,
    from_pixels,
    grow,
    has_aspect,
    move,
    preset,
    span,
    stretch,
    to_pixels,
    with_aspect,
)

sizes = st.tuples(st.integers(1, 9000), st.integers(1, 9000))
steps = st.integers(-10_000, 10_000)
any_number = st.floats(-3, 3)
wild = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[CropBox, tuple[int, int]]:
    size = draw(sizes)
    x1, y1, x2, y2 = draw(st.tuples(any_number, any_number, any_number, any_number))
    return clamp(x1, y1, x2, y2, size), size


def assert_sound(box: CropBox, size: tuple[int, int]) -> None:
    left, top, right, bottom = to_pixels(box, size)
    assert 0 <= box.x1 < box.x2 <= 1
    assert 0 <= box.y1 < box.y2 <= 1
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]


@given(boxes(), st.lists(st.tuples(st.sampled_from(["move", "grow", "lock", "aspect"]), steps, steps), max_size=8))
def test_any_sequence_of_operations_leaves_a_box_inside_the_picture(
    start: tuple[CropBox, tuple[int, int]], operations: list[tuple[str, int, int]]
) -> None:
    box, size = start
    assert_sound(box, size)
    for name, first, second in operations:
        match name:
            case "move":
                box = move(box, first, second, size)
            case "grow":
                box = grow(box, first, second, size)
            case "lock":
                box = grow(box, first, second, size, aspect=4 / 3)
            case _:
                box = with_aspect(box, 1.5, size)
        assert_sound(box, size)


@given(wild, wild, wild, wild, sizes)
def test_clamp_makes_a_box_of_any_numbers(x1: float, y1: float, x2: float, y2: float, size: tuple[int, int]) -> None:
    assert_sound(clamp(x1, y1, x2, y2, size), size)


@given(boxes())
def test_pixels_and_back_is_the_same_box(start: tuple[CropBox, tuple[int, int]]) -> None:
    box, size = start
    pixels = to_pixels(box, size)
    assert to_pixels(from_pixels(pixels, size), size) == pixels
    assert to_pixels(CropBox.parse(str(from_pixels(pixels, size))), size) == pixels


@given(boxes(), steps, steps)
def test_moving_keeps_the_size(start: tuple[CropBox, tuple[int, int]], dx: int, dy: int) -> None:
    box, size = start
    before, after = to_pixels(box, size), to_pixels(move(box, dx, dy, size), size)
    assert (after[2] - after[0], after[3] - after[1]) == (before[2] - before[0], before[3] - before[1])


@given(boxes(), st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1])), steps, steps, st.booleans())
def test_dragged_edges_leave_a_box_of_the_wanted_shape(
    start: tuple[CropBox, tuple[int, int]], edges: tuple[int, int], x: int, y: int, locked: bool
) -> None:
    box, size = start
    aspect = 4 / 3 if locked else None
    found = stretch(box, edges, (x + 0.4, y), size, aspect=aspect)
    assert_sound(found, size)
    left, top, right, bottom = to_pixels(found, size)
    assert not locked or edges == (0, 0) or has_aspect((right - left, bottom - top), 4 / 3)
    before = to_pixels(box, size)
    if not locked:
        assert edges[0] or (left, right) == (before[0], before[2])
        assert edges[1] or (top, bottom) == (before[1], before[3])


@given(sizes, any_number, any_number, steps, steps, st.sampled_from([None, 1.0, 16 / 9, 0.01, 100.0]))
def test_a_drawn_box_begins_where_the_drag_did(
    size: tuple[int, int], x: float, y: float, to_x: int, to_y: int, aspect: float | None
) -> None:
    corner = min(max(round(x * size[0]), 0), size[0]), min(max(round(y * size[1]), 0), size[1])
    found = span(corner, (to_x, to_y), size, aspect=aspect)
    assert_sound(found, size)
    left, top, right, bottom = to_pixels(found, size)
    assert corner[0] in (left, right)
    assert corner[1] in (top, bottom)
    assert aspect is None or has_aspect((right - left, bottom - top), aspect)


@pytest.mark.parametrize(
    ("pixels", "size", "words"),
    [
        ((300, 300), (400, 300), "1:1"), ((100, 75), (400, 300), "4:3"), ((75, 100), (400, 300), "3:4"),
        ((161, 90), (400, 300), "1.79:1"), ((160, 90), (400, 300), "16:9"), ((150, 100), (600, 400), "original"),
    ],
)  # fmt: skip
def test_shapes_have_names(pixels: tuple[int, int], size: tuple[int, int], words: str) -> None:
    assert aspect_words(aspect_of(pixels, size), size) == words


def test_moving_goes_by_pixels_and_stops_at_the_edge() -> None:
    box = from_pixels((10, 10, 30, 20), (100, 50))
    assert to_pixels(move(box, 5, -3, (100, 50)), (100, 50)) == (15, 7, 35, 17)
    assert to_pixels(move(box, 500, 500, (100, 50)), (100, 50)) == (80, 40, 100, 50)


def test_growing_keeps_the_centre_and_the_locked_aspect() -> None:
    box = from_pixels((40, 20, 60, 30), (200, 100))
    assert to_pixels(grow(box, 4, 2, (200, 100)), (200, 100)) == (38, 19, 62, 31)
    left, top, right, bottom = to_pixels(grow(box, 40, 0, (200, 100), aspect=2.0), (200, 100))
    assert (right - left, bottom - top) == (60, 30)
    left, top, right, bottom = to_pixels(grow(box, 9999, 0, (200, 100), aspect=1.0), (200, 100))
    assert (right - left, bottom - top) == (100, 100)


def test_presets_are_what_their_names_say() -> None:
    size = (400, 300)
    assert {candidate.id for candidate in PRESETS} >= {"full", "centre80", "square"}
    assert preset("full", size) == FULL
    assert to_pixels(preset("centre80", size), size) == (40, 30, 360, 270)
    assert to_pixels(preset("square", size), size) == (50, 0, 350, 300)
    for candidate in PRESETS:
        assert_sound(candidate.make((1, 1)), (1, 1))


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "0,0,0,1", "0.5,0,0.4,1", "0,0,1,1.01", "-0.1,0,1,1", "a,b,c,d", "nan,0,1,1", "0,0,inf,1"]
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        CropBox.parse(text)
    assert caught.value.code == "crop"


def test_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        preset("oval", (10, 10))
    assert "centre80" in caught.value.hint
