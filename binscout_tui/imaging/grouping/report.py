"""The answer of every rule: the sets, and each image that is in none with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .candidates import Candidate, Key

SMALLEST, LARGEST = 2, 9


class Left(StrEnum):
    """Why an image is in no new set. Stable, for scripts."""

    IN_SET = "in_set"
    SAME_PICTURE = "same_picture"
    SINGLE = "single"
    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    NO_TIME = "no_time"
    NO_STAGE = "no_stage"
    UNKNOWN_STAGE = "unknown_stage"
    NO_HASH = "no_hash"
    NO_PREVIEW = "no_preview"
    CROWD = "crowd"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One image that joined no set: `code` for scripts, `reason` one sentence for people."""

    candidate: Candidate
    code: Left
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """One set to be: at least two candidates in the order in which they are shown."""

    name: str
    members: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many images a set may have. Raises ValueError unless 2 <= smallest <= largest <= 9."""

    smallest: int = SMALLEST
    largest: int = LARGEST

    def __post_init__(self) -> None:
        if not SMALLEST <= self.smallest <= self.largest <= LARGEST:
            raise ValueError(f"a set has {SMALLEST} to {LARGEST} images, not {self.smallest} to {self.largest}")


ANY_SIZE = Bounds()


@dataclass(slots=True)
class Grouping:
    """Every candidate is in exactly one of `sets` or in `left_out`.

    `clocks` counts by which clock (`taken_at` or `mtime`) images were put in order, where time decided.
    """

    sets: list[Group] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    clocks: dict[str, int] = field(default_factory=dict)

    def leave(self, candidates: Iterable[Candidate], code: Left, reason: str) -> None:
        """Leave candidates out, all for the same reason."""
        self.left_out += [LeftOut(one, code, reason) for one in candidates]

    def take(self, name: str, members: Sequence[Candidate], bounds: Bounds, *, of: str, hint: str = "") -> None:
        """Make a set of `members`, or leave them out when they are too few or too many.

        `of` says what they have in common (`in this folder`), `hint` what could be done about too many.
        """
        count = len(members)
        if bounds.smallest <= count <= bounds.largest:
            self.sets.append(Group(name, tuple(members)))
        elif count > bounds.largest:
            self.leave(members, Left.TOO_MANY, f"{count} pictures {of}; a set has at most {bounds.largest}.{hint}")
        elif count == 1:
            self.leave(members, Left.SINGLE, f"The only picture {of}.")
        else:
            self.leave(members, Left.TOO_FEW, f"{count} pictures {of}; at least {bounds.smallest} are asked for.")

    def free(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates that are in no set; the others are left out here."""
        free = []
        for one in candidates:
            if one.in_set:
                self.leave([one], Left.IN_SET, "It is in a set already.")
            else:
                free.append(one)
        return free

    def once(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Each image once, with the first of its files; the others are left out here."""
        seen: set[int] = set()
        first: list[Candidate] = []
        for one in candidates:
            if one.image in seen:
                self.leave([one], Left.SAME_PICTURE, "The same picture is there under another name.")
            else:
                seen.add(one.image)
                first.append(one)
        return first

    def keys(self) -> tuple[list[tuple[Key, ...]], dict[Key, Left]]:
        """(the sets' keys, the codes of what was left out): what tests and measures compare."""
        left = {one.candidate.key: one.code for one in self.left_out}
        return [tuple(member.key for member in group.members) for group in self.sets], left
