"""Words and JSON from outside, bounded and without anything that is not text. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST = 2_000
"""Characters of one text that is kept."""
LONGEST_PROMPT = 40_000
MOST_JSON = 1 << 20
"""Characters of JSON that are read at all."""
MOST_ENTRIES = 100
DEEPEST = 6
_NUMBERS = re.compile(r"[\s.eE+-]*[0-9][\s0-9.eE+-]*")
_LEFT_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LINE_ENDS = frozenset({"Zl", "Zp"})


def clean(value: object, longest: int = LONGEST) -> str:
    """`value` as text of at most `longest` characters: lines stay, control and format characters go; "" for no text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    text = value[: 4 * longest].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_plain, text))
    return text.strip()[:longest].rstrip()


def line(value: object, longest: int = 200) -> str:
    """`clean` as one line."""
    return " ".join(clean(value, 4 * longest).split())[:longest].rstrip()


def scalar(value: object) -> str:
    """A number, a word or a truth as one line; "" for anything else."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return line(f"{value:g}" if isinstance(value, float) else f"{value}"[:30])
    return line(value)


def bounded(value: object, depth: int = DEEPEST) -> Any:
    """JSON that is not deep, long or wide; what is too deep or no JSON becomes None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else f"{float(value):g}" if abs(value) < 10**300 else None
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        return clean(value)
    if depth <= 0:
        return None
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MOST_ENTRIES]
        return {name: bounded(one, depth - 1) for key, one in pairs if (name := line(key))}
    if isinstance(value, list | tuple):
        return [bounded(one, depth - 1) for one in value[:MOST_ENTRIES]]
    return None


def from_json(text: object) -> Any:
    """What a JSON text says; None where it is none, or too long or deep to be read."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str) or len(text) > MOST_JSON:
        return None
    try:
        return json.loads(text, parse_constant=lambda word: None)
    except (ValueError, RecursionError):
        return None


def is_numbers(text: str) -> bool:
    """Whether a text holds nothing but numbers: a list of boxes, and no words about a picture."""
    return _NUMBERS.fullmatch(text) is not None


def words(value: object) -> list[str]:
    """A list of keywords: of a list, or of a text with commas or semicolons between them; each once."""
    if isinstance(value, str):
        value = value.replace(";", ",").split(",")
    if not isinstance(value, list | tuple):
        return []
    found = [line(one, 100) for one in value[:MOST_ENTRIES] if isinstance(one, str | bytes)]
    return list(dict.fromkeys(filter(None, found)))


def _plain(character: str) -> str:
    if character == "\n" or character.isprintable():
        return character
    kind = unicodedata.category(character)
    if kind in _LINE_ENDS:
        return "\n"
    return "" if kind in _LEFT_OUT else " "
