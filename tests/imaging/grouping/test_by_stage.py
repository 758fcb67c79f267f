"""Stage names: the cases in which earlier programs lost pictures, each with its exact answer."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from binscout_tui.imaging.grouping.by_stage import by_stage, read_stage
from binscout_tui.imaging.grouping.candidates import Candidate
from binscout_tui.imaging.grouping.report import Bounds
from tests.imaging.grouping.made_up import candidate, left_of, named, sets_of

WORDS = {"1": "1_generated", "1.5": "1.5_face_swapped", "2": "2_upscaled", "3": "3_enhanced"}


def at(clock: str, stage: str) -> str:
    return f"20250101_{clock}_stage{WORDS.get(stage, stage)}.png"


def in_time(*stages: str) -> list[str]:
    """Names of pictures a minute apart."""
    return [at(f"12{minute:02}00", stage) for minute, stage in enumerate(stages)]


@pytest.mark.parametrize(
    ("name", "stage", "subject", "has_moment"),
    [
        ("20250101_120000_stage1_generated.png", 1.0, "", True),
        ("20250101_120000_stage1.5_face_swapped.png", 1.5, "", True),
        ("bolt_20250101_120000_stage2_upscaled.png", 2.0, "bolt", True),
        ("bolt stage-3.jpg", 3.0, "bolt", False),
        ("STAGE2.png", 2.0, "", False),
        ("20251301_120000_stage1.png", 1.0, "20251301_120000", False),
        ("bolt_stage12.png", 12.0, "bolt", False),
        ("backstage1.png", None, "", False),
        ("stage.png", None, "", False),
        ("stage1b.png", None, "", False),
        ("stage1.5.2.png", 1.5, "", False),
        ("stage٣.png", None, "", False),
    ],
)
def test_what_a_name_says(name: str, stage: float | None, subject: str, has_moment: bool) -> None:
    found = read_stage(name)
    if stage is None:
        assert found is None
    else:
        assert found is not None
        assert (found.stage, found.subject, found.moment_ms is not None) == (stage, subject, has_moment)


def test_an_early_later_stage_is_not_lost() -> None:
    """1, 3, 2, 3: once the early 3 was in no set and was never shown."""
    names = in_time("1", "3", "2", "3")
    found = by_stage(named(names))
    assert sets_of(found) == [names[:2], names[2:]]
    assert left_of(found) == {}


def test_an_unknown_stage_joins_nothing() -> None:
    """unknown, 1, 2: once the unknown file joined the next set as stage 0."""
    names = ["20250101_115900_raw.png", "20250101_115930_stage7.png", *in_time("1", "2")]
    found = by_stage(named(names))
    assert sets_of(found) == [names[2:]]
    assert left_of(found) == {names[0]: "no_stage", names[1]: "unknown_stage"}


def test_an_unknown_stage_does_not_part_a_run() -> None:
    names = [at("120000", "1"), "20250101_120030_raw.png", at("120100", "2")]
    assert sets_of(by_stage(named(names))) == [[names[0], names[2]]]


def test_moments_only_sort_unless_a_gap_is_asked_for() -> None:
    """1, five hours, 2: names alone decide; with a gap both are told as singles."""
    names = [at("120000", "1"), at("170000", "2")]
    assert sets_of(by_stage(named(names))) == [names]
    found = by_stage(named(names), gap_ms=3_600_000)
    assert sets_of(found) == []
    assert left_of(found) == dict.fromkeys(names, "single")


def test_unsorted_input_is_sorted_inside() -> None:
    """2, 1, 3 in any order: once this gave [1, 3] and an orphan."""
    names = in_time("1", "2", "3")
    for order in permutations(enumerate(names, 1)):
        found = by_stage([candidate(number, name) for number, name in order])
        assert sets_of(found) == [names]


def test_moments_that_fall_are_two_runs() -> None:
    names = in_time("2", "1", "3")
    found = by_stage(named(names))
    assert sets_of(found) == [names[1:]]
    assert left_of(found) == {names[0]: "single"}


def test_a_single_is_told() -> None:
    """A single image was never shown."""
    assert left_of(by_stage(named(in_time("1")))) == {in_time("1")[0]: "single"}


def test_the_kept_picture_of_a_finished_set_stays_out() -> None:
    """Stage 1 left from a finished set, then 2, 3 of the next: once merged, and the kept picture was in danger."""
    names = in_time("1", "2", "3")
    first, *others = named(names)
    found = by_stage([replace(first, in_set=True), *others])
    assert sets_of(found) == [names[1:]]
    assert left_of(found) == {names[0]: "in_set"}


def test_a_picture_in_a_set_parts_the_others() -> None:
    names = in_time("1", "2", "3")
    first, second, third = named(names)
    found = by_stage([first, replace(second, in_set=True), third])
    assert sets_of(found) == []
    assert left_of(found) == {names[0]: "single", names[1]: "in_set", names[2]: "single"}


def test_the_same_stage_begins_a_new_run() -> None:
    """Pictures of one stage were grouped with each other for weeks, since tests only looked that something ran."""
    names = in_time("1", "1", "2", "2", "3")
    found = by_stage(named(names))
    assert sets_of(found) == [names[1:3], names[3:]]
    assert left_of(found) == {names[0]: "single"}


def test_all_four_stages_are_one_set() -> None:
    names = in_time("1", "1.5", "2", "3", "1", "1.5", "2", "3")
    assert sets_of(by_stage(named(names))) == [names[:4], names[4:]]


def test_runs_cross_neither_subjects_nor_folders() -> None:
    names = ["bolt_stage1.png", "bolt_stage2.png", "nut_stage3.png"]
    assert sets_of(by_stage(named(names))) == [names[:2]]
    apart = [candidate(1, "bolt_stage1.png", "/a"), candidate(2, "bolt_stage2.png", "/b")]
    assert left_of(by_stage(apart)) == {"bolt_stage1.png": "single", "bolt_stage2.png": "single"}


def test_a_run_has_the_size_that_is_asked_for() -> None:
    names = in_time("1", "2", "1", "2", "3")
    found = by_stage(named(names), Bounds(3, 9))
    assert sets_of(found) == [names[2:]]
    assert left_of(found) == dict.fromkeys(names[:2], "too_few")
    assert set(left_of(by_stage(named(names[2:]), Bounds(2, 2))).values()) == {"too_many"}


def test_finishing_two_of_six_leaves_the_others_as_they_are() -> None:
    """Six sets, two finished, started again: once found anew as four and gone on with at index 2."""
    everything: list[Candidate] = named(in_time(*["1", "2"] * 6))
    found = by_stage(everything)
    assert len(found.sets) == 6
    again = by_stage([replace(one, in_set=True) for one in everything])
    assert again.sets == []
    assert set(left_of(again).values()) == {"in_set"}
    rest = by_stage([replace(one, in_set=one.image <= 4) for one in everything])
    assert sets_of(rest) == sets_of(found)[2:]
