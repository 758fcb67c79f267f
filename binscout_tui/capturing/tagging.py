"""Choosing tags for images: what is typed, what is marked, and what would change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from binscout_tui.labelling.finding import Finder, begins
from binscout_tui.store.named import Name, folded

State = Literal["all", "some", "none"]
SEPARATOR = ","
_NEXT: dict[State, tuple[State, ...]] = {
    "all": ("all", "none"),
    "none": ("none", "all"),
    "some": ("some", "all", "none"),
}
"""From what the images have at first to what a tag is turned to, one after the other."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """What was chosen: tags to put on the images and to take from them, and names of new ones to put."""

    put: tuple[int, ...] = ()
    take: tuple[int, ...] = ()
    new: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.put or self.take or self.new)


@dataclass(frozen=True, slots=True)
class Choice:
    """A tag in the list; `id` is None for one that is new."""

    id: int | None
    name: str
    colour: str | None = None
    images: int = 0
    before: State = "none"


class TagChoosing:
    """The tags in use, those of last time first, with what the images have of them.

    The part behind the last comma finds; what stands before it is meant as it is written.
    """

    def __init__(self) -> None:
        self.text = ""
        self.row = 0
        self.has_moved = False
        self.matches: list[Choice] = []
        self._choices: list[Choice] = []
        self._turned: dict[str, State] = {}
        self._finder = Finder([])

    def give(self, tags: Sequence[Name], shared: Mapping[int, int], images: int, recent: Sequence[int] = ()) -> None:
        """The tags in use, how many of the `images` have each, and the ids of those used last, the newest first."""
        rank = {name_id: place for place, name_id in enumerate(recent)}
        ordered = sorted(tags, key=lambda one: rank.get(one.id, len(rank)))
        self._choices = [
            Choice(one.id, one.name, one.colour, one.images, _before(shared.get(one.id, 0), images)) for one in ordered
        ]
        self._index()

    def type(self, text: str) -> None:
        """`text` is what stands on the line now."""
        if text != self.text:
            self.text, self.row, self.has_moved = text, 0, False
            self._match()

    @property
    def offers_new(self) -> bool:
        """Whether what is typed last could be a new tag: none in the list has the name."""
        return bool(self._last) and all(folded(one.name) != folded(self._last) for one in self._choices)

    @property
    def new_name(self) -> str:
        """The name that a new tag would have."""
        return self._last

    @property
    def written(self) -> list[tuple[str, bool]]:
        """(name, whether it would be new) of what is written out before the last comma."""
        known = {folded(one.name) for one in self._choices}
        return [(part, folded(part) not in known) for part in self._parts[:-1] if part]

    @property
    def rows(self) -> int:
        """How many rows can be marked; the last one makes a new tag where that is offered."""
        return len(self.matches) + self.offers_new

    @property
    def is_on_new(self) -> bool:
        """Whether the row that makes a new tag is marked."""
        return self.offers_new and self.row == len(self.matches)

    def move(self, by: int) -> None:
        """Mark another row, stopping at the ends."""
        if self.rows:
            self.row, self.has_moved = min(max(0, self.row + by), self.rows - 1), True

    def state(self, one: Choice) -> State:
        """What the images would have of a tag."""
        return self._turned.get(folded(one.name), one.before)

    def toggle(self) -> bool:
        """Turn the marked tag, after what stands before it on the line; False where there is none."""
        if not self.rows:
            return False
        for name in self._parts[:-1]:
            self._put(name)
        if self.is_on_new:
            self._put(self._last)
        else:
            self._turn(self.matches[self.row])
        self._index()
        return True

    def finish(self) -> Tagging:
        """What Enter means: what was turned; the marked tag too where something is typed or nothing was turned."""
        if self._last or not (self._turned or self.text):
            self.toggle()
        else:
            for name in self._parts:
                self._put(name)
        put: list[int] = []
        take: list[int] = []
        new: list[str] = []
        for one in self._choices:
            wanted = self.state(one)
            if wanted == one.before:
                continue
            if one.id is None:
                new.append(one.name)
            else:
                (put if wanted == "all" else take).append(one.id)
        return Tagging(tuple(put), tuple(take), tuple(new))

    @property
    def _parts(self) -> list[str]:
        return [part.strip() for part in self.text.split(SEPARATOR)]

    @property
    def _last(self) -> str:
        return self._parts[-1]

    def _put(self, name: str) -> None:
        """What was written out is meant as it is, never something that resembles it."""
        if not name:
            return
        known = next((one for one in self._choices if folded(one.name) == folded(name)), None)
        if known is None:
            known = Choice(None, name)
            self._choices.insert(0, known)
        self._turned[folded(known.name)] = "all"

    def _turn(self, one: Choice) -> None:
        ways = _NEXT[one.before]
        self._turned[folded(one.name)] = ways[(ways.index(self.state(one)) + 1) % len(ways)]

    def _index(self) -> None:
        self._finder = Finder([one.name for one in self._choices])
        self._match()

    def _match(self) -> None:
        self.matches = [self._choices[place] for place in self._finder.find(self._last)]
        if self._last and not self.has_moved:
            is_meant = bool(self.matches) and begins(self._last, self.matches[0].name)
            self.row = 0 if is_meant else len(self.matches) * self.offers_new
        self.row = min(self.row, max(0, self.rows - 1))


def _before(having: int, images: int) -> State:
    return "none" if not having else "all" if having >= images else "some"


def used_last(tagging: Tagging, made: Iterable[int], before: Sequence[int], most: int = 50) -> list[int]:
    """The ids of tags in the order of their last use, the newest first."""
    used = [*made, *tagging.put]
    return [*used, *(one for one in before if one not in used)][:most]
