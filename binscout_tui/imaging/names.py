"""Names and texts from outside, made fit for one line of a terminal."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_PLAIN_SPACES = frozenset(" \u3000")


def display_name(name: bytes | str | Path) -> str:
    r"""`name` with nothing left in it that moves a cursor, hides or reorders text.

    Control and format characters, odd blanks, bidirectional marks and bytes that are not UTF-8 become escapes
    (`\n`, `\x1b`, `\u202e`, `\xe9`), a backslash is doubled, so two different names never look the same.
    Markup characters such as `[` stay as they are: whoever shows the name must show it as plain text.
    """
    text = os.fsdecode(name) if not isinstance(name, str) else name
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_escape, text))


def one_line(text: str, limit: int = 200) -> str:
    """Foreign text (a library's message, metadata) as one safe line of at most `limit` characters."""
    line = display_name(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character in _PLAIN_SPACES or unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
