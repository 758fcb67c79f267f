"""Figures of a classifier from its probabilities. numpy only; labels are class numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TINY = 1e-12
WEIGHT_PRIOR = 0.2  # how far from the usual the weight of an opinion is expected to be
TOTAL_PRIOR = 0.5  # and one over the temperature from 1
POOL_ROUNDS = 300


def accuracy(predicted: Ints, truth: Ints) -> float:
    """Fraction right; NaN without images."""
    return float((predicted == truth).mean()) if len(truth) else math.nan


def wilson(right: int, total: int, z: float = 1.96) -> list[float]:
    """95 % confidence interval of a fraction (Wilson 1927); the whole of 0..1 without images."""
    if total == 0:
        return [0.0, 1.0]
    share = right / total
    centre = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return [max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)]


def softmax(logits: Floats) -> Floats:
    """(N, C) probabilities of (N, C) logits."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities whose log is divided by `temperature` (Guo et al. 2017); above 1 makes them less sure."""
    return softmax(np.log(probabilities + TINY) / temperature)


def mean_nll(probabilities: Floats, truth: Ints) -> float:
    """Mean negative log likelihood in nats."""
    return float(-np.log(probabilities[np.arange(len(truth)), truth] + TINY).mean()) if len(truth) else math.nan


def expected_calibration_error(probabilities: Floats, truth: Ints, bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over equal bins of confidence, weighted by their images."""
    if not len(truth):
        return math.nan
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = (
        abs(right[place == index].mean() - confidence[place == index].mean()) * (place == index).mean()
        for index in range(bins)
        if (place == index).any()
    )
    return float(sum(gaps))


def pooled(opinions: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Several opinions (N, C) as one: their geometric mean with these weights, which sum to 1."""
    return softmax(_weighted(np.log(np.stack(opinions) + TINY), np.asarray(weights, np.float64)))


def _weighted(logs: Floats, weights: Floats) -> Floats:
    return np.asarray(np.tensordot(weights, logs, axes=1))


def fit_pool(opinions: Sequence[Floats], truth: Ints, usual: Sequence[float]) -> tuple[list[float], float]:
    """The weights of the opinions (0 or more, sum 1) and the temperature (0.25 to 4) that fit `truth` best.

    Posterior mode, by projected gradient descent, under normal priors around the `usual` weights and a temperature of
    1: a handful of validation images, all right by luck or by being easy, must neither silence an opinion nor make
    the model certain of everything. Weights divided by the temperature are what is fitted; in them it is convex.
    """
    logs, prior = np.log(np.stack(opinions) + TINY), np.asarray(usual, np.float64)
    share, step = prior.copy(), 1.0
    best = _misfit(logs, share, truth, prior)
    for _ in range(POOL_ROUNDS):
        slope = _slope(logs, share, truth, prior)
        while step > 1e-9:
            tried = np.maximum(share - step * slope, 0)
            misfit = _misfit(logs, tried, truth, prior) if tried.sum() > 0 else math.inf
            if misfit < best:
                break
            step /= 2
        if not misfit < best:
            break
        share, best, step = tried, misfit, step * 4
    return (share / share.sum()).tolist(), float(np.clip(1 / share.sum(), 0.25, 4))


def _misfit(logs: Floats, share: Floats, truth: Ints, prior: Floats) -> float:
    likely = mean_nll(softmax(_weighted(logs, share)), truth) * len(truth) if len(truth) else 0.0
    away = (share - prior * share.sum()) / WEIGHT_PRIOR
    return likely + float((away**2).sum() / 2 + ((share.sum() - 1) / TOTAL_PRIOR) ** 2 / 2)


def _slope(logs: Floats, share: Floats, truth: Ints, prior: Floats) -> Floats:
    expected = softmax(_weighted(logs, share))
    expected[np.arange(len(truth)), truth] -= 1
    away = (share - prior * share.sum()) / WEIGHT_PRIOR**2
    drawn = away - (away * prior).sum() + (share.sum() - 1) / TOTAL_PRIOR**2
    return np.asarray((logs * expected).sum(axis=(1, 2)) + drawn)


def unknown_threshold(probabilities: Floats, truth: Ints, keep: float = 0.95) -> float:
    """The confidence that a share `keep` of the rightly recognised images reach; 0 without any."""
    right = probabilities.argmax(axis=1) == truth
    return float(np.quantile(probabilities.max(axis=1)[right], 1 - keep)) if right.any() else 0.0


def confusion_matrix(predicted: Ints, truth: Ints, classes: int) -> Ints:
    """(C, C) counts, rows are the truth."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def describe(probabilities: Floats, truth: Ints, classes: list[str]) -> dict[str, Any]:
    """n, accuracy with interval, recall and support a class, confusion, calibration error, likelihood."""
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    matrix = confusion_matrix(predicted, truth, len(classes))
    support = matrix.sum(axis=1)
    per_class = {
        name: {"recall": int(matrix[i, i]) / int(support[i]) if support[i] else None, "support": int(support[i])}
        for i, name in enumerate(classes)
    }
    return {
        "n": len(truth),
        "accuracy": accuracy(predicted, truth),
        "ci95": wilson(int((predicted == truth).sum()), len(truth)),
        "per_class": per_class,
        "confusion": {"labels": classes, "matrix": matrix.tolist()},
        "ece": expected_calibration_error(probabilities, truth),
        "nll": mean_nll(probabilities, truth),
    }


def by_family(predicted: Ints, truth: Ints, families: list[str | None]) -> dict[str, dict[str, Any]]:
    """n, accuracy and interval of the images of each family; images without one are left out."""
    figures = {}
    for name in sorted({family for family in families if family is not None}):
        inside = np.array([family == name for family in families])
        right = int((predicted[inside] == truth[inside]).sum())
        total = int(inside.sum())
        figures[name] = {"n": total, "accuracy": right / total, "ci95": wilson(right, total)}
    return figures
