"""Images under the names that are told of them, those that are sure apart from those that are not. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from binscout_tui.operations.by_name import names
from binscout_tui.operations.by_name.names import Found, Items, Source, Told

MOST_NEAR = 10_000
"""Names among which nearly equal ones are looked for."""
SHORTEST = 4
"""Letters of a name that another one can be nearly equal to."""
ROW = 2
"""Images of a row of files that a file's name is taken for a name for."""
EXAMPLES = 3


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A name, the images of which it is told, how many of them each source tells it of, and names of some files.

    `doubt` is why a person has to look first, empty where nothing speaks against the name.
    """

    name: str
    images: tuple[int, ...]
    sources: Mapping[Source, int]
    examples: tuple[str, ...]
    doubt: str = ""

    @property
    def key(self) -> str:
        """What tells it from all other groups."""
        return names.folded(self.name)


class Grouping:
    """Takes images one by one and answers the groups."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._images: defaultdict[str, dict[int, None]] = defaultdict(dict)
        self._spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._sources: defaultdict[str, Counter[Source]] = defaultdict(Counter)
        self._examples: defaultdict[str, list[str]] = defaultdict(list)
        self._means: dict[str, str] = {}

    def take(self, told: Told) -> None:
        """One more image."""
        items, open_ = names.of_items(self._items, (told.file, told.title, told.prompt))
        found = [*names.of_people(told.people), *names.of_prompt(told.prompt), *items]
        if not items:
            found += names.of_file(told.file)
        for one in dict.fromkeys(found):
            self._note(told, one)
        for several in open_:
            name = " or ".join(sorted(several))
            self._means[names.folded(name)] = "The same name stands for more than one item."
            self._note(told, Found(name, "item"))

    def _note(self, told: Told, one: Found) -> None:
        if len(one.name) > names.LONGEST:
            return
        key = names.folded(one.name)
        if told.id not in self._images[key] and len(self._examples[key]) < EXAMPLES:
            self._examples[key].append(told.file)
        self._images[key][told.id] = None
        self._spellings[key][one.name] += 1
        self._sources[key][one.source] += 1

    def groups(self) -> list[Group]:
        """Those that are sure first, the larger ones first."""
        kept = [key for key in self._images if not self._is_alone(key)]
        near = _nearly_equal(kept)
        made = [
            Group(
                name=_usual(self._spellings[key]),
                images=tuple(sorted(self._images[key])),
                sources=dict(self._sources[key]),
                examples=tuple(self._examples[key]),
                doubt=self._doubt(key, near),
            )
            for key in kept
        ]
        return sorted(made, key=lambda one: (bool(one.doubt), -len(one.images), one.key))

    def _is_alone(self, key: str) -> bool:
        return set(self._sources[key]) == {"file"} and len(self._images[key]) < ROW

    def _doubt(self, key: str, near: Mapping[str, str]) -> str:
        if key in self._means:
            return self._means[key]
        return f"It is nearly {_usual(self._spellings[near[key]])}." if key in near else ""


def _usual(spellings: Counter[str]) -> str:
    """How most images write it; of equals the one that comes first in the alphabet, so that it is always the same."""
    return min(spellings, key=lambda name: (-spellings[name], name))


def _nearly_equal(keys: Iterable[str]) -> dict[str, str]:
    """{name: one that differs from it by a letter}; names with other numbers are names of other things."""
    by_numbers: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_numbers["".join(letter for letter in key if letter.isdigit())].append(key)
    found: dict[str, str] = {}
    for same in by_numbers.values():
        if len(same) <= MOST_NEAR:
            for one, other in _by_a_letter(same):
                found.setdefault(one, other)
                found.setdefault(other, one)
    return found


def _by_a_letter(keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(One, another) that is made of it by changing a letter or putting one in, for names of four letters or more.

    Names from which a letter is left out tell both, so that no two names are compared letter by letter.
    """
    known = frozenset(keys)
    first: dict[tuple[int, str], str] = {}
    for key in keys:
        for place in range(len(key)):
            rest = key[:place] + key[place + 1 :]
            if len(rest) >= SHORTEST and rest in known:
                yield rest, key
            if len(key) >= SHORTEST and (other := first.setdefault((place, rest), key)) != key:
                yield other, key
