"""What was found out about the terminal: the value that the rest of the program holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from binscout_tui.terminal.tmux import TmuxClient

DEFAULT_CELL = (10, 20)
SAFE_SIXEL = (1000, 1000)
"""Pixels; of a larger picture xterm shows nothing at all, unless its resource maxGraphicSize says otherwise."""


class Protocol(StrEnum):
    """How pictures reach the screen."""

    KITTY = "kitty"
    SIXEL = "sixel"
    HALFBLOCK = "halfblock"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TerminalGraphics:
    """What the terminal can show, and why that was decided.

    `cell_width` and `cell_height` are pixels. `truecolor` says that 24-bit colours are sure although
    COLORTERM may not say so. `answers_due` says that queries were sent and not all of them answered:
    what arrives later on the keyboard must not be read as keys. `forced` says that a person chose the protocol,
    so nothing that is found out later changes it. `tmux_sixel` says that this tmux itself can draw sixel pictures,
    `clients` which terminals around it were looked at. `sixel_size` is the largest sixel picture (width, height) in
    pixels, None without a limit. `remote` says that the terminal is at the other end of an SSH connection.
    `answered_s` is how long the last answer took, None without. `warning` is a sentence for the person, empty where
    nothing is wrong.
    """

    protocol: Protocol
    cell_width: int = DEFAULT_CELL[0]
    cell_height: int = DEFAULT_CELL[1]
    why: str = ""
    tmux: bool = False
    terminal: str = ""
    truecolor: bool = False
    answers_due: bool = False
    forced: bool = False
    tmux_sixel: bool = False
    clients: frozenset[TmuxClient] = frozenset()
    sixel_size: tuple[int, int] | None = SAFE_SIXEL
    remote: bool = False
    answered_s: float | None = None
    warning: str = ""

    @property
    def cell(self) -> tuple[int, int]:
        """(width, height) of a character cell in pixels."""
        return self.cell_width, self.cell_height

    def environment(self) -> dict[str, str]:
        """Variables to set before the app starts: kitty placeholders carry the picture's id as a 24-bit colour."""
        return {"COLORTERM": "truecolor"} if self.truecolor else {}


HALF_BLOCKS = TerminalGraphics(Protocol.HALFBLOCK, why="nothing was asked of the terminal")
