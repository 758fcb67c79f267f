"""Textual's line filter for the 16 named colours, kept from working on cells that have none."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter


class SparingFilter(LineFilter):
    """Does what `real` does, only where it would change something.

    A page of half blocks has thousands of cells, each in colours of its own: `real` would look every one of them up
    in a cache that holds a thousand, which takes as long as all the rest of a frame.
    """

    def __init__(self, real: ANSIToTruecolor) -> None:
        super().__init__(enabled=real.enabled)
        self._real = real

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """`segments` in true colours; the very same list where they are already."""
        if all(is_final(segment.style) for segment in segments):
            return segments
        return self._real.apply(segments, background)


def is_final(style: Style | None) -> bool:
    """Whether a terminal shows a style as it is meant without knowing the theme."""
    if style is None:
        return True
    front, behind = style.color, style.bgcolor
    return (
        (front is None or front.triplet is not None)
        and (behind is None or behind.triplet is not None)
        and not style.dim
    )
