"""Which of several boxes the mouse means, and where a box of a size lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging.several import Several, about
from binscout_tui.selecting.crop_edit import Pointer, meant
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.boxes import checked_box

SIZE = (400, 300)
LARGE, SMALL, AWAY = (0.1, 0.1, 0.6, 0.8), (0.3, 0.3, 0.4, 0.5), (0.7, 0.7, 0.9, 0.9)
BOXES = tuple(LabelBox(box=box) for box in (LARGE, SMALL, AWAY))


@pytest.mark.parametrize(
    ("x", "y", "active", "place"),
    [
        (0.2, 0.2, None, 0),
        (0.35, 0.4, None, 1),
        (0.35, 0.4, 0, 1),
        (0.1, 0.5, 0, 0),
        (0.3, 0.4, 0, 1),
        (0.8, 0.8, 1, 2),
        (0.905, 0.8, 0, 2),
        (0.95, 0.2, 0, None),
    ],
)
def test_the_smallest_box_around_is_meant(x: float, y: float, active: int | None, place: int | None) -> None:
    pointer = Pointer(x, y, (0.01, 0.02))
    assert meant([one.box for one in BOXES], active, pointer, SIZE) == place


def test_an_edge_of_the_active_box_comes_before_a_smaller_box() -> None:
    pointer = Pointer(0.3, 0.4, (0.01, 0.02))
    boxes = [(0.3, 0.1, 0.9, 0.9), (0.2, 0.2, 0.4, 0.6)]
    assert [meant(boxes, active, pointer, SIZE) for active in (0, 1)] == [0, 1]


def test_next_and_previous_begin_at_the_ends_where_none_is_active() -> None:
    several = Several(BOXES)
    assert (several.turned(1).active, several.turned(-1).active) == (0, 2)
    assert several.removed() is several
    assert Several(()).turned(1).active is None


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_box_about_any_point_is_within_the_picture(x: float, y: float, width: float, height: float) -> None:
    checked_box(about(x, y, width, height))
