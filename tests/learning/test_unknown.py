"""What is unknown: the rule, its figures against values worked out by hand, and classes left out in turn."""

from __future__ import annotations

import numpy as np
import pytest

from binscout_tui.learning.classify import unknown
from binscout_tui.learning.classify.unknown import Familiar, Shown, familiarise, fit_rule, leave_one_out, strangeness


def around(direction: int, number: int, seed: int, width: int = 20) -> np.ndarray:
    """Rows around a point of their own for each direction."""
    middle = np.random.default_rng([99, direction]).normal(size=width) * 2
    return (middle + np.random.default_rng(seed).normal(size=(number, width)) * 0.3).astype(np.float32)


def test_auroc_and_fpr95_by_hand() -> None:
    known, strange = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 5.0])
    assert unknown.auroc(known, strange) == pytest.approx((1.5 + 4) / 8)
    assert unknown.auroc(known, known) == 0.5
    assert unknown.fpr95(np.arange(101.0), np.array([94.0, 95.0, 96.0, 200.0])) == 0.5


def test_nearest_counts_neighbours_and_takes_the_farthest_where_there_are_fewer() -> None:
    bank = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    row = np.array([[1, 0]], np.float32)
    assert [float(unknown.nearest(row, bank, k)[0]) for k in (1, 2, 3, 9)] == [0, 1, 2, 2]
    assert unknown.nearest(row[:0], bank, 1).shape == (0,)


def test_what_lies_elsewhere_is_far() -> None:
    train = np.concatenate([around(0, 30, 1), around(1, 30, 2)])
    found = familiarise(train)
    near, far = found.distance(around(0, 20, 3), 1), found.distance(around(5, 20, 4), 1)
    assert near.max() < far.min()
    again = Familiar.from_arrays(found.arrays())
    assert np.array_equal(again.distance(train, 2), found.distance(train, 2))
    with pytest.raises(ValueError, match="differ in size"):
        Familiar.from_arrays({**found.arrays(), "mean": found.mean[:3]})


def test_the_rule_keeps_95_per_cent_of_the_validation_pictures() -> None:
    dice = np.random.default_rng(0)
    distance, doubts = dice.random(200), dice.normal(size=200)
    rule = fit_rule("circles", distance, doubts)
    assert rule is not None
    assert (strangeness(rule, distance, doubts) <= rule.threshold).mean() == pytest.approx(0.95, abs=0.005)
    assert strangeness(rule, np.array([5.0]), np.array([3.0]))[0] > rule.threshold
    assert fit_rule("circles", distance[:0], doubts[:0]) is None


def test_doubt_grows_as_the_best_class_gets_less_likely() -> None:
    said = np.array([[0.99, 0.01, 0.0], [0.6, 0.3, 0.1], [0.34, 0.33, 0.33]])
    doubts = unknown.doubt(said)
    assert (np.diff(doubts) > 0).all()
    assert doubts[1] == pytest.approx(np.log(0.4 / 0.6))


def shown(number: int, seed: int, classes: int = 4) -> Shown:
    rows = np.concatenate([around(direction, number, seed * 10 + direction) for direction in range(classes)])
    return Shown(rows, np.repeat(np.arange(classes), number))


def test_classes_left_out_are_found_where_they_lie_apart() -> None:
    figures = leave_one_out(shown(30, 1), shown(20, 2), shown(20, 3), list("abcd"))
    assert figures is not None
    assert (figures["classes"], figures["n"]) == (4, 80)
    assert figures["auroc"] > 0.99
    assert figures["fpr95"] < 0.05
    assert figures["caught"] > 0.95
    assert figures["kept"] > 0.85
    assert set(figures) >= {"auroc_distance", "auroc_doubt", "fpr95_distance", "fpr95_doubt"}


def test_classes_that_look_alike_are_not_found() -> None:
    dice = np.random.default_rng(0)
    train, val, test = (
        Shown(one.rows, dice.permutation(one.labels)) for one in (shown(30, 1), shown(20, 2), shown(20, 3))
    )
    figures = leave_one_out(train, val, test, list("abcd"))
    assert figures is not None
    assert 0.35 < figures["auroc"] < 0.65


def test_two_classes_or_nothing_to_judge_give_no_figures() -> None:
    two = shown(10, 1, 2)
    assert leave_one_out(two, two, two, ["a", "b"]) is None
    three = shown(10, 1, 3)
    assert leave_one_out(three, three, Shown(three.rows[:0], three.labels[:0]), list("abc")) is None
