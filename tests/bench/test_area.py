"""Sizes on the command line."""

from __future__ import annotations

import pytest

from binscout_tui.bench.area import Area, parse_area
from binscout_tui.errors import UsageError


def test_a_size() -> None:
    area = parse_area("80x30", "9x18")
    assert area == Area(80, 30, 9, 18)
    assert area.pixels == (720, 540)


@pytest.mark.parametrize(
    "cells", ["", "80", "80x", "x30", "0x30", "80x0", "298x1", "80x30x2", "-8x3", "\uff180x30", "9e9x1"]
)
def test_what_is_no_size(cells: str) -> None:
    with pytest.raises(UsageError, match="--screen"):
        parse_area(cells, "10x20", "--screen")


@pytest.mark.parametrize("cell", ["10", "0x20", "10x65"])
def test_what_is_no_cell(cell: str) -> None:
    with pytest.raises(UsageError, match="--cell "):
        parse_area("80x30", cell)
