"""Finding a class by a few letters of its name. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def find_classes(text: str, names: Sequence[str]) -> list[str]:
    """The names that hold the letters of `text` in order, best first; all of them for an empty text.

    Best is an equal name, then one that begins with the text, then a word of it that does, then the text somewhere
    inside, then scattered letters, closest together first. Equals keep the order of `names`.
    """
    return [names[position] for position in Finder(names).find(text)]


class Finder:
    """A list of names to find in again and again, at every letter that is typed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._plain = [_plain(name) for name in names]

    def find(self, text: str) -> list[int]:
        """The positions of the names that hold the letters of `text` in order, ranked as in `find_classes`."""
        wanted = _plain(text)
        if not wanted:
            return list(range(len(self._plain)))
        ranked = [(rank, position) for position, name in enumerate(self._plain) if (rank := _rank(wanted, name))]
        return [position for _, position in sorted(ranked)]


def begins(text: str, name: str) -> bool:
    """Whether a name or a word of it begins with `text`; scattered letters in it are no reason to take it."""
    typed, whole = (unicodedata.normalize("NFC", one).strip().casefold() for one in (text, name))
    return any(word.startswith(typed) for word in (whole, *whole.split()))


def is_new(text: str, names: Sequence[str]) -> bool:
    """Whether `text` could be the name of a class that does not exist yet."""
    name = unicodedata.normalize("NFC", text).strip()
    return bool(name) and name not in names


def _rank(wanted: str, name: str) -> tuple[int, int] | None:
    if name == wanted:
        return 0, 0
    if name.startswith(wanted):
        return 1, len(name)
    if any(word.startswith(wanted) for word in name.replace("-", " ").replace("_", " ").split()):
        return 2, len(name)
    if wanted in name:
        return 3, name.index(wanted)
    span = _span(wanted.replace(" ", ""), name)
    return None if span is None else (4, span)


def _span(wanted: str, name: str) -> int | None:
    """How many characters of `name` lie between the first and the last matched letter, at the tightest."""
    best = None
    for first, letter in enumerate(name):
        if letter != wanted[0]:
            continue
        position = first
        for following in wanted[1:]:
            position = name.find(following, position + 1)
            if position < 0:
                return best
        span = position - first
        best = span if best is None else min(best, span)
    return best


def _plain(text: str) -> str:
    """Case and accents do not matter when one types in a hurry."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()
