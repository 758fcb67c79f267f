"""Folders and bursts: exact groups, and a reason for everything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from binscout_tui.imaging.grouping.by_burst import by_burst
from binscout_tui.imaging.grouping.by_folder import by_folder
from binscout_tui.imaging.grouping.candidates import Candidate, natural
from binscout_tui.imaging.grouping.report import Bounds
from tests.imaging.grouping.made_up import candidate, left_of, named, sets_of


def taken(*seconds: float | None, folder: str = "/photos", camera: str = "", first: int = 1) -> list[Candidate]:
    """Images `1.jpg`, `2.jpg`, … taken at these seconds; None: the camera wrote no time."""
    return [
        candidate(
            number,
            f"{number}.jpg",
            folder,
            taken_ms=None if second is None else round(second * 1000),
            mtime_ms=number * 1000,
            camera=camera,
        )
        for number, second in enumerate(seconds, first)
    ]


def test_numbers_in_names_count_as_numbers() -> None:
    assert sorted(["take_10", "take_2", "a", "take_²"], key=natural) == ["a", "take_2", "take_10", "take_²"]


def test_a_folder_is_a_set_and_others_say_why_not() -> None:
    many = [candidate(100 + number, f"{number}.jpg", "/c") for number in range(10)]
    found = by_folder([*named(["b.jpg", "a.jpg"], "/a"), candidate(3, "x.jpg", "/b"), *many])
    assert sets_of(found) == [["a.jpg", "b.jpg"]]
    assert found.sets[0].name == "a"
    assert left_of(found) == {"x.jpg": "single"} | {one.name: "too_many" for one in many}


def test_one_picture_in_two_folders_may_join_both_sets() -> None:
    here, there = named(["1.jpg", "2.jpg"], "/a"), [candidate(1, "same.jpg", "/b"), candidate(3, "other.jpg", "/b")]
    assert sets_of(by_folder([*here, *there])) == [["1.jpg", "2.jpg"], ["other.jpg", "same.jpg"]]


def test_two_files_of_one_picture_are_no_set() -> None:
    found = by_folder([candidate(1, "a.jpg"), candidate(1, "copy of a.jpg")])
    assert left_of(found) == {"a.jpg": "single", "copy of a.jpg": "same_picture"}


def test_what_joins_a_folder_later_does_not_join_its_set() -> None:
    old = [replace(one, in_set=True) for one in named(["1.jpg", "2.jpg"])]
    found = by_folder([*old, candidate(3, "3.jpg")])
    assert left_of(found) == {"1.jpg": "in_set", "2.jpg": "in_set", "3.jpg": "single"}


def test_a_burst_ends_at_the_gap() -> None:
    found = by_burst(taken(0, 1.5, 3.5, 5.501, 100, 101), gap_ms=2000)
    assert sets_of(found) == [["1.jpg", "2.jpg", "3.jpg"], ["5.jpg", "6.jpg"]]
    assert left_of(found) == {"4.jpg": "single"}
    assert found.clocks == {"taken_at": 6}


def test_parts_of_seconds_count() -> None:
    assert sets_of(by_burst(taken(0.0, 0.25, 0.5, 0.9), gap_ms=300)) == [["1.jpg", "2.jpg", "3.jpg"]]


def test_file_times_count_only_where_no_camera_wrote_any() -> None:
    found = by_burst(taken(None, None))
    assert (sets_of(found), found.clocks) == ([["1.jpg", "2.jpg"]], {"mtime": 2})
    mixed = by_burst(taken(0, None, 1))
    assert (sets_of(mixed), left_of(mixed)) == ([["1.jpg", "3.jpg"]], {"2.jpg": "no_time"})


def test_leftovers_without_a_time_are_no_burst_in_the_next_run() -> None:
    first = taken(0, 1, None, None)
    assert left_of(by_burst(first)) == {"3.jpg": "no_time", "4.jpg": "no_time"}
    again = by_burst([replace(one, in_set=one.image <= 2) for one in first])
    assert again.sets == []
    assert left_of(again)["4.jpg"] == "no_time"


@pytest.mark.parametrize("other", [{"folder": "/elsewhere"}, {"camera": "second"}])
def test_a_burst_crosses_folders_and_cameras_only_when_asked(other: dict[str, str]) -> None:
    both = [*taken(0, 2), *taken(1, 3, first=3, **other)]
    assert sorted(sets_of(by_burst(both))) == [["1.jpg", "2.jpg"], ["3.jpg", "4.jpg"]]
    assert sets_of(by_burst(both, across=True)) == [["1.jpg", "3.jpg", "2.jpg", "4.jpg"]]


def test_a_run_that_is_too_long_is_left_whole_and_told() -> None:
    found = by_burst(taken(*range(10)))
    assert found.sets == []
    assert set(left_of(found).values()) == {"too_many"}
    assert "smaller gap" in found.left_out[0].reason


def test_a_picture_that_is_in_a_set_parts_a_burst() -> None:
    burst = taken(0, 1, 2, 3, 4)
    found = by_burst([replace(one, in_set=one.image == 3) for one in burst])
    assert sets_of(found) == [["1.jpg", "2.jpg"], ["4.jpg", "5.jpg"]]
    assert left_of(found) == {"3.jpg": "in_set"}


@pytest.mark.parametrize("moment", [-(10**15), 0, 10**15, 10**18])
def test_a_file_time_can_be_any_number(moment: int) -> None:
    pair = [replace(one, mtime_ms=moment + one.image) for one in taken(None, None)]
    assert sets_of(by_burst(pair)) == [["1.jpg", "2.jpg"]]


@pytest.mark.parametrize("sizes", [(1, 9), (2, 10), (5, 4)])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="2 to 9"):
        Bounds(*sizes)
