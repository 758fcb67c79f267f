"""How large the details are beside the pictures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.browsing import panel
from binscout_tui.browsing.place import Place, from_kept
from binscout_tui.widgets.grid_layout import LEAST_WIDTH, TileSize, lay_out


@pytest.mark.parametrize(
    ("size", "room", "tile", "columns"),
    [
        ("off", 160, 16, 0),
        ("S", 80, 16, 24),
        ("M", 80, 16, 34),
        ("L", 80, 16, 44),
        ("L", 80, 37, 40),
        ("L", 160, 16, 64),
        ("M", 160, 60, 34),
        ("S", 30, 16, 15),
    ],
)
def test_columns_of_the_details(size: panel.Size, room: int, tile: int, columns: int) -> None:
    assert panel.columns(size, room, tile) == columns


@given(st.sampled_from(panel.SIZES), st.integers(20, 400), st.sampled_from(TileSize))
def test_two_columns_of_tiles_stay_or_half_of_the_room(size: panel.Size, room: int, tile: TileSize) -> None:
    left = room - panel.columns(size, room, LEAST_WIDTH[tile])
    assert left >= room // 2 or laid_out_columns(left, tile) >= 2


def laid_out_columns(width: int, tile: TileSize) -> int:
    """Columns of tiles in a grid of this width."""
    return lay_out(tile, (width - 1, 30), (8, 16)).columns


def test_one_key_goes_through_all_sizes() -> None:
    seen = ["off"]
    while (following := panel.following(seen[-1])) != "off":  # type: ignore[arg-type]
        seen.append(following)
    assert seen == ["off", "S", "M", "L"]


def test_who_never_chose_has_details_where_there_is_room() -> None:
    assert [panel.shown("", width) for width in (80, 119, 120)] == ["off", "off", "M"]
    assert panel.shown("off", 160) == "off"
    assert panel.shown("S", 80) == "S"


@pytest.mark.parametrize("bad", [None, "XXL", 5, ["S"], {}])
def test_a_kept_size_that_is_none_is_left_out(bad: object) -> None:
    found = from_kept({"panel": bad, "full_panel": bad})
    assert (found.panel, found.full_panel) == (Place().panel, Place().full_panel)
