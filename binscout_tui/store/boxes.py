"""Boxes on a picture, as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from binscout_tui.errors import UsageError

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 between 0 and 1 of the upright picture."""


def checked_box(box: Sequence[float]) -> Box:
    """`box` as floats when `0 <= x1 < x2 <= 1` and the same for y, else UsageError."""
    if len(box) == 4:
        x1, y1, x2, y2 = (float(value) for value in box)
        if 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1:
            return x1, y1, x2, y2
    raise UsageError(
        "A box is x1,y1,x2,y2 between 0 and 1, with x1 < x2 and y1 < y2.",
        hint="For example 0.1,0.1,0.9,0.9",
        code="bad_box",
    )
