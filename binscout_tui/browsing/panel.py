"""How large the details of an image are beside the pictures. Pure."""

from __future__ import annotations

from typing import Literal

Size = Literal["off", "S", "M", "L"]
SIZES: tuple[Size, ...] = ("off", "S", "M", "L")
COLUMNS = {"S": 24, "M": 34, "L": 52}
"""What each size would like to have."""
LARGE = 2 / 5
"""Of a wide screen the largest one takes so much."""
EDGES = 4
"""Cells around two columns of tiles: a gap at each side and between, and the scrollbar."""
WIDE = 120
"""From so many columns on there are details for whoever never asked."""


def shown(kept: str, width: int) -> Size:
    """The size beside the grid: the one that was chosen, else what suits a screen of `width` columns."""
    if kept in SIZES:
        return kept
    return "M" if width >= WIDE else "off"


def following(size: Size) -> Size:
    """What one key makes of it."""
    return SIZES[(SIZES.index(size) + 1) % len(SIZES)]


def columns(size: Size, room: int, tile: int) -> int:
    """Columns of the details where details and pictures have `room`, and a tile has at least `tile` cells.

    Two columns of tiles stay, and where those are so large that they leave too little, half of the room.
    """
    if size == "off":
        return 0
    wanted = max(COLUMNS[size], int(LARGE * room)) if size == "L" else COLUMNS[size]
    return max(0, min(wanted, max(room - 2 * tile - EDGES, room // 2)))
