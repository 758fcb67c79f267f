"""A linear classifier on classical descriptors: the baseline, and a second opinion beside a network.

A small network from scratch and hand-made descriptors are wrong about different pictures, so together they are right
more often than either. The fitted numbers are plain arrays: no pickle is needed to keep them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.features import Features, describe_pictures
from binscout_tui.learning.metrics import Floats, Ints, softmax
from binscout_tui.learning.pixels import Pixels

STRENGTHS = (0.001, 0.01, 0.03, 0.1, 1.0)  # of regularisation, weakest last; the best on the validation images is taken
MOST_IMAGES = 5000  # a linear model learns little more from the rest, and its fit would take minutes
ROUNDS = 200
CHUNK = 256
NEVER = -30.0  # the bias of a class without a training picture


@dataclass(frozen=True, slots=True)
class LinearOpinion:
    """Softmax regression on standardised descriptors, averaged over `turns` quarter turns of the picture.

    `mean` and `scale` are (D,), `weight` (C, D), `bias` (C,), all float32.
    """

    mean: Features
    scale: Features
    weight: Features
    bias: Features
    turns: int

    def probabilities(self, pixels: Pixels) -> Floats:
        """(N, C) for (N, S, S, 3) uint8 squares."""
        parts = [self._chunk(pixels[start : start + CHUNK]) for start in range(0, len(pixels), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.bias)))

    def _chunk(self, pixels: Pixels) -> Floats:
        logits = (
            (features - self.mean) / self.scale @ self.weight.T + self.bias
            for features in turned_features(pixels, self.turns)
        )
        return np.mean([softmax(part.astype(np.float64)) for part in logits], axis=0)  # type: ignore[no-any-return]

    def arrays(self) -> dict[str, Features]:
        """The fitted numbers by name."""
        return {"mean": self.mean, "scale": self.scale, "weight": self.weight, "bias": self.bias}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Features], turns: int) -> LinearOpinion:
        """The opinion that `arrays` gave; KeyError or ValueError when they do not belong together."""
        opinion = cls(arrays["mean"], arrays["scale"], arrays["weight"], arrays["bias"], turns)
        if opinion.weight.shape != (len(opinion.bias), len(opinion.mean)) or opinion.scale.shape != opinion.mean.shape:
            raise ValueError("the arrays of the linear opinion differ in size")
        return opinion


def turned_features(pixels: Pixels, turns: int) -> list[Features]:
    """The descriptors of the first `turns` quarter turns of `pixels`."""
    return [describe_pictures(np.ascontiguousarray(np.rot90(pixels, turn, (1, 2)))) for turn in range(turns)]


def fit_linear(
    pixels: Pixels,
    labels: Ints,
    train: NDArray[np.intp],
    val: NDArray[np.intp],
    classes: int,
    turns: int = 1,
    seed: int = 0,
) -> tuple[LinearOpinion, float]:
    """Learn from the rows `train`, each in `turns` quarter turns; the opinion best on `val`, and its strength."""
    if len(train) > MOST_IMAGES:
        train = np.sort(np.random.default_rng(seed).choice(train, MOST_IMAGES, replace=False))
    chunks = [turned_features(pixels[train[i : i + CHUNK]], turns) for i in range(0, len(train), CHUNK)]
    features = np.concatenate([np.concatenate([chunk[turn] for chunk in chunks]) for turn in range(turns)])
    truth = np.tile(labels[train], turns)
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1
    features = (features - mean) / scale
    best: tuple[float, float, LinearOpinion] | None = None
    for strength in STRENGTHS:
        weight, bias = _regress(features, truth, classes, strength)
        opinion = LinearOpinion(mean, scale, weight, bias, turns)
        right = float((opinion.probabilities(pixels[val]).argmax(axis=1) == labels[val]).mean()) if len(val) else 0.0
        if best is None or right > best[0]:
            best = (right, strength, opinion)
    assert best is not None
    return best[2], best[1]


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
