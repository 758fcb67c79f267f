"""Which runs stay: a pure rule over their own times, so that a clock that goes wrong deletes nothing.

Days, weeks and months are counted by runs that exist, never by today: of each of the newest weeks that have a good run
the last one stays, however long ago it was. `now` only says which runs lie in the future; those stay and count for
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from binscout_tui.wording import counted

AHEAD = timedelta(minutes=15)
"""A run may lie so far in the future and still count: clocks differ a little."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs stay: the last ones, and one for each of so many days, weeks and months."""

    keep_last: int = 3
    daily: int = 0
    weekly: int = 8
    monthly: int = 0

    def words(self) -> str:
        """The rules in words, for example `the last 3 and one for each of 8 weeks`."""
        spans = ((self.daily, "day"), (self.weekly, "week"), (self.monthly, "month"))
        each = [counted(number, name) for number, name in spans if number]
        return f"the last {max(1, self.keep_last)}" + (f" and one for each of {', '.join(each)}" if each else "")


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A committed run whose manifest can be read. `flaw` is why it is not good, "" when it is.

    `parent` is the run that it was built upon: it is newer than that, whatever the clocks said. Runs of one `owner`
    are counted by themselves; `machine` is where they were made, for people.
    """

    run: str
    at: datetime
    flaw: str = ""
    parent: str | None = None
    machine: str = ""
    owner: str = ""


class Kept(msgspec.Struct, frozen=True):
    """A run that stays, and the rules that keep it."""

    run: str
    rule: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What stays and what may go, newest first; `refused` says why nothing may go."""

    keep: list[Kept]
    drop: list[str]
    refused: str = ""


def choose(runs: Iterable[Candidate], rules: Rules, now: datetime) -> Choice:
    """Divide committed runs into those that stay and those that may go, for each owner by itself.

    Only good runs that do not lie in the future take a place. A run with a flaw stays where it would if it were good:
    nothing better may be left of that time. Where no run of an owner is good, all of it stay.
    """
    ordered = newest_first(list(runs))
    names = _names(ordered)
    choices = {owner: _choose([one for one in ordered if one.owner == owner], rules, now) for owner in names}
    rules_of = {
        kept.run: f"{names[owner]}: {kept.rule}" if len(names) > 1 else kept.rule
        for owner, choice in choices.items()
        for kept in choice.keep
    }
    refusals = [choice.refused for choice in choices.values()]
    return Choice(
        keep=[Kept(one.run, rules_of[one.run]) for one in ordered if one.run in rules_of],
        drop=[one.run for one in ordered if one.run not in rules_of],
        refused=refusals[0] if refusals and all(refusals) else "",
    )


def _names(newest_first: Iterable[Candidate]) -> dict[str, str]:
    """Each owner with what people call it: its last machine, where several are of one with what tells them apart."""
    machines: dict[str, str] = {}
    for one in newest_first:
        machines.setdefault(one.owner, one.machine)
    several = {name for name, number in Counter(machines.values()).items() if number > 1}
    return {owner: f"{name} ({owner})" if name in several else name for owner, name in machines.items()}


def _choose(ordered: Sequence[Candidate], rules: Rules, now: datetime) -> Choice:
    """`choose` for one owner, whose runs come newest first."""
    past = [one for one in ordered if one.at <= now + AHEAD]
    good = [one for one in past if not one.flaw]
    if refused := _refusal(ordered, good):
        return Choice(keep=[Kept(one.run, "nothing goes") for one in ordered], drop=[], refused=refused)
    reasons = {run: [rule] for run, rule in _ahead(ordered, now)}
    for run, rule in _picked(good, rules):
        reasons.setdefault(run, []).append(rule)
    flawed = {one.run: one.flaw for one in past if one.flaw}
    for run, rule in _picked(past, rules):
        if run in flawed:
            reasons.setdefault(run, [flawed[run]]).append(rule)
    keep = [Kept(one.run, ", ".join(reasons[one.run])) for one in ordered if one.run in reasons]
    return Choice(keep=keep, drop=[one.run for one in ordered if one.run not in reasons])


def newest_first(runs: Sequence[Candidate]) -> list[Candidate]:
    """By their times, and each behind the run that it was built upon."""
    by_name = {one.run: one for one in runs}
    since: dict[str, tuple[datetime, int]] = {}
    for one in runs:
        _place(one, by_name, since)
    return sorted(runs, key=lambda one: (*since[one.run], one.run), reverse=True)


def _place(one: Candidate, by_name: Mapping[str, Candidate], since: dict[str, tuple[datetime, int]]) -> None:
    """Set (the latest time of a run and those that it was built upon, steps since that) for it and all of those."""
    line: dict[str, Candidate] = {}
    step: Candidate | None = one
    while step is not None and step.run not in since and step.run not in line:
        line[step.run] = step
        step = by_name.get(step.parent or "")
    for each in reversed(line.values()):
        before = since.get(each.parent or "")
        since[each.run] = (each.at, 0) if before is None or before[0] < each.at else (before[0], before[1] + 1)


def _refusal(ordered: Sequence[Candidate], good: Sequence[Candidate]) -> str:
    if not ordered:
        return ""
    if any(not one.flaw for one in ordered) and not good:
        return "Every good run lies in the future: this clock or that of the runs is wrong."
    return "" if good else "No run is good, so every one stays."


def _ahead(runs: Iterable[Candidate], now: datetime) -> Iterable[tuple[str, str]]:
    return ((one.run, "lies in the future") for one in runs if one.at > now + AHEAD)


def _picked(newest_first: Sequence[Candidate], rules: Rules) -> Iterable[tuple[str, str]]:
    """(run, rule) for every place that a rule gives; a run may take several."""
    for number, one in enumerate(newest_first[: max(1, rules.keep_last)]):
        yield one.run, "newest" if number == 0 else f"one of the last {rules.keep_last}"
    for limit, name in ((rules.daily, _day), (rules.weekly, _week), (rules.monthly, _month)):
        yield from _latest_of_each(newest_first, name, limit)


def _latest_of_each(
    newest_first: Sequence[Candidate], bucket: Callable[[datetime], str], limit: int
) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for one in newest_first:
        name = bucket(one.at)
        if name in seen:
            continue
        if len(seen) >= limit:
            return
        seen.add(name)
        yield one.run, name


def _day(at: datetime) -> str:
    return f"day {at:%Y-%m-%d}"


def _week(at: datetime) -> str:
    year, week, _ = at.isocalendar()
    return f"week {year}-W{week:02d}"


def _month(at: datetime) -> str:
    return f"month {at:%Y-%m}"
