"""The terminals that tests can play: what they draw, and how they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SYNCHRONIZED = 2026
IN_BAND_RESIZE = 2048


@dataclass(frozen=True)
class Kind:
    """One terminal program, with the answers that it was seen to give.

    `version` is its answer to XTVERSION ("" for none), `attributes` to DA1, `secondary` to DA2, `modes` to DECRQM
    (1 set, 2 reset, 0 not known). `max_sixel` is the largest sixel picture in pixels: of a larger one xterm shows
    nothing at all. `tells_sizes`: it answers CSI 14, 16 and 18 t, which xterm does not unless it is configured to.
    """

    name: str
    version: str
    attributes: str
    secondary: str = "1;10;0"
    kitty_answers: bool = False
    placeholders: bool = False
    sixel: bool = False
    max_sixel: tuple[int, int] = (10_000, 10_000)
    tells_sizes: bool = True
    modes: Mapping[int, int] = field(default_factory=dict)
    answers: bool = True


KITTY = Kind(
    "kitty 0.41",
    "kitty(0.41.1)",
    "62;",
    "1;4000;41",
    kitty_answers=True,
    placeholders=True,
    modes={SYNCHRONIZED: 2, IN_BAND_RESIZE: 2},
)
OLD_KITTY = Kind("kitty 0.26", "kitty(0.26.5)", "62;", "1;4000;26", kitty_answers=True, modes={SYNCHRONIZED: 2})
XTERM = Kind(
    "xterm 379 as a VT340",
    "XTerm(379)",
    "63;1;2;4;6;9;15;16;22;28",
    "19;379;0",
    sixel=True,
    max_sixel=(1000, 1000),
    tells_sizes=False,
)
WEZTERM = Kind("WezTerm", "WezTerm 20240203-110809-5046fc22", "65;4;6;18;22", kitty_answers=True, sixel=True)
KONSOLE = Kind("Konsole", "Konsole 23.08.1", "62;1", kitty_answers=True)
PLAIN = Kind("a plain terminal", "", "62;22")
SILENT = Kind("a terminal that does not answer", "", "", answers=False)
