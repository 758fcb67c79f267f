"""Kappa and accuracy against an independent implementation, a published example and resampling."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from binscout_tui.learning.agreement import accuracy_by_person, agreement

ANSWERS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60)


@given(ANSWERS)
def test_kappa_is_that_of_scikit_learn(answers: list[tuple[str, str]]) -> None:
    first, second = zip(*answers, strict=True)
    assume(len({*first, *second}) > 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = cohen_kappa_score(first, second)
    found = agreement(first, second)
    assert found.kappa == pytest.approx(expected, abs=1e-9)
    assert found.observed == pytest.approx(np.mean([a == b for a, b in answers]))
    assert found.low is not None
    assert found.high is not None
    assert -1 <= found.low <= found.kappa <= found.high <= 1


def spelled(table: list[list[int]]) -> tuple[list[int], list[int]]:
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return [i for i, _ in pairs], [j for _, j in pairs]


def test_the_interval_is_what_resampling_gives() -> None:
    first, second = (np.array(one) for one in spelled([[88, 10, 2], [14, 40, 6], [18, 10, 12]]))
    found = agreement(first.tolist(), second.tolist())
    random = np.random.default_rng(0)
    again = []
    for _ in range(1500):
        rows = random.integers(0, len(first), len(first))
        again.append(agreement(first[rows].tolist(), second[rows].tolist()).kappa)
    low, high = np.quantile(np.array(again, float), [0.025, 0.975])
    assert found.kappa == pytest.approx((0.70 - 0.41) / 0.59)
    assert found.low == pytest.approx(low, abs=0.015)
    assert found.high == pytest.approx(high, abs=0.015)


def test_nobody_and_always_the_same_have_no_kappa() -> None:
    assert agreement([], []).kappa is None
    same = agreement(["m3"] * 9, ["m3"] * 9)
    assert (same.observed, same.kappa, same.low) == (1.0, None, None)
    with pytest.raises(ValueError, match="length"):
        agreement(["m3"], [])


def test_full_agreement_and_full_disagreement() -> None:
    answers = ["m3", "m4"] * 20
    assert agreement(answers, answers).kappa == pytest.approx(1)
    assert agreement(answers, answers[::-1]).kappa == pytest.approx(-1)


def test_accuracy_of_each_person_with_its_interval() -> None:
    answers = [(7, "m3", "m3")] * 8 + [(7, "m3", "m4")] * 2 + [(9, None, "m4")]
    found = accuracy_by_person(answers)
    assert list(found) == [7, 9]
    assert (found[7].n, found[7].right, found[7].share) == (10, 8, 0.8)
    assert (found[7].low, found[7].high) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))
    assert (found[9].share, found[9].low) == (0.0, 0.0)
    assert accuracy_by_person([]) == {}
