"""A linear classifier on features that are computed and not learned with it.

It is the baseline of every report, what answers beside a small network, and the head on a frozen one. The fitted
numbers are plain arrays: no pickle is needed to keep them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from binscout_tui.learning.features import Features
from binscout_tui.learning.metrics import Floats, Ints, mean_nll, softmax

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # of regularisation, weakest last; the best on validation is taken
ROUNDS = 200
NEVER = -30.0  # the bias of a class without a training picture
FEWEST_FOR_REGRESSION = 10  # pictures a class; below it the means of the classes say more
SHARPNESS = 10.0  # of prototypes, before the temperature is fitted


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Softmax regression on standardised features: `mean` and `scale` (D,), `weight` (C, D), `bias` (C,) float32."""

    mean: Features
    scale: Features
    weight: Features
    bias: Features

    def probabilities(self, views: Sequence[Features]) -> Floats:
        """(N, C) for the features (N, D) of each view of N pictures: the mean over the views."""
        logits = ((features - self.mean) / self.scale @ self.weight.T + self.bias for features in views)
        return np.mean([softmax(part.astype(np.float64)) for part in logits], axis=0)  # type: ignore[no-any-return]

    def unscaled(self) -> tuple[Features, Features]:
        """Weight (C, D) and bias (C,) of the same answer on features as they come."""
        weight = np.asarray(self.weight / self.scale, np.float32)
        return weight, np.asarray(self.bias - weight @ self.mean, np.float32)

    def arrays(self) -> dict[str, Features]:
        """The fitted numbers by name."""
        return {"mean": self.mean, "scale": self.scale, "weight": self.weight, "bias": self.bias}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Features]) -> LinearHead:
        """The head that `arrays` gave; KeyError or ValueError when they do not belong together."""
        head = cls(arrays["mean"], arrays["scale"], arrays["weight"], arrays["bias"])
        if head.weight.shape != (len(head.bias), len(head.mean)) or head.scale.shape != head.mean.shape:
            raise ValueError("the arrays of the linear head differ in size")
        return head


@dataclass(frozen=True, slots=True)
class Views:
    """Features (N, D) of each view of N pictures, and the class numbers (N,) of the pictures."""

    features: Sequence[Features]
    labels: Ints


def fit_head(train: Views, val: Views, classes: int) -> tuple[LinearHead, float]:
    """Multinomial logistic regression on all views of `train`; the head most likely on `val`, and its strength."""
    features, truth = np.concatenate(train.features), np.tile(train.labels, len(train.features))
    mean, scale = features.mean(axis=0), features.std(axis=0)
    # a column that hardly ever moves would be blown up into noise
    scale = np.where(scale < 1e-3 * scale.max(), max(float(scale.max()), 1e-12), scale).astype(np.float32)
    features = (features - mean) / scale
    best: tuple[float, float, LinearHead] | None = None
    for strength in STRENGTHS:
        head = LinearHead(mean, scale, *_regress(features, truth, classes, strength))
        misfit = mean_nll(head.probabilities(val.features), val.labels) if len(val.labels) else strength
        if best is None or misfit < best[0]:
            best = (misfit, strength, head)
    assert best is not None
    return best[2], best[1]


def fit_prototypes(train: Views, classes: int) -> LinearHead:
    """The mean direction of each class (Snell et al. 2017, with cosines), for classes with a handful of pictures.

    The length of a picture's features makes its answer more or less sure and never another one, so that a linear
    layer without bias can stand for the cosine; it is scaled for features of the usual length.
    """
    features, truth = np.concatenate(train.features), np.tile(train.labels, len(train.features))
    length = np.linalg.norm(features, axis=1, keepdims=True) + 1e-12
    sums = np.zeros((classes, features.shape[1]), np.float32)
    np.add.at(sums, truth, features / length)
    directions = sums / (np.linalg.norm(sums, axis=1, keepdims=True) + 1e-12)
    weight = np.asarray(directions * SHARPNESS / length.mean(), np.float32)
    bias = np.where(np.bincount(truth, minlength=classes) > 0, 0.0, NEVER).astype(np.float32)
    width = features.shape[1]
    return LinearHead(np.zeros(width, np.float32), np.ones(width, np.float32), weight, bias)


def _regress(features: Features, truth: Ints, classes: int, strength: float) -> tuple[Features, Features]:
    """(C, D) weights and (C,) biases; scikit-learn is imported here because only training needs it."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with warnings.catch_warnings(), threadpool_limits(1):  # more threads only wait for each other at this size
        warnings.simplefilter("ignore", ConvergenceWarning)  # what 200 rounds have not settled is not worth more
        model = LogisticRegression(C=strength, max_iter=ROUNDS).fit(features, truth)
    weight = np.zeros((classes, features.shape[1]), np.float32)
    bias = np.full(classes, NEVER, np.float32)
    if len(model.classes_) == 2:  # one row for the second class against the first
        weight[model.classes_[1]], bias[model.classes_] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return weight, bias
