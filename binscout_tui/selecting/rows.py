"""How the pictures of a set lie side by side. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 9
FRAME = 2
"""Cells that a frame takes from its picture, each way."""


def columns(
    sizes: Sequence[tuple[int, int]], room: tuple[int, int] = (80, 21), cell: tuple[int, int] = (10, 20)
) -> int:
    """Pictures in a row so that pictures of `sizes` (width, height) are shown largest.

    `room` is (columns, rows) in cells for all of them with their frames, `cell` a cell's (width, height) in pixels.
    Of equally large ones the one that wastes the fewest places wins, then the one with the fewest rows.
    """
    count = max(1, len(sizes))
    return min(range(1, count + 1), key=lambda wide: _badness(wide, sizes, room, cell))


def rooms(wide: int, count: int, room: tuple[int, int]) -> list[tuple[int, int]]:
    """(columns, rows) in cells that each of `count` pictures gets inside its frame, `wide` of them in a row."""
    high = -(-max(1, count) // wide)
    across, down = _lengths(room[0], wide), _lengths(room[1], high)
    return [(max(0, across[i % wide] - FRAME), max(0, down[i // wide] - FRAME)) for i in range(count)]


def _lengths(total: int, parts: int) -> list[int]:
    """`total` cells in equal parts, as the grid deals them out."""
    return [(part + 1) * total // parts - part * total // parts for part in range(parts)]


def _badness(
    wide: int, sizes: Sequence[tuple[int, int]], room: tuple[int, int], cell: tuple[int, int]
) -> tuple[float, int, int]:
    """(minus the pixels that all pictures get together, empty places, rows)."""
    count = max(1, len(sizes))
    high = -(-count // wide)
    width = max(0, room[0] // wide - FRAME) * cell[0]
    height = max(0, room[1] // high - FRAME) * cell[1]
    shown = sum(w * h * min(width / max(1, w), height / max(1, h)) ** 2 for w, h in sizes)
    return -round(shown), wide * high - count, high
