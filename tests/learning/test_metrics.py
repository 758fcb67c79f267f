"""Figures against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from binscout_tui.learning import metrics

SCORES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
TRUTH = np.array([0, 1, 1, 0])


def test_describe() -> None:
    figures = metrics.describe(SCORES, TRUTH, ["a", "b"])
    assert figures["n"] == 4
    assert figures["accuracy"] == 0.75
    assert figures["per_class"] == {"a": {"recall": 1.0, "support": 2}, "b": {"recall": 0.5, "support": 2}}
    assert figures["confusion"]["matrix"] == [[2, 0], [1, 1]]
    assert figures["nll"] == pytest.approx(-np.log([0.9, 0.2, 0.7, 0.6]).mean())
    assert figures["ece"] == pytest.approx((0.1 + 0.8 + 0.3 + 0.4) / 4)


def test_an_empty_split_has_no_accuracy() -> None:
    figures = metrics.describe(np.zeros((0, 2)), np.zeros(0, np.int64), ["a", "b"])
    assert math.isnan(figures["accuracy"])
    assert figures["ci95"] == [0.0, 1.0]
    assert figures["per_class"]["a"] == {"recall": None, "support": 0}


@pytest.mark.parametrize(
    ("right", "total", "low", "high"), [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0)]
)
def test_wilson(right: int, total: int, low: float, high: float) -> None:
    assert metrics.wilson(right, total) == pytest.approx([low, high], abs=1e-3)


def test_temperature_cools_an_overconfident_model() -> None:
    dice = np.random.default_rng(0)
    truth = dice.integers(0, 3, 3000)
    honest = metrics.softmax(np.eye(3)[truth] + dice.gumbel(size=(3000, 3)))
    truth = np.array([dice.choice(3, p=row) for row in honest])
    boasting = metrics.tempered(honest, 1 / 3)
    _, temperature = metrics.fit_pool([boasting], truth, [1.0])
    assert temperature == pytest.approx(3, rel=0.15)
    before = metrics.expected_calibration_error(boasting, truth)
    assert metrics.expected_calibration_error(metrics.tempered(boasting, temperature), truth) < before / 2


def test_threshold_keeps_most_right_answers() -> None:
    scores = np.array([[1 - i / 200, i / 200] for i in range(100)])
    threshold = metrics.unknown_threshold(scores, np.zeros(100, np.int64))
    assert (scores.max(axis=1) >= threshold).mean() == pytest.approx(0.95, abs=0.01)
    assert metrics.unknown_threshold(scores, np.ones(100, np.int64)) == 0.0


def test_by_family_leaves_out_images_without_one() -> None:
    figures = metrics.by_family(np.array([0, 1, 1]), np.array([0, 0, 1]), ["x", "x", None])
    assert figures == {"x": {"n": 2, "accuracy": 0.5, "ci95": metrics.wilson(1, 2)}}


def test_an_opinion_counts_only_when_it_helps() -> None:
    dice = np.random.default_rng(1)
    truth = dice.integers(0, 4, 400)
    first, second, third = (metrics.softmax(1.5 * np.eye(4)[truth] + dice.normal(size=(400, 4))) for _ in range(3))
    noise = metrics.softmax(dice.normal(size=(400, 4)))
    weights, temperature = metrics.fit_pool([first, second, third], truth, [1 / 3] * 3)
    assert sum(weights) == pytest.approx(1)
    assert min(weights) > 0.2
    both = metrics.tempered(metrics.pooled([first, second, third], weights), temperature)
    _, alone = metrics.fit_pool([first], truth, [1.0])
    assert metrics.mean_nll(both, truth) < metrics.mean_nll(metrics.tempered(first, alone), truth)
    assert metrics.fit_pool([first, noise], truth, [0.5, 0.5])[0][1] <= 0.1
    assert np.allclose(metrics.pooled([first, second], [1.0, 0.0]), first)


def test_no_other_weights_fit_better() -> None:
    dice = np.random.default_rng(2)
    truth = dice.integers(0, 3, 60)
    said = [metrics.softmax(k * np.eye(3)[truth] + dice.normal(size=(60, 3))) for k in (1.0, 2.0)]
    weights, temperature = metrics.fit_pool(said, truth, [0.5, 0.5])
    logs, prior = np.log(np.stack(said)), np.array([0.5, 0.5])
    best = metrics._misfit(logs, np.array(weights) / temperature, truth, prior)
    for first in np.linspace(0, 2, 41):
        for second in np.linspace(0, 2, 41):
            assert metrics._misfit(logs, np.array([first, second]), truth, prior) >= best - 1e-6


def test_a_few_easy_validation_images_change_little() -> None:
    sure = np.array([[0.99, 0.01]] * 4)
    unsure = np.array([[0.6, 0.4]] * 4)
    weights, temperature = metrics.fit_pool([sure, unsure], np.zeros(4, np.int64), [0.6, 0.4])
    assert weights[1] >= 0.3
    assert temperature > 0.5
    weights, temperature = metrics.fit_pool([sure[:0], unsure[:0]], np.zeros(0, np.int64), [0.6, 0.4])
    assert [*weights, temperature] == pytest.approx([0.6, 0.4, 1.0])
