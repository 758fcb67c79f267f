"""Two runs side by side: pairs, paired intervals, McNemar, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from binscout_tui.errors import BinScoutError
from binscout_tui.reporting.cases import Case
from binscout_tui.reporting.folder import read_side
from binscout_tui.reporting.lines import text_width
from binscout_tui.reporting.report import report_of
from binscout_tui.reporting.versus import SORTS, Side, Versus, compare, mcnemar
from binscout_tui.reporting.versus_data import as_data
from binscout_tui.reporting.versus_lines import plain, turn
from tests.reporting import made


def pair_of(tmp_path: Path, task: str, before: Any = None, after: Any = None) -> Versus:
    """Two made-up runs, compared."""
    made.write_run(tmp_path / "a", task, before)
    made.write_run(tmp_path / "b", task, after, seed=1)
    return compare(read_side(tmp_path / "a"), read_side(tmp_path / "b"))


def side(name: str, right: list[bool], groups: dict[str, str] | None = None) -> Side:
    """A classifier that had these cases right."""
    report = report_of(made.classify_report(made.classify_cases()), Path("report.json"))
    cases = [
        Case(split="test", id=f"c{place}", images=[], truth="a", said="a" if ok else "b", right=ok)
        for place, ok in enumerate(right)
    ]
    return Side(name, report, cases, groups or {})


def test_cases_are_fixed_broken_or_as_they_were(tmp_path: Path) -> None:
    found = pair_of(tmp_path, "classify", (3, 7, 20), (3, 8))
    assert {sort: len(found.of(sort)) for sort in ("fixed", "broken", "wrong", "right")} == {
        "fixed": 2,
        "broken": 1,
        "wrong": 1,
        "right": 36,
    }
    (accuracy,) = found.figures
    assert accuracy.before == pytest.approx(37 / 40)
    assert accuracy.difference == pytest.approx(1 / 40)
    assert accuracy.is_better
    assert not accuracy.is_clear
    assert found.sources == 10
    assert ("seed", "0", "1") in found.settings
    assert found.of("fixed")[0].before.loss == pytest.approx(2.2)


def test_a_choice_is_told_with_its_score_and_a_count_without(tmp_path: Path) -> None:
    counts = pair_of(tmp_path / "count", "count", (1,), ())
    assert turn(counts.of("fixed")[0], "count") == "is 1: 3 → 1"
    sets = pair_of(tmp_path / "select", "select", (2,), ())
    assert turn(sets.of("fixed")[0], "select") == "is picture 1: picture 2 0.80 → picture 1 0.80"


def test_the_test_of_chance_is_named_as_two_sided(tmp_path: Path) -> None:
    text = " ".join(" ".join(plain(pair_of(tmp_path, "classify", (), (3, 7, 8)), 90)).split())
    assert "0 fixed against 3 broken: no more than chance might do (p 0.250, two-sided McNemar)." in text


def test_cases_are_sorted_once(tmp_path: Path) -> None:
    found = pair_of(tmp_path, "classify", (3, 7, 20), (3, 8)).named({})
    assert all(found.of(sort) is found.of(sort) for sort in SORTS)
    assert {id(pair) for sort in SORTS for pair in found.of(sort)} == set(map(id, found.pairs))


def test_a_run_that_says_the_same_differs_by_nothing(tmp_path: Path) -> None:
    for task in ("classify", "select", "count"):
        found = pair_of(tmp_path / task, task)
        assert all(one.difference == 0 and one.ci95 == (0, 0) and one.is_better is None for one in found.figures)
        assert found.mcnemar_p == 1.0


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("classify", ["accuracy"]),
        ("select", ["top1", "mean_iou", "iou50", "iou75", "crop_mae"]),
        ("count", ["mae", "rmse", "exact", "within1", "bias"]),
    ],
)
def test_every_figure_of_a_task_that_cases_tell_is_compared(tmp_path: Path, task: str, names: list[str]) -> None:
    found = pair_of(tmp_path, task, (1, 2, 3, 4), (2,))
    assert [one.about.name for one in found.figures] == names
    first = found.figures[0]
    assert first.is_better
    assert first.ci95 is not None
    assert first.ci95[0] <= (first.difference or 0) <= first.ci95[1]
    lines = plain(found, 80)
    assert max(map(text_width, lines)) <= 80
    assert json.loads(json.dumps(as_data(found)))["n"] == len(found.pairs)


def test_figures_of_counts_are_those_of_the_field(tmp_path: Path) -> None:
    found = {one.about.name: one for one in pair_of(tmp_path, "count", (1, 2), ()).figures}
    assert found["mae"].before == pytest.approx(4 / 24)
    assert found["rmse"].before == pytest.approx((8 / 24) ** 0.5)
    assert found["bias"].before == pytest.approx(4 / 24)
    assert found["bias"].is_better
    assert found["exact"].after == 1.0


def test_only_what_both_were_asked_is_compared_and_the_rest_is_counted(tmp_path: Path) -> None:
    first, second = side("a", [True] * 6), side("b", [True] * 8)
    other = Case(split="test", id="c0", images=[], truth="z", said="z", right=True)
    val = Case(split="val", id="c9", images=[], truth="a", said="b", right=False)
    found = compare(first, Side("b", second.report, [other, *second.cases[2:], val]))
    assert (len(found.pairs), found.only_before, found.only_after, found.changed) == (4, 1, 2, 1)
    text = " ".join(" ".join(plain(found, 80)).split())
    assert "1 only a was asked, 2 only b was asked, 1 whose truth has changed" in text


def test_cases_that_share_an_image_are_paired_in_their_order() -> None:
    cases = [Case(split="test", id="x", images=[], truth=t, said="a", right=t == "a") for t in ("a", "b")]
    report = side("a", [True]).report
    found = compare(Side("a", report, cases), Side("b", report, cases))
    assert [pair.after.truth for pair in found.pairs] == ["a", "b"]


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_exact_test_of_the_books(fixed: int, broken: int) -> None:
    expected = stats.binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert mcnemar(fixed, broken) == pytest.approx(expected)


def test_a_paired_interval_is_near_that_of_theory() -> None:
    dice = np.random.default_rng(3)
    before, after = dice.random(600) < 0.7, dice.random(600) < 0.8
    found = compare(side("a", list(map(bool, before))), side("b", list(map(bool, after))))
    gaps = after.astype(float) - before
    error = gaps.std() / 600**0.5
    (accuracy,) = found.figures
    assert accuracy.ci95 is not None
    assert accuracy.ci95[0] == pytest.approx(gaps.mean() - 1.96 * error, abs=0.006)
    assert accuracy.ci95[1] == pytest.approx(gaps.mean() + 1.96 * error, abs=0.006)
    assert accuracy.is_clear


def test_cases_of_one_source_stand_or_fall_together() -> None:
    right = [False] * 20 + [True] * 20
    groups = {f"c{place}": f"shot {place // 20}" for place in range(40)}
    alone = compare(side("a", [True] * 40), side("b", right))
    together = compare(side("a", [True] * 40, groups), side("b", right, groups))
    spread = [one.figures[0].ci95 or (0.0, 0.0) for one in (alone, together)]
    assert together.sources == 2
    assert spread[1] == (-1.0, 0.0)
    assert spread[0][1] - spread[0][0] < 0.4
    assert "single cases: no sources" in "\n".join(plain(alone, 80))


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [("a", "a", "same_run"), ("a", "count", "different_tasks"), ("a", "elsewhere", "nothing_shared")],
)
def test_what_cannot_be_compared_is_refused(tmp_path: Path, first: str, second: str, code: str) -> None:
    made.write_run(tmp_path / "a", "classify")
    made.write_run(tmp_path / "count", "count")
    made.write_run(tmp_path / "elsewhere", "classify")
    moved = (tmp_path / "elsewhere/cases.jsonl").read_text().replace('"id": "', '"id": "other')
    (tmp_path / "elsewhere/cases.jsonl").write_text(moved)
    with pytest.raises(BinScoutError) as raised:
        compare(read_side(tmp_path / first), read_side(tmp_path / second))
    assert raised.value.code == code


def test_a_run_without_cases_cannot_be_compared(tmp_path: Path) -> None:
    made.write_run(tmp_path / "a", "classify")
    (tmp_path / "a/cases.jsonl").unlink()
    with pytest.raises(BinScoutError) as raised:
        read_side(tmp_path / "a")
    assert raised.value.code == "no_cases"
