"""Stages in the names of files that are to be moved: which files are of one stage, and which are a set. Pure."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable

from binscout_tui.errors import UsageError
from binscout_tui.imaging.grouping.by_stage import Staged, by_stage, read_stage
from binscout_tui.imaging.grouping.candidates import Candidate

GAP_MS = 30 * 60_000


def parse_stage(text: str) -> float:
    """A stage as people write it (`2`, `1.5`, `stage2`). Raises UsageError."""
    found = read_stage(f"stage{text.lower().removeprefix('stage')}")
    if found is None:
        raise UsageError(f"{text!r} is no stage.", hint="Give a number such as 2 or 1.5.", code="stage")
    return found.stage


def runs(names: Iterable[str], gap_ms: int = GAP_MS) -> list[tuple[str, ...]]:
    """The staged names of one folder as sets, a name that is in none as one of its own.

    A set is a run of rising stages that ends where two moments in the names lie further apart than `gap_ms`. Names
    that say the same (`x_stage2.jpg`, `x_stage2.png`) stand together.
    """
    known: defaultdict[Staged, list[str]] = defaultdict(list)
    for name in sorted(names, key=os.fsencode):
        if (told := read_stage(name)) is not None:
            known[told].append(name)
    twins = {same[0]: tuple(same) for same in known.values()}
    candidates = [Candidate((number, name), name=name) for number, name in enumerate(twins)]
    found = [[member.name for member in one.members] for one in by_stage(candidates, gap_ms=gap_ms).sets]
    in_sets = {name for one in found for name in one}
    found += [[name] for name in twins if name not in in_sets]
    return sorted(tuple(name for first in one for name in twins[first]) for one in found)
