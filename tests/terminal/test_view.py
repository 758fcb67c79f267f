"""Zoom and pan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.terminal.view import MAX_DOTS_A_PIXEL, WHOLE, View, fitting_scale, pixel_zoom, seen_in

sizes = st.tuples(st.integers(1, 9000), st.integers(1, 9000))
rooms = st.tuples(st.integers(20, 3000), st.integers(20, 2000))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("zoom"), st.floats(0.2, 5), st.just(0.0)),
        st.tuples(st.just("pan"), st.floats(-1, 1), st.floats(-1, 1)),
    ),
    max_size=12,
)


@given(sizes, rooms, steps)
def test_what_is_seen_lies_in_the_picture_and_no_closer_than_allowed(
    picture: tuple[int, int], room: tuple[int, int], walk: list[tuple[str, float, float]]
) -> None:
    view = WHOLE
    for kind, first, second in walk:
        view = view.zoomed(first, picture, room) if kind == "zoom" else view.panned(first, second, picture, room)
        left, top, right, bottom = view.region(picture, room)
        assert -1e-9 <= left < right <= 1 + 1e-9
        assert -1e-9 <= top < bottom <= 1 + 1e-9
        scale = fitting_scale(picture, room) * view.zoom
        assert view.zoom == 1 or scale <= MAX_DOTS_A_PIXEL * (1 + 1e-9)
        assert (right - left) * picture[0] * scale <= room[0] * (1 + 1e-6) or view.is_whole


@given(sizes, rooms, st.floats(1.1, 8))
def test_closer_and_back_is_where_it_was(picture: tuple[int, int], room: tuple[int, int], factor: float) -> None:
    closer = WHOLE.zoomed(factor, picture, room)
    assert closer.zoomed(1 / closer.zoom, picture, room).region(picture, room) == (0.0, 0.0, 1.0, 1.0)


def test_a_picture_does_not_leave_its_edges() -> None:
    picture, room = (400, 300), (800, 600)
    view = View(zoom=2).panned(-9, 9, picture, room)
    assert view.region(picture, room) == pytest.approx((0.0, 0.5, 0.5, 1.0))
    assert view.panned(0.5, 0, picture, room).region(picture, room) == pytest.approx((0.25, 0.5, 0.75, 1.0))


def test_one_pixel_of_the_picture_on_one_of_the_screen() -> None:
    zoom = pixel_zoom((4000, 3000), (800, 600))
    left, _, right, _ = View(zoom=zoom).region((4000, 3000), (800, 600))
    assert (right - left) * 4000 == pytest.approx(800)


def test_where_a_place_is_in_what_is_seen() -> None:
    assert seen_in((0.5, 0.0, 1.0, 0.5), 0.75, 0.25) == (0.5, 0.5)
    assert seen_in((0.5, 0.0, 1.0, 0.5), 0.25, 1.0) == (-0.5, 2.0)
