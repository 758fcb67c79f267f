"""Rows of cells for pictures: half blocks, kitty placeholders, and the words shown instead of a picture. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich.color import Color, ColorSystem, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.halfblock import UPPER_HALF, Run
from binscout_tui.terminal.kitty import id_colour, id_top, placeholder_row
from binscout_tui.terminal.payload import Payload

_Colours = dict[int, tuple[Color, str]]
_NUMBERS = tuple(str(number) for number in range(256))
_as_is = tuple.__new__


def _colour(packed: int, known: _Colours) -> tuple[Color, str]:
    """The colour, and its parameters in a colour sequence."""
    found = known.get(packed)
    if found is None:
        found = known[packed] = _new_colour(packed)
    return found


def _new_colour(packed: int) -> tuple[Color, str]:
    # A picture has thousands of them: made the usual way, with names, they take longer than all the rest.
    red, green, blue = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF
    colour = _as_is(Color, ("", ColorType.TRUECOLOR, None, _as_is(ColorTriplet, (red, green, blue))))
    return colour, f"{_NUMBERS[red]};{_NUMBERS[green]};{_NUMBERS[blue]}"


def _cell_segment(run: Run, colours: ColorSystem, known: _Colours) -> Segment:
    """The cells of a run; their colour sequence is made here, on a thread, and not when the frame is written."""
    length, top, bottom = run
    ground, ground_codes = _colour(bottom, known)
    if top == bottom:
        text, style, codes = " " * length, Style.from_color(None, ground), f"48;2;{ground_codes}"
    else:
        colour, colour_codes = _colour(top, known)
        text, style = UPPER_HALF * length, Style.from_color(colour, ground)
        codes = f"38;2;{colour_codes};48;2;{ground_codes}"
    style._ansi = codes if colours is ColorSystem.TRUECOLOR else Strip.render_ansi(style, colours)
    return Segment(text, style)


def half_block_rows(rows: Iterable[Sequence[Run]], colours: ColorSystem = ColorSystem.TRUECOLOR) -> list[Strip]:
    """Strips for rows of half blocks, for a console of these colours."""
    # Kept for one picture only: colours that outlived theirs would scatter over memory and hold it.
    known: _Colours = {}
    return [Strip([_cell_segment(run, colours, known) for run in row], sum(run.length for run in row)) for row in rows]


def placeholder_rows(payload: Payload, image_id: int, background: Style) -> list[Strip]:
    """Strips that show the kitty picture `image_id`."""
    style = background + Style(color=_new_colour(id_colour(image_id))[0])
    top = id_top(image_id)
    return [
        Strip([Segment(placeholder_row(row, payload.columns, top), style)], payload.columns)
        for row in range(payload.rows)
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
