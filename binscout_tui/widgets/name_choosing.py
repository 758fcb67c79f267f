"""Choosing a name by typing, where some of the names hold what is marked already. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from binscout_tui.labelling.finding import Finder, begins


@dataclass(frozen=True, slots=True)
class Choice:
    """A name that exists: how many images it has, and how many of those that are meant are among them."""

    id: int
    name: str
    images: int
    held: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be done: put the images under a name, an existing one or a new one (`id` None), or `take` them out."""

    id: int | None
    name: str
    take: bool = False


class NameChoosing:
    """What is typed, what matches, and what Enter would do with `asked` images.

    On an empty line nothing is marked before an arrow marks it, so that a second Enter does nothing by itself. A name
    that holds all of them is left only where an arrow marked it or its whole name is typed.
    """

    def __init__(self, asked: int) -> None:
        self.asked = asked
        self.text = ""
        self.row = -1
        self.has_moved = False
        self.matches: list[Choice] = []
        self._choices: list[Choice] = []
        self._finder = Finder([])

    def give(self, choices: Sequence[Choice]) -> None:
        """The names are there: those that hold some of the images come first."""
        self._choices = sorted(choices, key=lambda one: (not one.held, one.name.casefold()))
        self._finder = Finder([one.name for one in self._choices])
        self.type(self.text)

    @property
    def new_name(self) -> str:
        """The name that could be made: what is typed, where no name is that."""
        return "" if any(map(self._is_named, self._choices)) else self._name

    @property
    def _name(self) -> str:
        return unicodedata.normalize("NFC", self.text).strip()

    def _is_named(self, one: Choice) -> bool:
        return one.name.casefold() == self._name.casefold()

    @property
    def rows(self) -> int:
        """How many rows can be marked; a new name is the last."""
        return len(self.matches) + bool(self.new_name)

    def type(self, text: str) -> None:
        """`text` stands on the line."""
        self.text = text
        self.matches = [self._choices[position] for position in self._finder.find(text)]
        self.has_moved = False
        self.row = self._meant if self._name else -1

    @property
    def _meant(self) -> int:
        """The row of what is typed: the very name, else one that begins with it, else the new one."""
        named = next((row for row, one in enumerate(self.matches) if self._is_named(one)), None)
        if named is not None:
            return named
        return 0 if self.matches and begins(self.text, self.matches[0].name) else len(self.matches)

    def move(self, by: int) -> None:
        """Mark another row."""
        if self.rows:
            self.has_moved = True
            self.row = self.rows - 1 if by < 0 and self.row < 0 else min(max(0, self.row + by), self.rows - 1)

    def enter(self) -> Chosen | None:
        """What Enter does, None for nothing."""
        if not 0 <= self.row < self.rows:
            return None
        if self.row == len(self.matches):
            return Chosen(None, self.new_name)
        one = self.matches[self.row]
        if self.is_in_it:
            return None
        return Chosen(one.id, one.name, take=one.held >= self.asked)

    @property
    def is_in_it(self) -> bool:
        """Whether all are under the marked name already and nobody said that they are to leave it."""
        if self.has_moved or not 0 <= self.row < len(self.matches):
            return False
        one = self.matches[self.row]
        return one.held >= self.asked and not self._is_named(one)
