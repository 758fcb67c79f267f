"""Figures of a classifier from its probabilities. numpy only; labels are class numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TINY = 1e-12
USUAL_WEIGHT = 0.4  # of the second opinion, where the validation images have no view


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


def pooled(first: Floats, second: Floats, weight: float) -> Floats:
    """Two opinions (N, C) as one: the weighted geometric mean, `weight` being the share of the second."""
    return softmax((1 - weight) * np.log(first + TINY) + weight * np.log(second + TINY))


def fit_pool(first: Floats, second: Floats, truth: Ints) -> tuple[float, float]:
    """The weight of the second opinion (0 to a half) and the temperature (0.25 to 4) that fit `truth` best.

    Posterior mode under weak normal priors: a handful of validation images, all right by luck or by being easy,
    must neither silence the second opinion nor make the model certain of everything.
    """
    fits = []
    for weight in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
        both = pooled(first, second, weight)
        for log_temperature in np.linspace(-math.log(4), math.log(4), 57):
            misfit = mean_nll(tempered(both, math.exp(log_temperature)), truth) * len(truth) if len(truth) else 0.0
            doubt = ((weight - USUAL_WEIGHT) / 0.2) ** 2 / 2 + (log_temperature / 0.5) ** 2 / 2
            fits.append((misfit + doubt, weight, math.exp(log_temperature)))
    _, weight, temperature = min(fits)
    return weight, temperature


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
