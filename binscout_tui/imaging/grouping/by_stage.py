"""Stages of one picture, told by names such as `20250101_120000_stage2_upscaled.png`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from .candidates import Candidate, in_order, natural
from .report import ANY_SIZE, Bounds, Grouping, Left

STAGES = (1.0, 1.5, 2.0, 3.0)
_STAGE = re.compile(r"(?:\A|[^A-Za-z0-9])stage[ _-]?([0-9]{1,4}(?:\.[0-9]{1,4})?)(?![0-9])(?=[^A-Za-z0-9]|\Z)", re.I)
_MOMENT = re.compile(r"(?<![0-9])([0-9]{8})[_-]([0-9]{6})(?![0-9])")


@dataclass(frozen=True, slots=True)
class Staged:
    """What a name says: `subject` is what stands before the stage without the moment, `moment_ms` the moment."""

    stage: float
    subject: str
    moment_ms: int | None


def read_stage(name: str) -> Staged | None:
    """What the name says of its stage, None when it names none."""
    match = _STAGE.search(name)
    if match is None:
        return None
    before = name[: match.start()]
    moment = _MOMENT.search(before)
    moment_ms = _milliseconds(moment[1] + moment[2]) if moment else None
    if moment is not None and moment_ms is not None:
        before = before[: moment.start()] + before[moment.end() :]
    return Staged(float(match[1]), before.strip(" _-"), moment_ms)


def by_stage(candidates: Iterable[Candidate], bounds: Bounds = ANY_SIZE, *, gap_ms: int | None = None) -> Grouping:
    """A set is one rising run of known stages of one subject in one folder.

    Names are put in order by the moment in them, where they have one, then by stage. The next picture joins the run
    when its stage is higher than the last one's; the same or a lower stage begins a new run, and so does a moment
    more than `gap_ms` later, where that is asked for. An image that is in a set ends a run and never joins.
    """
    found = Grouping()
    staged: list[tuple[Staged, Candidate]] = []
    for one in found.once(in_order(candidates)):
        read = read_stage(one.name)
        if read is not None and read.stage in STAGES:
            staged.append((read, one))
        else:
            _leave(found, one, read)
    staged.sort(key=_order)
    for (_, subject, _), here in groupby(staged, key=_stream):
        for run in _runs(list(here), gap_ms):
            free = found.free(one for _, one in run)
            if free:
                name = subject or free[0].name
                found.take(name, free, bounds, of="in this run of rising stages")
    return found


def _leave(found: Grouping, one: Candidate, read: Staged | None) -> None:
    free = found.free([one])
    if read is None:
        found.leave(free, Left.NO_STAGE, "The name says no stage.")
    else:
        known = ", ".join(f"{stage:g}" for stage in STAGES)
        found.leave(free, Left.UNKNOWN_STAGE, f"Stage {read.stage:g} is unknown; known are {known}.")


def _stream(entry: tuple[Staged, Candidate]) -> tuple[str, str, bool]:
    staged, one = entry
    return one.folder, staged.subject, staged.moment_ms is not None


def _order(entry: tuple[Staged, Candidate]) -> tuple[object, ...]:
    staged, one = entry
    return (*_stream(entry), staged.moment_ms or 0, staged.stage, natural(one.name), one.key)


def _runs(entries: Sequence[tuple[Staged, Candidate]], gap_ms: int | None) -> Iterator[list[tuple[Staged, Candidate]]]:
    run: list[tuple[Staged, Candidate]] = []
    for entry in entries:
        if run and not _goes_on(run[-1], entry, gap_ms):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _goes_on(last: tuple[Staged, Candidate], entry: tuple[Staged, Candidate], gap_ms: int | None) -> bool:
    if last[1].in_set or entry[1].in_set or entry[0].stage <= last[0].stage:
        return False
    if gap_ms is None or last[0].moment_ms is None or entry[0].moment_ms is None:
        return True
    return entry[0].moment_ms - last[0].moment_ms <= gap_ms


def _milliseconds(digits: str) -> int | None:
    try:
        return int(datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
