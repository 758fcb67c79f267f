"""Reading what terminals answer to queries, and keeping late answers away from the keyboard."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(rb"\x1bP>\|([^\x1b\x07]*)(?:\x1b\\|\x07|\x9c)")
_KITTY = re.compile(rb"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\")
_CELL = re.compile(rb"\x1b\[6;(\d+);(\d+)t")
_ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")

KITTY_QUERY_ID = 31
SIXEL_ATTRIBUTE = 4


@dataclass(frozen=True, slots=True)
class Answers:
    """What a terminal said of itself. `attributes` is None as long as the last answer (DA1) is missing."""

    version: str | None = None
    kitty: bool | None = None
    cell: tuple[int, int] | None = None
    attributes: frozenset[int] | None = None

    @property
    def sixel(self) -> bool:
        """The terminal says that it draws sixel pictures."""
        return self.attributes is not None and SIXEL_ATTRIBUTE in self.attributes


def read_answers(data: bytes) -> Answers:
    """The answers found in `data`, in whatever order and among whatever else; `cell` is (width, height) pixels."""
    version = _VERSION.search(data)
    kitty = _KITTY.search(data)
    cell = _CELL.search(data)
    attributes = _ATTRIBUTES.search(data)
    return Answers(
        version=version[1].decode("utf-8", "replace").strip() if version else None,
        kitty=kitty[2].startswith(b"OK") if kitty else None,
        cell=_sane_cell(int(cell[2][:6]), int(cell[1][:6])) if cell else None,
        attributes=frozenset(int(part[:6]) for part in attributes[1].split(b";") if part) if attributes else None,
    )


def _sane_cell(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if 2 <= width <= 200 and 4 <= height <= 400 else None


_WHOLE = re.compile(
    r"\x1bP>\|[^\x1b\x07\x9c]*(?:\x1b\\|\x07|\x9c)|\x1b_G[^\x1b]*\x1b\\|\x1b\[6;\d+;\d+t|\x1b\[\?[\d;]*c"
)
_PARTIAL = re.compile(
    r"\x1b(?:P(?:>(?:\|[^\x1b\x07\x9c]*\x1b?)?)?|_(?:G[^\x1b]*\x1b?)?|\[(?:6(?:;\d*){0,2}|\?[\d;]*)?)?\Z"
)
_LONGEST = 512


class AnswerFilter:
    """Takes answers out of what the keyboard sends, also where an answer comes in pieces.

    `feed` holds back what may be the beginning of an answer; `flush`, called when nothing came for a moment,
    gives it free, so that a pressed Escape is only delayed while answers are due.
    """

    def __init__(self) -> None:
        self.finished = False
        self._held = ""

    def feed(self, text: str) -> str:
        """`text` without answers. `finished` becomes true when the last of them (DA1) has come."""
        if self.finished:
            return text
        text = self._held + text
        self._held = ""
        for match in _WHOLE.finditer(text):
            if match[0].endswith("c") and match[0].startswith("\x1b[?"):
                self.finished = True
        text = _WHOLE.sub("", text)
        if not self.finished and (partial := _PARTIAL.search(text)) and len(partial[0]) < _LONGEST:
            self._held = partial[0]
            text = text[: partial.start()]
        return text

    def flush(self) -> str:
        """What was held back and turned out to be no answer; the beginning of a long answer stays held."""
        if self._held.startswith(("\x1bP>|", "\x1b_G", "\x1b[?", "\x1b[6;")):
            return ""
        held, self._held = self._held, ""
        return held
