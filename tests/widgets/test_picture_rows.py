"""Rows of cells: what a terminal gets for them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.halfblock import Run, half_blocks
from binscout_tui.terminal.kitty import MARKS, image_ids
from binscout_tui.terminal.payload import Payload
from binscout_tui.widgets.picture_rows import framed, half_block_rows, placeholder_rows, printable, words


def console(colours: str = "truecolor") -> Console:
    return Console(color_system=colours, force_terminal=True)  # type: ignore[arg-type]


def rendered(strips: list[Strip], colours: str = "truecolor") -> list[str]:
    return [strip.render(console(colours)) for strip in strips]


def test_two_colours_are_a_half_block_and_one_is_a_blank() -> None:
    rows = [[Run(2, 0x010203, 0xFF00FF), Run(3, 0x0A0B0C, 0x0A0B0C)]]
    assert rendered(half_block_rows(rows)) == ["\x1b[38;2;1;2;3;48;2;255;0;255m▀▀\x1b[0m\x1b[48;2;10;11;12m   \x1b[0m"]


@given(st.integers(0, 2**32))
def test_the_codes_made_ahead_are_those_that_would_be_made_for_the_style(seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    for name, colours in (("truecolor", ColorSystem.TRUECOLOR), ("256", ColorSystem.EIGHT_BIT)):
        for strip in half_block_rows(half_blocks(pixels), colours):
            assert strip.cell_length == 6
            for segment in strip:
                assert segment.style is not None
                again = Style(color=segment.style.color, bgcolor=segment.style.bgcolor)
                assert Strip.render_style(segment.style, "x", colours) == Strip.render_style(again, "x", colours)
            assert ("48;2;" in rendered([strip], name)[0]) == (name == "truecolor")


def test_what_is_counted_is_what_is_written() -> None:
    """The budget of half blocks counts colour numbers of three digits: never less than what is written."""
    pixels = np.random.default_rng(5).integers(100, 256, (40, 60, 3), dtype=np.uint8)
    for budget in (10_000, 20_000):
        text = "".join(rendered(half_block_rows(half_blocks(pixels, 4, budget))))
        assert len(text.encode()) <= budget


def test_every_placeholder_says_on_its_own_what_it_shows() -> None:
    number = next(image_ids(9))
    for row, text in enumerate(rendered(placeholder_rows(Payload(5, 3), number, Style(bgcolor="black")))):
        red, green, blue = (int(part) for part in re.findall(r"38;2;(\d+);(\d+);(\d+)", text)[0])
        for column, cell in enumerate(re.findall("\U0010eeee(.)(.)(.)", text)):
            assert [MARKS.index(mark) for mark in cell[:2]] == [row, column]
            assert MARKS.index(cell[2]) << 24 | red << 16 | green << 8 | blue == number
        assert text.count("\U0010eeee") == 5


def test_a_placeholder_is_one_cell_wide_also_when_cut() -> None:
    (strip,) = placeholder_rows(Payload(7, 1), next(image_ids(1)), Style())
    assert strip.cell_length == 7
    cut = framed(strip, 2, 12, Style()).crop(4, 8)
    assert [MARKS.index(cell) for cell in re.findall("\U0010eeee.(.).", cut.text)] == [2, 3, 4, 5]


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\nb", "\u202ename", "\x9b2J"])
def test_names_cannot_write_to_the_terminal(text: str) -> None:
    assert not any(ord(character) < 32 or character in "\u202e\x9b" for character in printable(text))
    (row,) = words([text], 20, 1, Style())
    assert row.cell_length == 20
