"""Where the cursor and the view go, by rules alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.widgets.grid_layout import GridLayout, TileSize, lay_out
from binscout_tui.widgets.grid_place import GridPlace


def layout(columns: int, rows: int) -> GridLayout:
    """So many tiles of three by two cells."""
    return GridLayout(columns * 4, rows * 3, 3, 2, rows, tuple(range(0, columns * 4, 4)))


def place(count: int, columns: int = 5, rows: int = 4, cursor: int = 0) -> GridPlace:
    """Ids from 100 on; the cursor on one of them."""
    made = GridPlace(layout(columns, rows))
    made.show(range(100, 100 + count), 100 + cursor)
    made.lay_out(made.layout)
    return made


@pytest.mark.parametrize(
    ("cursor", "columns", "rows", "expected"),
    [
        (0, 1, 0, 1),
        (0, -1, 0, 0),
        (4, 1, 0, 5),
        (7, 0, -1, 2),
        (2, 0, -1, 2),
        (17, 0, 1, 21),  # the last row is shorter
        (21, 0, 1, 21),
        (21, 1, 0, 21),
    ],
)
def test_beside(cursor: int, columns: int, rows: int, expected: int) -> None:
    assert place(22, cursor=cursor).beside(columns, rows) == expected


@pytest.mark.parametrize(
    ("cursor", "by", "expected"), [(3, 1, (23, 4)), (23, -1, (3, -3)), (99, 1, (99, 20)), (3, 9, (98, 36))]
)
def test_turned(cursor: int, by: int, expected: tuple[int, int]) -> None:
    made = place(100, cursor=cursor)
    assert made.turned(by) == (expected[0], made.first_row + by * 4)


def test_the_pages_of_the_direction_of_travel_come_first() -> None:
    made = place(200, cursor=60)
    made.go(*made.turned(1))
    assert made.pages_beside(2)[0][0] == made.seen[-1] + 1
    assert made.pages_beside(2)[2][-1] == made.seen[0] - 1
    made.go(*made.turned(-1))
    assert made.pages_beside(1)[0][-1] == made.seen[0] - 1
    assert place(0).around(2) == []


@given(st.data())
def test_the_cursor_is_seen_wherever_it_goes_and_however_it_is_laid_out(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 300))
    made = place(
        count, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)), data.draw(st.integers(0, count - 1))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        step = data.draw(st.sampled_from(["go", "turn", "beside", "lay out", "show"]))
        if step == "go":
            made.go(data.draw(st.integers(0, len(made.ids) - 1)))
        elif step == "turn":
            made.go(*made.turned(data.draw(st.integers(-4, 4))))
        elif step == "beside":
            made.go(made.beside(data.draw(st.integers(-3, 3)), data.draw(st.integers(-3, 3))))
        else:
            here = made.cursor_id
            if step == "show":
                made.show(range(90, 90 + data.draw(st.integers(1, 400))), here)
            size = data.draw(st.sampled_from(list(TileSize)))
            made.lay_out(lay_out(size, (data.draw(st.integers(5, 200)), data.draw(st.integers(3, 70))), (10, 20)))
            assert made.cursor_id == here or here not in made.ids
        assert made.cursor_id in made.seen
        assert 0 <= made.first_row <= made.layout.last_first_row(len(made.ids))
