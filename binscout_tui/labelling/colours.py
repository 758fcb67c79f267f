"""Colours for classes: a few by name that differ well and look the same in 256 colours, and any other. Pure."""

from __future__ import annotations

import re

PALETTE = {
    "red": "#ff5f5f",
    "orange": "#ff8700",
    "yellow": "#ffd700",
    "lime": "#afff00",
    "green": "#5fd75f",
    "teal": "#00af87",
    "cyan": "#00d7ff",
    "blue": "#5f87ff",
    "violet": "#af5fff",
    "magenta": "#ff5fd7",
    "pink": "#ffafd7",
    "brown": "#af875f",
    "grey": "#afafaf",
}
NONE = "none"
_DIGITS = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_NAMES = {colour: name for name, colour in PALETTE.items()}


def name_of(colour: str | None) -> str:
    """The name of a colour such as `#ff8700`, itself where it has none, and nothing for none."""
    return _NAMES.get(colour, colour) if colour else ""


def offers(text: str) -> list[tuple[str, str]]:
    """(name, colour) of what somebody may mean who typed `text`; no colour is the empty one."""
    typed = text.strip().casefold()
    found = [(name, colour) for name, colour in {NONE: "", **PALETTE}.items() if name.startswith(typed)]
    digits = _DIGITS.fullmatch(typed)
    if digits is None:
        return found
    six = digits[1] if len(digits[1]) == 6 else "".join(digit * 2 for digit in digits[1])
    return [(name_of(f"#{six}"), f"#{six}"), *found]
