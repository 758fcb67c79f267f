"""The room in which everybody shows the same photo: character cells and their size in pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from binscout_tui.errors import UsageError

MOST_CELLS = 297
MOST_PIXELS = 64


@dataclass(frozen=True)
class Area:
    """`columns` x `rows` cells of `cell_width` x `cell_height` pixels."""

    columns: int
    rows: int
    cell_width: int = 10
    cell_height: int = 20

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.columns * self.cell_width, self.rows * self.cell_height


def parse_area(cells: str, cell: str, option: str = "--cells") -> Area:
    """The area that `80x30` cells of `10x20` pixels are. Raises UsageError, naming the option, for anything else."""
    columns, rows = _pair(cells, MOST_CELLS, option, "columns x rows", "80x30")
    width, height = _pair(cell, MOST_PIXELS, "--cell", "width x height in pixels", "10x20")
    return Area(columns, rows, width, height)


def _pair(text: str, most: int, option: str, meaning: str, example: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text, re.ASCII)
    first, second = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= first <= most and 1 <= second <= most):
        raise UsageError(
            f"{option} {text!r} is no size: {meaning}, each from 1 to {most}.",
            hint=f"For example {option} {example}.",
            code="bad_size",
        )
    return first, second
