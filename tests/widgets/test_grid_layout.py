"""How tiles lie in a grid, for any room, cell and number of images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.widgets.grid_layout import GridLayout, TileSize, lay_out

ROOMS = st.tuples(st.integers(1, 400), st.integers(1, 120))
CELLS = st.tuples(st.integers(4, 30), st.integers(8, 60))
SIZES = st.sampled_from(TileSize)
CELL = (10, 20)


@given(SIZES, ROOMS, CELLS)
def test_all_tiles_lie_in_the_room_and_none_on_another(
    size: TileSize, room: tuple[int, int], cell: tuple[int, int]
) -> None:
    layout = lay_out(size, room, cell)
    assert layout.columns >= 1
    assert layout.rows >= 1
    if room[0] >= 3 and room[1] >= 2:
        assert layout.lefts[0] >= 1
        assert layout.lefts[-1] + layout.tile_width < room[0]
        assert layout.rows * layout.tile_height <= room[1]
    steps = {after - before for before, after in zip(layout.lefts, layout.lefts[1:], strict=False)}
    assert steps <= {layout.tile_width + 1}


@given(SIZES, st.tuples(st.integers(70, 400), st.integers(20, 120)))
def test_little_of_the_room_stays_empty(size: TileSize, room: tuple[int, int]) -> None:
    layout = lay_out(size, room, CELL)
    across = layout.columns * (layout.tile_width + 1) + 1
    assert room[0] - across < layout.columns
    assert room[1] - layout.rows * layout.tile_height <= room[1] * 0.35


@given(SIZES, ROOMS, st.integers(1, 100_000), st.data())
def test_every_position_has_one_place_and_back(
    size: TileSize, room: tuple[int, int], count: int, data: st.DataObject
) -> None:
    layout = lay_out(size, room, CELL)
    position = data.draw(st.integers(0, count - 1))
    first_row = layout.first_row_showing(position, data.draw(st.integers(0, layout.last_first_row(count))))
    place = layout.place(position, first_row)
    assert place is not None
    if room[0] >= 3:
        assert layout.at(place[0], place[1], first_row) == position
    assert 0 <= first_row <= max(layout.last_first_row(count), position // layout.columns)


@given(SIZES, ROOMS, st.integers(0, 100_000))
def test_the_last_page_is_where_the_scroll_bar_ends(size: TileSize, room: tuple[int, int], count: int) -> None:
    layout = lay_out(size, room, CELL)
    furthest = layout.virtual_height(count) - max(room[1], layout.rows * layout.tile_height)
    assert max(0, furthest) == layout.last_first_row(count) * layout.tile_height


@pytest.mark.parametrize(
    ("size", "room", "columns", "rows"),
    [
        (TileSize.S, (79, 20), 7, 4),
        (TileSize.M, (79, 20), 4, 2),
        (TileSize.L, (79, 20), 3, 2),
        (TileSize.XL, (79, 20), 2, 1),
        (TileSize.XXL, (79, 20), 1, 1),
        (TileSize.M, (109, 42), 6, 6),
        (TileSize.M, (159, 46), 9, 5),
        (TileSize.XXL, (159, 46), 2, 1),
    ],
)
def test_usual_terminals(size: TileSize, room: tuple[int, int], columns: int, rows: int) -> None:
    layout = lay_out(size, room, CELL)
    assert (layout.columns, layout.rows) == (columns, rows)


def test_tall_cells_make_flat_tiles() -> None:
    def shape(layout: GridLayout, cell: tuple[int, int]) -> float:
        return layout.picture_rows * cell[1] / (layout.tile_width * cell[0])

    for cell in [(10, 20), (10, 28), (7, 9)]:
        assert 0.6 < shape(lay_out(TileSize.L, (160, 200), cell), cell) < 1.0


def test_sizes_stop_at_the_ends() -> None:
    assert [size.larger for size in TileSize] == [TileSize.M, TileSize.L, TileSize.XL, TileSize.XXL, TileSize.XXL]
    assert [size.smaller for size in TileSize] == [TileSize.S, TileSize.S, TileSize.M, TileSize.L, TileSize.XL]
