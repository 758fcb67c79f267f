"""Candidates for tests, and the sets of an answer by their names."""

from __future__ import annotations

from collections.abc import Iterable

from binscout_tui.imaging.grouping.candidates import Candidate
from binscout_tui.imaging.grouping.report import Grouping


def candidate(number: int, name: str, folder: str = "/photos", **more: object) -> Candidate:
    """The image `number`, found as `name` in `folder`."""
    return Candidate(key=(number, f"{folder}/{name}"), name=name, folder=folder, **more)  # type: ignore[arg-type]


def named(names: Iterable[str], folder: str = "/photos") -> list[Candidate]:
    """One image a name, numbered in the order of the names."""
    return [candidate(number, name, folder) for number, name in enumerate(names, 1)]


def sets_of(found: Grouping) -> list[list[str]]:
    """The names in each set, in order."""
    return [[member.name for member in group.members] for group in found.sets]


def left_of(found: Grouping) -> dict[str, str]:
    """The code of everything that was left out, by name."""
    return {one.candidate.name: str(one.code) for one in found.left_out}
