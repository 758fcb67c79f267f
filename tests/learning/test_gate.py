"""The gate lets a good model through and nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.learning.gate import (
    Evidence,
    GateBudget,
    GateCase,
    GateMeasured,
    GateVerdict,
    judge,
    sign_test,
)
from binscout_tui.settings import GateSettings

CLASSES = ["a", "b"]
FLOORS = GateSettings()


def case(
    number: int, right: bool = True, *, score: float = 0.9, must: bool = False, error: str | None = None
) -> GateCase:
    expected = CLASSES[number % 2]
    predicted = expected if right else CLASSES[1 - number % 2]
    return GateCase(
        image=f"image-{number}", expected=expected, predicted=predicted, score=score, must_pass=must, error=error
    )


def cases(right: int, wrong: int = 0) -> list[GateCase]:
    return [case(i, i < right) for i in range(right + wrong)]


def failed(verdict: GateVerdict) -> set[str]:
    assert verdict.passed == all(check.passed for check in verdict.checks)
    return {check.name for check in verdict.checks if not check.passed}


def test_a_good_model_passes() -> None:
    assert failed(judge(cases(18, 2), FLOORS, classes=CLASSES)) == set()


def test_a_list_that_is_too_short_says_how_it_grows() -> None:
    few = {check.name: check for check in judge(cases(2), FLOORS, classes=CLASSES).checks}["images"]
    assert not few.passed
    assert "needed; `binscout known-good add`" in few.detail
    enough = {check.name: check for check in judge(cases(20), FLOORS, classes=CLASSES).checks}["images"]
    assert enough.detail.endswith("needed")


def test_nothing_to_judge_on_fails() -> None:
    verdict = judge([], FLOORS, classes=CLASSES)
    assert {"images", "classes", "overall", "per_class", "calibration"} <= failed(verdict)


@pytest.mark.parametrize(
    ("given_cases", "classes", "leaked", "expected"),
    [
        (cases(9), CLASSES, set(), {"images"}),
        (cases(6, 14), CLASSES, set(), {"overall", "calibration"}),
        ([*cases(20), case(3)], CLASSES, set(), {"distinct"}),
        ([*cases(20), case(20, must=True, right=False)], CLASSES, set(), {"must_pass"}),
        ([*cases(20), case(20, error="cut short")], CLASSES, set(), {"readable"}),
        ([*cases(20), case(20, must=True, error="cut short")], CLASSES, set(), {"readable", "must_pass"}),
        ([*cases(20), case(20, score=math.nan)], CLASSES, set(), {"scores", "calibration"}),
        ([*cases(20), case(20, score=math.inf)], CLASSES, set(), {"scores", "calibration"}),
        (cases(20), [*CLASSES, "c"], set(), {"classes"}),
        (cases(20), ["a"], set(), {"classes"}),
        (cases(20), [], set(), {"classes"}),
        (cases(20), CLASSES, {"image-4"}, {"unseen"}),
        ([case(i, i % 2 == 0) for i in range(20)], CLASSES, set(), {"overall", "per_class", "calibration"}),
    ],
)
def test_each_doubt_fails_its_check(
    given_cases: list[GateCase], classes: list[str], leaked: set[str], expected: set[str]
) -> None:
    assert failed(judge(given_cases, FLOORS, classes=classes, evidence=Evidence(leaked=leaked))) == expected


def test_a_majority_model_fails() -> None:
    majority = [GateCase(image=str(i), expected=CLASSES[i % 4 == 0], predicted="a", score=0.75) for i in range(40)]
    assert failed(judge(majority, FLOORS, classes=CLASSES)) == {"per_class"}


@pytest.mark.parametrize(("right", "wrong", "passes"), [(0, 1, False), (0, 2, False), (1, 4, True), (1, 5, False)])
def test_a_class_below_its_floor_fails_however_few_images_it_has(right: int, wrong: int, passes: bool) -> None:
    thin = [GateCase(image=f"b{i}", expected="b", predicted="ab"[i < right], score=0.9) for i in range(right + wrong)]
    good = [GateCase(image=f"a{i}", expected="a", predicted="a", score=0.9) for i in range(20)]
    floors = GateSettings(per_class=0.2)
    assert judge(good + thin, floors, classes=CLASSES).passed == passes


def test_newly_broken_images_are_named_and_counted() -> None:
    verdict = judge(cases(17, 3), FLOORS, classes=CLASSES, active=cases(20))
    assert verdict.newly_broken == ["image-17", "image-18", "image-19"]
    assert failed(verdict) == {"regression"}
    (told,) = (check.detail for check in verdict.checks if check.name == "regression")
    assert told == "3 newly wrong, 0 newly right, p = 0.125 (one-sided McNemar)"


def test_a_small_loss_that_chance_explains_passes() -> None:
    verdict = judge(cases(38, 2), FLOORS, classes=CLASSES, active=cases(40))
    assert failed(verdict) == set()
    assert len(verdict.newly_broken) == 2


def test_a_small_loss_that_chance_does_not_explain_fails() -> None:
    verdict = judge(cases(193, 7), FLOORS, classes=CLASSES, active=cases(200))
    assert failed(verdict) == {"regression"}


@pytest.mark.parametrize("active", [[], cases(19), [case(i) for i in range(1, 21)]])
def test_an_active_model_judged_on_other_images_fails(active: list[GateCase]) -> None:
    assert failed(judge(cases(20), FLOORS, classes=CLASSES, active=active)) == {"regression"}


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (GateMeasured(seconds_per_image=0.1, memory_bytes=10), set()),
        (GateMeasured(seconds_per_image=0.3, memory_bytes=10), {"speed"}),
        (GateMeasured(seconds_per_image=math.nan, memory_bytes=11), {"speed", "memory"}),
        (GateMeasured(), {"speed", "memory"}),
        (None, {"speed", "memory"}),
    ],
)
def test_a_budget_must_be_measured_and_kept(measured: GateMeasured | None, expected: set[str]) -> None:
    budget = GateBudget(seconds_per_image=0.2, memory_bytes=10)
    evidence = Evidence(budget=budget, measured=measured or GateMeasured())
    verdict = judge(cases(20), FLOORS, classes=CLASSES, evidence=evidence)
    assert failed(verdict) == expected


def details(verdict: GateVerdict) -> dict[str, str]:
    return {check.name: check.detail for check in verdict.checks}


def test_what_a_check_says_is_in_words() -> None:
    budget = GateBudget(seconds_per_image=1, memory_bytes=4096 << 20)
    measured = GateMeasured(seconds_per_image=0.02567, memory_bytes=5_007_000)
    evidence = Evidence(budget=budget, measured=measured)
    said = details(judge(cases(20), FLOORS, classes=["b"], evidence=evidence))
    assert (said["speed"], said["memory"]) == ("0.0257 s an image, at most 1", "4.78 MiB, at most 4,096")
    assert said["classes"] == "1 class that the model does not know: a"
    said = details(judge(cases(20), FLOORS, classes=[*CLASSES, "2e"], evidence=Evidence(leaked={case(1).image})))
    assert said["classes"] == "1 class without an image: 2e"
    assert said["unseen"].startswith("1 image seen in training: ")
    assert details(judge(cases(20), FLOORS, classes=CLASSES))["classes"] == "no class without an image"


@given(right=st.integers(0, 60), wrong=st.integers(0, 60))
def test_overall_is_the_fraction_right(right: int, wrong: int) -> None:
    check = next(c for c in judge(cases(right, wrong), FLOORS, classes=CLASSES).checks if c.name == "overall")
    assert check.passed == (right + wrong > 0 and right / (right + wrong) >= FLOORS.overall)


@pytest.mark.parametrize(("worse", "better", "chance"), [(0, 0, 1.0), (5, 0, 1 / 32), (1, 1, 0.75), (0, 3, 1.0)])
def test_sign_test(worse: int, better: int, chance: float) -> None:
    assert sign_test(worse, better) == pytest.approx(chance)
