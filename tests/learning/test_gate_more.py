"""The gate beyond classes: calibration, images of nothing, lookalikes, sets, counts, and what could not be tried."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.learning.gate import (
    Check,
    CountCase,
    Evidence,
    GateCase,
    GateVerdict,
    SetCase,
    could_not_be_tried,
    does_not_load,
    judge,
    judge_counts,
    judge_sets,
    verdict,
)
from binscout_tui.learning.gating.classify import NOTHING, calibration_error
from binscout_tui.learning.gating.paired import lower_bound, no_rise
from binscout_tui.learning.gating.select import overlap
from binscout_tui.settings import GateSettings

FLOORS = GateSettings()
BOX = (0.2, 0.2, 0.6, 0.6)


def failed(found: GateVerdict) -> set[str]:
    assert found.passed == (found.state == "pass") == all(check.passed for check in found.checks)
    return {check.name for check in found.checks if not check.passed}


def named(found: GateVerdict, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


def image(number: int, **changes: Any) -> GateCase:
    values = {"image": f"i{number}", "expected": "ab"[number % 2], "predicted": "ab"[number % 2], "score": 0.9}
    return GateCase(**(values | changes))


IMAGES = [image(number) for number in range(20)]
NONE = [image(100 + number, expected=NOTHING, predicted="a", unknown=number < 3) for number in range(4)]


def test_images_of_nothing_must_be_called_unknown() -> None:
    good = judge([*IMAGES, *NONE], FLOORS, classes=["a", "b"])
    assert failed(good) == set()
    assert named(good, "unknown").value == 0.75
    assert named(good, "images").value == 20, "they are none of the images that make a list long enough"
    never = [msgspec.structs.replace(one, unknown=False) for one in NONE]
    assert failed(judge([*IMAGES, *never], FLOORS, classes=["a", "b"])) == {"unknown"}
    assert failed(judge([*IMAGES, *never], FLOORS, classes=["a", "b"], has_threshold=False)) == set()
    insisted = [msgspec.structs.replace(NONE[3], must_pass=True), *NONE[:3]]
    for has_threshold in (True, False):
        found = judge([*IMAGES, *insisted], FLOORS, classes=["a", "b"], has_threshold=has_threshold)
        assert failed(found) == {"must_pass"}


def test_who_calls_everything_unknown_recognises_nothing() -> None:
    refused = [image(number, unknown=True) for number in range(20)]
    found = judge([*refused, *NONE[:3]], FLOORS, classes=["a", "b"], active=IMAGES)
    assert failed(found) == {"overall", "per_class", "regression"}
    assert named(found, "overall").detail == "0 of 20 right, 20 more if it did not call them unknown"
    assert named(found, "calibration").value == pytest.approx(0.1), "confidence is about the class alone"
    one = [*IMAGES[:19], image(19, unknown=True)]
    assert failed(judge(one, FLOORS, classes=["a", "b"])) == set(), "a good model refuses a few"
    insisted = [*IMAGES[:19], image(19, unknown=True, must_pass=True)]
    assert failed(judge(insisted, FLOORS, classes=["a", "b"])) == {"must_pass"}


@pytest.mark.parametrize("mute", [1, 20])
def test_an_active_model_without_answers_is_no_comparison(mute: int) -> None:
    worse = [image(number, predicted="ab"[(number % 2) ^ (number >= 14)], score=0.7) for number in range(20)]
    assert failed(judge(worse, FLOORS, classes=["a", "b"], active=IMAGES)) == {"regression"}
    silent = [image(number, predicted=None, score=0.0, error="too busy") for number in range(mute)] + IMAGES[mute:]
    found = judge(worse, FLOORS, classes=["a", "b"], active=silent)
    assert (found.state, failed(found)) == ("error", {"regression"})
    assert "i0 (too busy)" in named(found, "regression").detail


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([], math.nan),
        ([(0.9, True)] * 9 + [(0.9, False)], 0.0),
        ([(0.9, False)] * 10, 0.9),
        ([(1.0, True), (0.0, True)], 0.5),
        ([(0.5, False)] * 15 + [(0.9, True)] * 15, (15 * 0.5 + 15 * 0.1) / 30),
    ],
)
def test_calibration_error(answers: list[tuple[float, bool]], error: float) -> None:
    assert calibration_error(answers) == pytest.approx(error, nan_ok=True)


def test_a_model_that_is_far_too_sure_fails_its_calibration() -> None:
    sure = [image(number, score=0.99, predicted="ab"[number % 2] if number % 3 else "z") for number in range(30)]
    assert failed(judge(sure, FLOORS, classes=["a", "b"])) == {"calibration"}


def test_lookalikes_and_answers_that_change_fail() -> None:
    assert failed(judge(IMAGES, FLOORS, classes=["a", "b"], evidence=Evidence(alike={"i3"}))) == {"unlike"}
    assert failed(judge(IMAGES, FLOORS, classes=["a", "b"], evidence=Evidence(repeated=False))) == {"repeatable"}


def choice(number: int, *, right: bool = True, **changes: Any) -> SetCase:
    values = {
        "key": f"s{number}",
        "images": tuple(f"{number}-{place}" for place in range(3)),
        "expected": number % 3,
        "chosen": number % 3 if right else (number + 1) % 3,
        "score": 0.8,
        "crop": BOX,
        "said": BOX,
    }
    return SetCase(**(values | changes))


def choices(right: int, wrong: int = 0) -> list[SetCase]:
    return [choice(number, right=number < right) for number in range(right + wrong)]


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (choices(6), set()),
        ([], {"sets", "top1", "chance"}),
        (choices(4), {"sets"}),
        (choices(3, 7), {"top1", "chance"}),
        ([*choices(9), choice(9, said=(0.6, 0.6, 0.9, 0.9))], set()),
        ([choice(number, said=(0.61, 0.61, 0.9, 0.9)) for number in range(9)], {"crops"}),
        ([choice(number, said=None) for number in range(9)], {"crops"}),
        ([choice(number, crop=None) for number in range(9)], set()),
        ([*choices(9), choice(9, said=(0.5, 0.5, math.nan, 0.9))], {"scores"}),
        ([*choices(9), choice(9, said=(0.5, 0.5, 1.2, 0.9))], {"scores"}),
        ([*choices(9), choice(9, score=math.nan)], {"scores"}),
        ([*choices(9), choice(9, chosen=None, said=None, error="cut short")], {"readable"}),
        ([*choices(9), choice(9, right=False, must_pass=True)], {"must_pass"}),
        ([*choices(9), choice(3)], {"distinct"}),
    ],
)
def test_each_doubt_about_sets_fails_its_check(cases: list[SetCase], expected: set[str]) -> None:
    assert failed(judge_sets(cases, FLOORS)) == expected


def test_one_picture_of_a_set_that_was_learned_is_a_leak() -> None:
    assert failed(judge_sets(choices(9), FLOORS, evidence=Evidence(leaked={"4-2"}))) == {"unseen"}
    assert failed(judge_sets(choices(9), FLOORS, evidence=Evidence(alike={"4-2"}))) == {"unlike"}


def test_sets_that_were_right_before_are_named_and_crops_that_got_worse_fail() -> None:
    found = judge_sets(choices(5, 4), FLOORS, active=choices(9))
    assert failed(found) == {"regression"}
    assert found.newly_broken == ["s5", "s6", "s7", "s8"]
    smaller = [choice(number, said=(0.2, 0.2, 0.5, 0.6)) for number in range(9)]
    assert failed(judge_sets(smaller, FLOORS, active=choices(9))) == {"crops_no_worse"}
    assert failed(judge_sets(choices(9), FLOORS, active=smaller)) == set()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (BOX, BOX, 1.0),
        (BOX, (0.6, 0.6, 0.9, 0.9), 0.0),
        ((0, 0, 1, 1), (0, 0, 0.5, 1), 0.5),
        ((0, 0, 0.5, 0.5), (0.25, 0.25, 0.75, 0.75), 0.0625 / 0.4375),
        (BOX, (math.nan, 0, 1, 1), 0.0),
    ],
)
def test_overlap(a: Any, b: Any, expected: float) -> None:
    assert overlap(a, b) == pytest.approx(expected)


def count(number: int, off: int = 0, **changes: Any) -> CountCase:
    expected = 3 * (number % 5)
    values = {"image": f"c{number}", "expected": expected, "counted": expected + off, "raw": expected + off + 0.1}
    return CountCase(**(values | changes))


def counts(exact: int, off: int = 0, by: int = 1) -> list[CountCase]:
    return [count(number, 0 if number < exact else by) for number in range(exact + off)]


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (counts(10), set()),
        ([], {"images", "mean_error", "exact", "per_item", "constant"}),
        (counts(4), {"images"}),
        (counts(1, 9), {"exact"}),
        (counts(3, 7, by=6), {"mean_error", "constant"}),
        (counts(3, 7, by=20), {"mean_error", "per_item", "constant"}),
        ([*counts(9), count(9, 9, item="nut")], {"per_item"}),
        ([count(number, counted=6, raw=6.0) for number in range(10)], {"mean_error", "constant"}),
        ([count(number, counted=4, raw=4.0, expected=4) for number in range(10)], set()),
        ([*counts(9), count(9, raw=math.nan)], {"scores"}),
        ([*counts(9), count(9, counted=None, raw=0.0)], {"scores"}),
        ([*counts(9), count(9, counted=None, raw=0.0, error="cut short")], {"readable"}),
        ([*counts(9), count(9, 1, must_pass=True)], {"must_pass"}),
    ],
)
def test_each_doubt_about_counts_fails_its_check(cases: list[CountCase], expected: set[str]) -> None:
    assert failed(judge_counts(cases, FLOORS)) == expected


def test_a_failure_is_as_far_off_as_a_count_of_nothing_at_all() -> None:
    assert count(4, counted=None, error="cut short").off == 12
    assert count(0, counted=None, error="cut short").off == 1


def test_errors_that_rise_fail_though_as_many_are_exact() -> None:
    before, after = counts(8, 12), counts(8, 12, by=3)
    found = judge_counts(after, FLOORS, active=before)
    assert failed(found) == {"error_no_worse"}
    assert failed(judge_counts(before, FLOORS, active=after)) == set()
    assert failed(judge_counts(counts(12, 8), FLOORS, active=counts(20))) == {"regression", "error_no_worse"}


def test_what_the_active_model_did_not_answer_is_no_error_to_be_better_than() -> None:
    mute = [count(number, counted=None, error="too busy") for number in range(8)]
    found = judge_counts(counts(8, 12, by=3), FLOORS, active=[*mute, *counts(8, 12)[8:]])
    assert failed(found) == {"regression", "error_no_worse"}
    assert named(found, "error_no_worse").value == 2.0, "over those that both answered"
    smaller = [choice(number, said=(0.2, 0.2, 0.5, 0.6)) for number in range(9)]
    silent = [choice(number, chosen=None, said=None, error="too busy") for number in range(4)]
    against = judge_sets(smaller, FLOORS, active=[*silent, *choices(9)[4:]])
    assert failed(against) == {"regression", "crops_no_worse"}
    assert named(against, "crops_no_worse").value == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("item", "listed", "said"),
    [
        ("", "screw", "the list counts screw in 1 image, the model everything"),
        ("nut", "screw", "the list counts screw in 1 image, the model nut"),
        ("", "", None),
        ("screw", "screw", None),
        (None, "screw", None),
    ],
)
def test_numbers_of_something_else_say_nothing_of_a_model(item: str | None, listed: str, said: str | None) -> None:
    cases = [*(count(number, 9, item=item or "") for number in range(9)), count(9, item=listed)]
    found = judge_counts(cases, FLOORS, item=item)
    if said is None:
        assert {"exact", "mean_error"} <= failed(found)
    else:
        assert (found.state, failed(found), named(found, "same_item").detail) == ("error", {"same_item"}, said)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_the_lower_bound_lies_below_the_mean_and_above_the_least(values: list[float]) -> None:
    low = lower_bound(values)
    assert min(values) - 1e-9 <= low <= sum(values) / len(values) + 1e-9


def test_a_rise_within_the_limit_but_beyond_chance_fails() -> None:
    assert not no_rise("x", [1.0] * 50, [1.4] * 50, 0.5, "mean error").passed
    assert no_rise("x", [1.0, 2.0] * 5, [2.0, 1.0] * 5, 0.5, "mean error").passed
    assert not no_rise("x", [], [], 0.5, "mean error").passed


def test_what_could_not_be_tried_is_neither_passed_nor_failed() -> None:
    assert could_not_be_tried("The engine does not answer.").state == "error"
    assert does_not_load("The weights are damaged.").state == "fail"
    assert verdict([]).state == "fail"
    both = [Check(name="tried", passed=False, detail="", unsure=True), Check(name="overall", passed=False, detail="")]
    assert verdict(both).state == "fail", "what speaks against the model comes first"


@pytest.mark.parametrize("rival", [[], choices(8), [choice(number) for number in range(1, 10)]])
def test_an_active_model_judged_on_other_sets_is_no_comparison(rival: list[SetCase]) -> None:
    found = judge_sets(choices(9), FLOORS, active=rival)
    assert failed(found) == {"regression"}
    assert found.state == "error"
