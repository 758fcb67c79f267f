"""Checks of people among the images: how many, and that what is left tells nothing."""

from __future__ import annotations

import random

import pytest

from binscout_tui.labelling.checks import APART, Budget


def test_the_shares_are_of_everything_that_is_shown() -> None:
    budget = Budget(0.02, 0.03, random.Random(1))
    budget.plan(9_500 + APART, golds=1_000)
    assert budget.left["again"] == pytest.approx(300, abs=1)
    assert budget.left["gold"] == pytest.approx(200, abs=1)
    budget.plan(10_000, golds=7)
    assert budget.left["gold"] == 7
    budget.plan(20, golds=0)
    assert budget.total == 0


def test_all_checks_come_and_every_answer_leaves_one_less() -> None:
    budget, ordinary = Budget(0.1, 0.2, random.Random(3)), 700
    budget.plan(ordinary, golds=1_000)
    shown = {"gold": 0, "again": 0, None: 0}
    planned, left = dict(budget.left), ordinary + budget.total
    while ordinary:
        (kind,) = budget.draw(1, ordinary)
        shown[kind] += 1
        if kind is None:
            ordinary -= 1
        else:
            budget.spend(kind)
        assert ordinary + budget.total == left - 1
        left -= 1
    assert shown[None] == 700
    assert 0.8 * planned["again"] <= shown["again"] <= planned["again"]
    assert 0.8 * planned["gold"] <= shown["gold"] <= planned["gold"]


def test_drawing_ahead_spends_nothing_and_never_draws_more_than_there_are() -> None:
    budget = Budget(0.4, 0.0, random.Random(5))
    budget.plan(1_000, golds=3)
    assert sum(kind == "gold" for kind in budget.draw(5_000, 1_000)) <= 3
    assert budget.left["gold"] == 3
    budget.spend("gold")
    budget.spend("gold", -1)
    assert budget.left["gold"] == 3
