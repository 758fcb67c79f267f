"""What a filter says, as a tree. Trees are equal when they mean the same words; where a word stood does not count."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Place: TypeAlias = tuple[int, int]
"""Where something stands in the text: its first character, from 0, and the one after its last."""


@dataclass(frozen=True)
class Is:
    """A name or a text; `word` when it is one of the field's own words, such as the `none` of `label:none`."""

    text: str
    word: bool = False
    place: Place = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Span:
    """Numbers, or days as `YYYY-MM-DD`, between two ends. An end that is None is open.

    The ends belong to it unless said otherwise; the upper end of days is always the day after the last.
    """

    low: float | str | None = None
    high: float | str | None = None
    without_low: bool = False
    without_high: bool = False
    place: Place = dataclasses.field(default=(0, 0), compare=False)


Test: TypeAlias = Is | Span


@dataclass(frozen=True)
class Condition:
    """A field that is one of several things; with no tests it stands alone, as `dup` does."""

    field: str
    tests: tuple[Test, ...] = ()
    place: Place = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class All:
    """Everything in it holds; with nothing in it, it holds always."""

    parts: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Any:
    """At least one of them holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    part: Filter


Filter: TypeAlias = Condition | All | Any | Not
EVERYTHING = All()


def all_of(parts: Iterable[Filter]) -> Filter:
    """All of `parts`, with no `All` directly in another, nor around a single part."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, All) else (part,)))
    return flat[0] if len(flat) == 1 else All(flat)


def any_of(parts: Iterable[Filter]) -> Filter:
    """Any of `parts` (at least one), with no `Any` directly in another, nor around a single part."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, Any) else (part,)))
    return flat[0] if len(flat) == 1 else Any(flat)


def negated(part: Filter) -> Filter:
    """The opposite of `part`."""
    return part.part if isinstance(part, Not) else Not(part)


def conjuncts(wanted: Filter) -> tuple[Filter, ...]:
    """What must all hold."""
    return wanted.parts if isinstance(wanted, All) else (wanted,)
