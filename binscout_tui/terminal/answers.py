"""Reading what terminals answer to queries, and keeping late answers away from the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(rb"\x1bP>\|([^\x1b\x07]*)(?:\x1b\\|\x07|\x9c)")
_KITTY = re.compile(rb"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\")
_CELL = re.compile(rb"\x1b\[6;(\d+);(\d+)t")
_SIXEL_SIZE = re.compile(rb"\x1b\[\?2;0;(\d+);(\d+)S")
_ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")

KITTY_QUERY_ID = 31
SIXEL_ATTRIBUTE = 4
LEAST_SIXEL = 64
"""Pixels; a terminal that says that it draws only smaller pictures is not to be believed."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a terminal said of itself. `attributes` is None as long as the last answer (DA1) is missing.

    `sixel_size` is the largest sixel picture that it draws, (width, height) in pixels.
    """

    version: str | None = None
    kitty: bool | None = None
    cell: tuple[int, int] | None = None
    attributes: frozenset[int] | None = None
    sixel_size: tuple[int, int] | None = None

    @property
    def sixel(self) -> bool:
        """The terminal says that it draws sixel pictures."""
        return self.attributes is not None and SIXEL_ATTRIBUTE in self.attributes


def read_answers(data: bytes) -> Answers:
    """The answers found in `data`, in whatever order and among whatever else; `cell` is (width, height) pixels."""
    version = _VERSION.search(data)
    kitty = _KITTY.search(data)
    cell = _CELL.search(data)
    largest = _SIXEL_SIZE.search(data)
    attributes = _ATTRIBUTES.search(data)
    return Answers(
        version=printable(version[1].decode("utf-8", "replace")) if version else None,
        kitty=kitty[2].startswith(b"OK") if kitty else None,
        cell=_sane_cell(int(cell[2][:6]), int(cell[1][:6])) if cell else None,
        sixel_size=_sane_size(int(largest[1][:6]), int(largest[2][:6])) if largest else None,
        attributes=frozenset(int(part[:6]) for part in attributes[1].split(b";") if part) if attributes else None,
    )


def printable(name: str) -> str:
    """A name that came from outside, fit to be shown: no control characters, not long."""
    return "".join(character for character in name if character.isprintable()).strip()[:80]


def _sane_cell(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if 2 <= width <= 200 and 4 <= height <= 400 else None


def _sane_size(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if min(width, height) >= LEAST_SIXEL else None


_WHOLE = re.compile(
    r"\x1bP>\|[^\x1b\x07\x9c]*(?:\x1b\\|\x07|\x9c)|\x1b_G[^\x1b]*\x1b\\|\x1b\[6;\d+;\d+t|\x1b\[\?[\d;]*[cS]"
)
_PARTIAL = re.compile(
    r"\x1b(?:P(?:>(?:\|[^\x1b\x07\x9c]*\x1b?)?)?|_(?:G[^\x1b]*\x1b?)?|\[(?:6(?:;\d*){0,2}|\?[\d;]*)?)?\Z"
)
_BEGUN = ("\x1bP>|", "\x1b_G", "\x1b[?", "\x1b[6;")
"""What no key begins with."""
_LONGEST = 512
_KEPT = 4096


class AnswerFilter:
    """Takes answers out of what the keyboard sends, also where an answer comes in pieces.

    `feed` holds back what may be the beginning of an answer; `flush`, called when nothing came for a moment,
    gives it free, so that a pressed Escape is only delayed while answers are due. Once not `patient`, only what
    cannot be a key is held back, and that only until the next `flush`.
    """

    def __init__(self) -> None:
        self.patient = True
        self.taken = ""
        self._held = ""

    def feed(self, text: str) -> str:
        """`text` without answers, which are collected in `taken`."""
        text = self._held + text
        self._held = ""
        self._take(match[0] for match in _WHOLE.finditer(text))
        text = _WHOLE.sub("", text)
        partial = _PARTIAL.search(text)
        if partial and (self.patient or partial[0].startswith(_BEGUN)):
            self._held = _shortened(partial[0])
            text = text[: partial.start()]
        return text

    def flush(self) -> str:
        """What was held back and turned out to be no answer; while patient, a begun answer stays held."""
        held = self._held
        if held.startswith(_BEGUN):
            if not self.patient:
                self._held = ""
            return ""
        self._held = ""
        return held

    def _take(self, answers: Iterable[str]) -> None:
        for answer in answers:
            if len(self.taken) + len(answer) <= _KEPT:
                self.taken += answer


def _shortened(partial: str) -> str:
    """The beginning and the end of an answer that does not end: neither may become keys, nor may it grow for ever."""
    if len(partial) <= _LONGEST:
        return partial
    begun = next((begun for begun in _BEGUN if partial.startswith(begun)), "")
    return begun + partial[-1:] if begun else partial
