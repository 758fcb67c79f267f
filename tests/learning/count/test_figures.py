"""The figures of a report, and how a model turns peaks into a count."""

from __future__ import annotations

import numpy as np
import pytest

from binscout_tui.learning.count import metrics
from binscout_tui.learning.count.area import AreaFit
from binscout_tui.learning.count.peaks import Peaks
from binscout_tui.learning.count.rules import LEAST_DOUBT, CountRules, decide, gap, usual_gap, whole

SAID, TRUTH = [0, 3, 7, 30], [0, 4, 7, 24]


def test_figures_by_hand() -> None:
    found = {name: figure["value"] for name, figure in metrics.figures(SAID, TRUTH, list("abcd")).items()}
    assert found["mae"] == pytest.approx(7 / 4)
    assert found["rmse"] == pytest.approx((37 / 4) ** 0.5)
    assert found["exact"] == 0.5
    assert found["within1"] == 0.75
    assert found["bias"] == pytest.approx(5 / 4)
    assert found["nae"] == pytest.approx((1 / 4 + 6 / 24) / 4)


def test_without_photos_no_figure_is_zero() -> None:
    assert metrics.figures([], [], [])["mae"] == {"value": None, "ci95": None}


def test_intervals_are_drawn_by_group() -> None:
    said, truth = [5] * 10 + [0] * 10, [0] * 20
    by_photo = metrics.figures(said, truth, [str(i) for i in range(20)])["mae"]["ci95"]
    by_session = metrics.figures(said, truth, ["a"] * 10 + ["b"] * 10)["mae"]["ci95"]
    assert by_session == [0.0, 5.0]
    assert 0 < by_photo[0] < 2.5 < by_photo[1] < 5
    assert metrics.figures(said, truth, ["a"] * 20)["mae"]["ci95"] is None  # one group tells nothing of others


def test_a_few_photos_that_are_all_right_prove_little() -> None:
    found = metrics.figures([1, 2, 3], [1, 2, 3], list("abc"))
    assert found["exact"]["value"] == 1
    assert found["exact"]["ci95"] == pytest.approx([0.4385, 1.0], abs=1e-3)
    assert found["mae"]["ci95"] == [0.0, 0.0]


def test_parts() -> None:
    buckets = metrics.by_bucket(SAID, TRUTH)
    assert {name: part["n"] for name, part in buckets.items()} == {"0": 1, "1-5": 1, "6-20": 1, ">20": 1}
    assert buckets[">20"]["bias"] == 6
    assert metrics.by_bucket([1], [3]).keys() == {"1-5"}
    assert metrics.by_family(SAID, TRUTH, ["nut", "nut", None, "bolt"])["nut"] == pytest.approx(
        {"n": 2, "mae": 0.5, "exact": 0.5, "within1": 1.0, "bias": -0.5}
    )
    assert metrics.false_alarms([0, 2, 1], [0, 0, 1]) == {"n": 2, "seen_some": 1}


@pytest.mark.parametrize(
    ("said", "hits"),
    [
        ([], 0),
        ([(0, 0)], 1),
        ([(0, 0), (0, 1)], 1),  # each thing is hit once
        ([(0, 2.1)], 0),
        ([(0, 1), (10, 1)], 2),
    ],
)
def test_points_hit_within_their_reach(said: list[tuple[float, float]], hits: int) -> None:
    truth = np.array([(0.0, 0.0), (10.0, 0.0)])
    assert metrics.match_points(np.array(said, np.float64).reshape(-1, 2), truth, np.array([2.0, 2.0])) == hits


def test_point_scores() -> None:
    assert metrics.point_scores(2, 4, 2) == {
        "said": 4, "truth": 2, "hits": 2, "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3)
    }  # fmt: skip
    assert metrics.point_scores(0, 0, 0)["f1"] is None


RULES = CountRules(
    side=100, width=20.0, threshold=0.4, area=AreaFit(method="colour", slope=10.0, intercept=0.0), doubt=0.9
)
SHARES = {"colour": 0.2, "darker": 0.0, "brighter": 0.0}


def test_peaks_above_the_threshold_are_counted_and_area_only_doubts() -> None:
    peaks = Peaks(np.array([[1.0, 2.0], [5.0, 6.0], [8.0, 8.0]]), np.array([0.9, 0.5, 0.3]))
    decision = decide(RULES, peaks, SHARES)
    assert (decision.count, decision.by_area, decision.doubt) == (2, 2.0, False)
    assert decision.points.tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert decision.raw == pytest.approx(1 + 0.75 + 0.25)
    assert decide(RULES, peaks, {**SHARES, "colour": 0.9}).doubt


def test_a_model_without_a_network_counts_by_area() -> None:
    decision = decide(CountRules(side=100, width=20.0, threshold=None, area=RULES.area, doubt=0.9), None, SHARES)
    assert (decision.count, decision.raw, len(decision.points)) == (2, 2.0, 0)


def test_roundings_and_gaps() -> None:
    assert [whole(raw) for raw in (0.4, 0.5, 1.5, 2.5)] == [0, 1, 2, 3]
    assert gap(8, 8) == 0
    assert gap(8, 2) == gap(2, 8) == 2
    assert usual_gap([], []) == usual_gap([5], [5]) == LEAST_DOUBT
    assert usual_gap([8] * 20, [2] * 20) == 2
