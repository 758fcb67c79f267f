"""What a played terminal answers when it is asked."""

from __future__ import annotations

from typing import Protocol

from tests.seeing.grid import Grid
from tests.seeing.kinds import Kind

MOST_COLOURS = 1024


class Asked(Protocol):
    """A terminal as the answers need it."""

    kind: Kind
    modes: set[int]

    @property
    def grid(self) -> Grid:
        """Its cells."""


def answer(terminal: Asked, question: str, number: int, action: int) -> str | None:
    """The answer to the CSI sequence that ends with `question`: "" for silence, None when it is no question."""
    kind, cursor = terminal.kind, terminal.grid.cursor
    answers = {
        "c": f"\x1b[?{kind.attributes}c",
        ">c": f"\x1b[>{kind.secondary}c",
        ">q": f"\x1bP>|{kind.version}\x1b\\" if kind.version else "",
        "?$p": f"\x1b[?{number};{_mode(terminal, number)}$y",
        "?u": "\x1b[?0u" if kind.kitty_answers else "",
        "?S": _graphics(terminal, number, action),
    }
    if question == "n" and number in (5, 6):
        column = min(cursor.x, terminal.grid.columns - 1)
        return f"\x1b[{cursor.y + 1};{column + 1}R" if number == 6 else "\x1b[0n"
    return _size(terminal, number) if question == "t" else answers.get(question)


def size_report(terminal: Asked) -> str:
    """What is reported on every resize where in-band reports are switched on."""
    (width, height), columns, rows = terminal.grid.cell, terminal.grid.columns, terminal.grid.lines
    return f"\x1b[48;{rows};{columns};{rows * height};{columns * width}t"


def _mode(terminal: Asked, number: int) -> int:
    state = terminal.kind.modes.get(number, 0)
    return 1 if state and number in terminal.modes else state


def _size(terminal: Asked, number: int) -> str | None:
    (width, height), columns, rows = terminal.grid.cell, terminal.grid.columns, terminal.grid.lines
    sizes = {14: (4, rows * height, columns * width), 16: (6, height, width), 18: (8, rows, columns)}
    if number not in sizes:
        return None
    return "\x1b[{};{};{}t".format(*sizes[number]) if terminal.kind.tells_sizes else ""


def _graphics(terminal: Asked, item: int, action: int) -> str:
    """XTSMGRAPHICS: item 1 is colours, 2 the size of sixel pictures; action 4 asks for the most of it."""
    kind, (width, height) = terminal.kind, terminal.grid.cell
    if not kind.sixel:
        return "" if kind.kitty_answers else f"\x1b[?{item};3S"
    if item == 1:
        return f"\x1b[?1;0;{MOST_COLOURS}S"
    most_wide, most_high = kind.max_sixel
    if action != 4:
        most_wide = min(most_wide, terminal.grid.columns * width)
        most_high = min(most_high, terminal.grid.lines * height)
    return f"\x1b[?{item};0;{most_wide};{most_high}S"
