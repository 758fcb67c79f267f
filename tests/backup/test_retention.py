"""Which runs stay, whatever the clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive.layout import new_run_id
from binscout_tui.backup.keeping.retention import AHEAD, Candidate, Choice, Rules, choose

SUNDAY = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = 7 * DAY
YEAR = timedelta(days=366)
DEFAULT = Rules()


def run(at: datetime, flaw: str = "", name: str = "") -> Candidate:
    return Candidate(run=name or new_run_id(at), at=at, flaw=flaw)


def weekly(number: int) -> list[Candidate]:
    """So many Sundays, the newest first."""
    return [run(SUNDAY - n * WEEK) for n in range(number)]


def flawed(one: Candidate) -> Candidate:
    return msgspec.structs.replace(one, flaw="damaged: 2 missing")


def kept(choice: Choice) -> dict[str, str]:
    return {one.run: one.rule for one in choice.keep}


def test_eight_weeks_stay_and_each_says_why() -> None:
    runs = weekly(11)
    choice = choose(reversed(runs), DEFAULT, SUNDAY + timedelta(hours=1))
    assert [one.run for one in choice.keep] == [one.run for one in runs[:8]]
    assert choice.drop == [one.run for one in runs[8:]]
    assert choice.keep[0].rule == "newest, week 2026-W47"
    assert choice.keep[1].rule == "one of the last 3, week 2026-W46"
    assert choice.keep[7].rule == "week 2026-W40"


def test_of_one_week_the_last_run_stays() -> None:
    days = [run(SUNDAY - timedelta(days=n)) for n in range(14)]
    choice = choose(days, Rules(keep_last=1, weekly=2), SUNDAY)
    assert kept(choice) == {days[0].run: "newest, week 2026-W47", days[7].run: "week 2026-W46"}


def test_days_weeks_and_months_are_counted_by_themselves() -> None:
    days = [run(SUNDAY - timedelta(days=n)) for n in range(80)]
    choice = choose(days, Rules(keep_last=2, daily=3, weekly=2, monthly=3), SUNDAY)
    assert [one.run for one in choice.keep] == [days[n].run for n in (0, 1, 2, 7, 22, 53)]
    assert kept(choice)[days[22].run] == "month 2026-10"


@pytest.mark.parametrize("hours", [0, 1, -1])
def test_the_hour_of_a_changed_clock_makes_no_week_of_its_own(hours: int) -> None:
    # Summer time ends on 25 October 2026 in Europe: 02:00 local happens twice, an hour apart in UTC.
    before = [run(datetime(2026, 10, 25, 1 + max(hours, 0), tzinfo=UTC) - n * WEEK) for n in range(10)]
    choice = choose(before, DEFAULT, before[0].at + timedelta(hours=abs(hours)))
    assert len(choice.keep) == 8


def test_a_clock_a_year_ahead_drops_nothing_that_it_would_not() -> None:
    runs = weekly(10)
    assert choose(runs, DEFAULT, SUNDAY + YEAR) == choose(runs, DEFAULT, SUNDAY)


def test_a_clock_in_1970_drops_nothing() -> None:
    choice = choose(weekly(30), DEFAULT, datetime(1970, 1, 1, tzinfo=UTC))
    assert choice.drop == []
    assert "in the future" in choice.refused


def test_a_run_made_by_a_clock_a_year_ahead_stays_and_takes_no_place() -> None:
    runs = weekly(10)
    ahead = run(SUNDAY + YEAR)
    choice = choose([ahead, *runs], DEFAULT, SUNDAY)
    assert kept(choice)[ahead.run] == "lies in the future"
    assert choice.drop == choose(runs, DEFAULT, SUNDAY).drop


def test_a_run_made_by_a_clock_in_1970_does_not_push_out_others() -> None:
    runs = weekly(8)
    assert (
        choose([*runs, run(datetime(1970, 1, 2, tzinfo=UTC))], DEFAULT, SUNDAY).keep
        == choose(runs, DEFAULT, SUNDAY).keep
    )


def test_a_run_made_by_a_clock_in_1970_is_newer_than_the_one_it_was_built_upon() -> None:
    runs = weekly(12)
    behind = Candidate(run=new_run_id(SUNDAY), at=datetime(1970, 1, 2, tzinfo=UTC), parent=runs[0].run)
    after = Candidate(run=new_run_id(SUNDAY), at=datetime(1970, 1, 2, tzinfo=UTC), parent=behind.run)
    choice = choose([behind, *runs, after], DEFAULT, SUNDAY)
    assert [one.run for one in choice.keep[:3]] == [after.run, behind.run, runs[0].run]
    assert choice.keep[0].rule == "newest, week 1970-W01"


def test_runs_that_name_each_other_as_parent_harm_nobody() -> None:
    one, other = weekly(2)
    circle = [msgspec.structs.replace(one, parent=other.run), msgspec.structs.replace(other, parent=one.run)]
    assert [each.run for each in choose(circle, DEFAULT, SUNDAY).keep] != []


def test_only_good_runs_take_a_place() -> None:
    runs = weekly(9)
    damaged = [flawed(one) for one in runs[:3]]
    choice = choose([*damaged, *runs[3:]], Rules(keep_last=1, weekly=5), SUNDAY)
    assert kept(choice)[runs[3].run].startswith("newest")
    assert [one.run for one in choice.keep] == [one.run for one in runs[:8]]
    assert kept(choice)[runs[1].run] == "damaged: 2 missing, week 2026-W46"


def test_nothing_goes_when_no_run_is_good() -> None:
    choice = choose([flawed(one) for one in weekly(30)], DEFAULT, SUNDAY)
    assert choice.drop == []
    assert choice.refused == "No run is good, so every one stays."


def test_runs_of_each_machine_are_counted_by_themselves() -> None:
    box = [msgspec.structs.replace(one, machine="box", owner="1") for one in weekly(10)]
    lab = [msgspec.structs.replace(run(SUNDAY - (30 + n) * WEEK), machine="lab", owner="2") for n in range(3)]
    bad = [
        msgspec.structs.replace(flawed(run(SUNDAY - (60 + n) * WEEK)), machine="attic", owner="3") for n in range(12)
    ]
    choice = choose([*lab, *box, *bad], DEFAULT, SUNDAY)
    assert choice.drop == [one.run for one in box[8:]]
    assert choice.refused == ""
    assert kept(choice)[lab[0].run] == "lab: newest, week 2026-W17"
    assert kept(choice)[bad[0].run] == "attic: nothing goes"


def test_two_workspaces_of_one_machine_are_counted_by_themselves() -> None:
    one = [msgspec.structs.replace(each, machine="box", owner="a" * 16) for each in weekly(10)]
    lone = Candidate(run=new_run_id(SUNDAY - 4 * WEEK), at=SUNDAY - 4 * WEEK, machine="box", owner="b" * 16)
    two = Rules(keep_last=1, weekly=2)
    choice = choose([*one, lone], two, SUNDAY)
    assert choice.drop == [each.run for each in one[2:]]
    assert kept(choice)[lone.run] == f"box ({'b' * 16}): newest, week 2026-W43"
    # A workspace that moved to another machine is the same one.
    moved = Candidate(run=new_run_id(SUNDAY + DAY), at=SUNDAY + DAY, machine="lab", owner="a" * 16)
    choice = choose([moved, *one, lone], two, SUNDAY + DAY)
    assert choice.drop == [each.run for each in one[1:]]
    assert kept(choice)[moved.run] == "lab: newest, week 2026-W48"
    assert kept(choice)[lone.run].startswith("box: newest")


def test_no_runs_is_no_refusal() -> None:
    assert choose([], DEFAULT, SUNDAY) == Choice(keep=[], drop=[])


def test_the_rules_in_words() -> None:
    assert DEFAULT.words() == "the last 3 and one for each of 8 weeks"
    assert (
        Rules(keep_last=1, daily=1, weekly=0, monthly=12).words() == "the last 1 and one for each of 1 day, 12 months"
    )


moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))
candidates = st.lists(
    st.builds(run, moments, st.sampled_from(["", "", "damaged", "suspicious"])),
    max_size=40,
    unique_by=lambda one: one.run,
)
few = st.integers(0, 5)
rules = st.builds(Rules, keep_last=few, daily=few, weekly=few, monthly=few)


@given(candidates, rules, moments)
def test_every_run_is_kept_or_dropped_and_the_newest_good_one_is_kept(
    runs: list[Candidate], by: Rules, now: datetime
) -> None:
    choice = choose(runs, by, now)
    assert sorted([*kept(choice), *choice.drop]) == sorted(one.run for one in runs)
    dropped = set(choice.drop)
    past = sorted((one.at, one.run) for one in runs if not one.flaw and one.at <= now + AHEAD)
    assert not past or past[-1][1] not in dropped
    assert all(one.at <= now + AHEAD for one in runs if one.run in dropped)
    assert bool(past) or not dropped


@given(candidates, rules, moments)
def test_what_stays_stays_when_asked_again(runs: list[Candidate], by: Rules, now: datetime) -> None:
    dropped = set(choose(runs, by, now).drop)
    assert choose([one for one in runs if one.run not in dropped], by, now).drop == []


@given(candidates, rules, moments)
def test_a_clock_that_runs_ahead_drops_nothing_more(runs: list[Candidate], by: Rules, now: datetime) -> None:
    past = [one for one in runs if one.at <= now]
    assert choose(past, by, now + YEAR * 50) == choose(past, by, now)


@given(candidates, rules, moments)
def test_each_rule_keeps_its_number(runs: list[Candidate], by: Rules, now: datetime) -> None:
    good = [one for one in runs if not one.flaw and one.at <= now]
    kept_here = choose(good, by, now).keep
    assert len(kept_here) >= min(len(good), max(1, by.keep_last))
    assert len(kept_here) <= max(1, by.keep_last) + by.daily + by.weekly + by.monthly


@given(candidates, rules, moments)
def test_a_flawed_run_takes_no_good_ones_place(runs: list[Candidate], by: Rules, now: datetime) -> None:
    good = [one for one in runs if not one.flaw]
    if choose(good, by, now).refused:
        return
    assert set(choose(good, by, now).drop) == {
        run for run in choose(runs, by, now).drop if run in {g.run for g in good}
    }
