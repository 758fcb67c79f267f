"""Runs of pictures taken shortly after each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby

from .candidates import Candidate, in_order, natural
from .report import ANY_SIZE, Bounds, Grouping, Left

GAP_MS = 2000
HINT = " A smaller gap would part them."


def by_burst(
    candidates: Iterable[Candidate], bounds: Bounds = ANY_SIZE, *, gap_ms: int = GAP_MS, across: bool = False
) -> Grouping:
    """A set is a run of pictures of one folder and one camera with at most `gap_ms` from each to the next.

    The camera's times count; where all pictures of a folder and camera lack them, those of their files do. `across`
    lets a run cross folders and cameras. A run that is too long is left out whole, since nothing says where to cut
    it. An image that is in a set already ends the run before it and begins a new one after it.
    """
    found = Grouping()
    ordered = found.once(in_order(candidates))
    place = _everywhere if across else _place
    for _, here in groupby(sorted(ordered, key=lambda one: (place(one), one.key)), key=place):
        for run in _runs(_timed(list(here), found), gap_ms):
            free = found.free(one for _, one in run)
            if free:
                found.take(
                    _name(run[0][0]), free, bounds, of=f"of this moment ({gap_ms / 1000:g} s to the next)", hint=HINT
                )
    return found


Timed = tuple[int, Candidate]


def _everywhere(_: Candidate) -> tuple[str, str]:
    return "", ""


def _place(one: Candidate) -> tuple[str, str]:
    return one.folder, one.camera


def _timed(here: list[Candidate], found: Grouping) -> list[Timed]:
    """The pictures with their moment (ms) in order of time; those without one are left out."""
    has_clock = any(one.taken_ms is not None for one in here)
    clock: Callable[[Candidate], int | None] = (lambda one: one.taken_ms) if has_clock else (lambda one: one.mtime_ms)
    timed = []
    for one in here:
        moment = clock(one)
        if moment is not None:
            timed.append((moment, one))
        else:
            found.leave(found.free([one]), Left.NO_TIME, "The camera wrote no time, while others beside it have one.")
    used = "taken_at" if has_clock else "mtime"
    free = sum(not one.in_set for _, one in timed)
    if free:
        found.clocks[used] = found.clocks.get(used, 0) + free
    return sorted(timed, key=lambda entry: (entry[0], natural(entry[1].folder), natural(entry[1].name), entry[1].key))


def _name(moment_ms: int) -> str:
    try:
        return f"burst {datetime.fromtimestamp(moment_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # a file's time can be any number
        return "burst"


def _runs(timed: list[Timed], gap_ms: int) -> Iterator[list[Timed]]:
    run: list[Timed] = []
    for entry in timed:
        if run and (run[-1][1].in_set or entry[1].in_set or entry[0] - run[-1][0] > gap_ms):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run
