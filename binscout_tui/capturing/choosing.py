"""Choosing one thing from a long list by typing, or by a scanner that types a code and Enter. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from binscout_tui.labelling.finding import Finder


@dataclass(frozen=True, slots=True)
class Option:
    """One thing of the list: `code` is what stands on its label, `text` and `hint` are shown and searched."""

    key: int
    code: str
    text: str = ""
    hint: str = ""

    @property
    def searched(self) -> str:
        """What typed letters are looked for in."""
        return " ".join(part for part in (self.code, self.text, self.hint) if part)


@dataclass(frozen=True, slots=True)
class Picked:
    """What was chosen; `key` is None for a new thing called `text`."""

    key: int | None
    text: str


class Choosing:
    """What is typed, what matches, and what Enter means.

    Enter takes what has exactly the typed code, and what an arrow has marked. Of all else it takes nothing at first:
    it marks the best match and asks, so that a code which nobody knows never becomes the code next to it. Where nothing
    begins with what was typed, it marks what makes a new thing instead.
    """

    def __init__(self, options: Sequence[Option] = (), *, makes: str = "") -> None:
        self.makes = makes
        self.text = ""
        self.row = -1
        self.asks = False
        self.matches: list[Option] = []
        self._options: Sequence[Option] = ()
        self.give(options)

    def give(self, options: Sequence[Option]) -> None:
        """The list is there; what was typed meanwhile holds for it."""
        self._options = options
        self._codes = {_plain(option.code): option for option in reversed(options)}
        self._finder = Finder([option.searched for option in options])
        self.type(self.text)

    @property
    def offers_new(self) -> bool:
        """Whether a new thing of this name can be made: none has it."""
        return bool(self.makes) and bool(self.text.strip()) and self._exact() is None

    @property
    def rows(self) -> int:
        """How many rows can be marked."""
        return len(self.matches) + self.offers_new

    def type(self, text: str) -> None:
        """`text` is what stands on the line now."""
        self.text, self.row, self.asks = text, -1, False
        exact = self._exact()
        found = [self._options[position] for position in self._finder.find(text)]
        if exact is not None:
            found = [exact, *(option for option in found if option is not exact)]
            self.row = 0
        self.matches = found

    def move(self, by: int) -> None:
        """Mark another row; up from the first is the last, where a new thing is made."""
        if self.rows:
            self.row = self.rows - 1 if by < 0 and self.row <= 0 else min(max(0, self.row + by), self.rows - 1)
            self.asks = False

    def enter(self) -> Picked | None:
        """What Enter takes now, None when it marked what a second one takes, or there is nothing."""
        exact = self._exact()
        if exact is not None and self.row <= 0:
            return Picked(exact.key, exact.code)
        if self.row < 0 and self.text.strip() and self.rows:
            self.row, self.asks = self._meant(), True
            return None
        if self.row < 0:
            return None
        if self.row < len(self.matches):
            return Picked(self.matches[self.row].key, self.matches[self.row].code)
        return self._new()

    def _meant(self) -> int:
        """The row that Enter marks: the best match, or the new thing where only scattered letters match."""
        typed = " " + _plain(self.text)
        begins = any(typed in " " + _plain(option.searched) for option in self.matches)
        return len(self.matches) if self.offers_new and not begins else 0

    def _new(self) -> Picked | None:
        if not self.asks:
            self.asks = True
            return None
        return Picked(None, unicodedata.normalize("NFC", self.text).strip())

    def _exact(self) -> Option | None:
        return self._codes.get(_plain(self.text)) if self.text.strip() else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
