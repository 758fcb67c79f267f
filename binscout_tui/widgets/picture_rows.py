"""Rows of cells for pictures: half blocks, kitty placeholders, and the words shown instead of a picture. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.halfblock import UPPER_HALF, Run
from binscout_tui.terminal.kitty import id_colour, placeholder_row
from binscout_tui.terminal.payload import Payload


@lru_cache(maxsize=4096)
def _colour(packed: int) -> Color:
    return Color.from_triplet(ColorTriplet(packed >> 16, (packed >> 8) & 0xFF, packed & 0xFF))


@lru_cache(maxsize=32768)
def _cell_style(top: int, bottom: int) -> Style:
    return Style(color=_colour(top), bgcolor=_colour(bottom))


def half_block_rows(rows: Iterable[Sequence[Run]]) -> list[Strip]:
    """Strips for rows of half blocks."""
    return [
        Strip(
            [Segment(UPPER_HALF * run.length, _cell_style(run.top, run.bottom)) for run in row],
            sum(run.length for run in row),
        )
        for row in rows
    ]


def placeholder_rows(payload: Payload, image_id: int, background: Style) -> list[Strip]:
    """Strips that show the kitty picture `image_id`."""
    style = background + Style(color=_colour(id_colour(image_id)))
    return [
        Strip([Segment(placeholder_row(row, payload.columns), style)], payload.columns) for row in range(payload.rows)
    ]


def framed(strip: Strip, left: int, width: int, background: Style) -> Strip:
    """`strip` at column `left` of a row of `width` cells."""
    right = max(0, width - left - strip.cell_length)
    return Strip([Segment(" " * left, background), *strip, Segment(" " * right, background)], width)


def printable(text: str) -> str:
    """`text` without what could move the cursor or change colours: names come from outside."""
    return "".join(character if character.isprintable() else "�" for character in text)


def words(lines: Sequence[str], width: int, height: int, style: Style) -> list[Strip]:
    """`height` rows with `lines` wrapped and centred; the text is shown as it is, never as markup."""
    wrapped = [part for line in lines for part in textwrap.wrap(printable(line), max(1, width - 2)) or [""]][:height]
    top = (height - len(wrapped)) // 2
    rows = [Strip.blank(width, style)] * height
    for number, text in enumerate(wrapped):
        strip = Strip([Segment(text, style)])
        rows[top + number] = framed(strip, max(0, (width - strip.cell_length) // 2), width, style).crop(0, width)
    return rows


def caption_row(text: str, width: int, style: Style) -> Strip:
    """One row of text, cut to `width` cells."""
    return Strip([Segment(printable(text), style)]).adjust_cell_length(width, style)
