"""Pictures of something that no class is for: how they are recognised, and how well that works.

A picture is strange when it lies far from everything that was trained on (Sun et al. 2022, nearest neighbours in the
space of features) and when the classifier doubts its own best answer; either alone misses more.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.card import UnknownRule
from binscout_tui.learning.features import Features
from binscout_tui.learning.metrics import TINY, Floats, Ints

NEIGHBOUR = 1
DIMENSIONS = 128  # that features are projected to
MOST_PICTURES = 5000  # that are kept as what is familiar
KEPT = 0.95  # of the validation pictures stay known
MOST_CLASSES = 40  # that are left out in turn
LENGTH = 10.0  # root mean square of projected features for which STRENGTH was chosen
STRENGTH, ROUNDS = 0.1, 100
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Familiar:
    """What training pictures look like: `mean`, `scale` (D,) and `directions` (D, d) project to `bank` (n, d).

    The rows of the bank have length 1; all float32.
    """

    mean: Features
    scale: Features
    directions: Features
    bank: Features

    def project(self, features: Features) -> Features:
        """(N, d) of length 1 for features (N, D)."""
        return unit(np.asarray((features - self.mean) / self.scale @ self.directions, np.float32))

    def distance(self, features: Features, neighbour: int) -> Floats:
        """1 - cosine to the `neighbour`-th nearest training picture (the farthest where there are fewer), (N,)."""
        return nearest(self.project(features), self.bank, neighbour)

    def arrays(self) -> dict[str, Features]:
        """The numbers by name."""
        return {"mean": self.mean, "scale": self.scale, "directions": self.directions, "bank": self.bank}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Features]) -> Familiar:
        """What `arrays` gave; KeyError or ValueError when they do not belong together."""
        found = cls(arrays["mean"], arrays["scale"], arrays["directions"], arrays["bank"])
        if found.directions.shape != (len(found.mean), found.bank.shape[1]) or not len(found.bank):
            raise ValueError("the arrays of what is familiar differ in size")
        return found


def unit(rows: Features) -> Features:
    """Each row over its length."""
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + TINY), np.float32)


def nearest(rows: Features, bank: Features, neighbour: int) -> Floats:
    """1 - cosine of each row to the `neighbour`-th nearest of `bank`; both have rows of length 1."""
    place = max(len(bank) - neighbour, 0)
    parts = [
        1 - np.partition(rows[start : start + CHUNK] @ bank.T, place, axis=1)[:, place]
        for start in range(0, len(rows), CHUNK)
    ]
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


def familiarise(features: Features, seed: int = 0) -> Familiar:
    """Learn from the features (n, D) of training pictures what is familiar."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if len(features) > MOST_PICTURES:
        features = features[np.sort(np.random.default_rng(seed).choice(len(features), MOST_PICTURES, replace=False))]
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.asarray(scale + 1e-3 * scale.max() + 1e-9, np.float32)  # nearly constant columns stay small
    levelled = (features - mean) / scale
    with threadpool_limits(1):  # more threads only wait for each other at this size
        _, _, rows = randomized_svd(levelled, min(DIMENSIONS, *levelled.shape), n_iter=3, random_state=0)
    directions = np.asarray(rows.T, np.float32)
    return Familiar(mean, scale, directions, unit(levelled @ directions))


def doubt(probabilities: Floats) -> Floats:
    """Log odds against the best class, (N,)."""
    best = probabilities.max(axis=1)
    return np.asarray(np.log(1 - best + TINY) - np.log(best + TINY))


def strangeness(rule: UnknownRule, distance: Floats, doubts: Floats) -> Floats:
    """(N,), higher is stranger."""
    far = (distance - rule.distance_mean) / rule.distance_spread
    return np.asarray(far + (doubts - rule.doubt_mean) / rule.doubt_spread)


def fit_rule(features: str, distance: Floats, doubts: Floats) -> UnknownRule | None:
    """The rule that keeps 95 % of these known pictures (validation); None without any."""
    if not len(distance):
        return None
    rule = UnknownRule(
        features=features,
        neighbour=NEIGHBOUR,
        distance_mean=float(distance.mean()),
        distance_spread=float(distance.std()) + 1e-6,
        doubt_mean=float(doubts.mean()),
        doubt_spread=float(doubts.std()) + 1e-6,
        threshold=0.0,
    )
    threshold = float(np.quantile(strangeness(rule, distance, doubts), KEPT))
    return msgspec.structs.replace(rule, threshold=threshold)


@dataclass(frozen=True, slots=True)
class Shown:
    """Projected features (n, d) of pictures and their class numbers (n,)."""

    rows: Features
    labels: Ints

    def of(self, chosen: NDArray[np.bool_]) -> Shown:
        """Those that are chosen."""
        return Shown(self.rows[chosen], self.labels[chosen])


def leave_one_out(train: Shown, val: Shown, test: Shown, classes: list[str]) -> dict[str, Any] | None:
    """How well a class is recognised as unknown that training never saw, over the classes left out in turn.

    For each, a linear head is trained on the projected features of the others, the rule is fitted on validation
    pictures of the others, and all test pictures are judged: `auroc` and `fpr95` (the share of unknown pictures that
    pass where 95 % of the known ones do) by distance, doubt and both, `caught` and `kept` at the rule's own threshold.
    Means over the classes. None with fewer than three classes, or nothing to judge on.
    """
    present = [number for number in range(len(classes)) if (test.labels == number).any() and number in train.labels]
    if len(np.unique(train.labels)) < 3 or not len(val.labels) or len(np.unique(test.labels)) < 2:
        return None
    step = max(1, len(present) // MOST_CLASSES)
    found = [one for number in present[::step] if (one := _without(number, train, val, test)) is not None]
    if not found:
        return None
    means = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    return {"classes": len(found), "n": len(test.labels), **means}


def _without(number: int, train: Shown, val: Shown, test: Shown) -> dict[str, float] | None:
    """The figures with one class left out of training."""
    others, known = train.of(train.labels != number), val.of(val.labels != number)
    head = _head(others)
    bank = unit(others.rows)

    def seen(pictures: Shown) -> tuple[Floats, Floats]:
        return nearest(unit(pictures.rows), bank, NEIGHBOUR), doubt(head.predict_proba(pictures.rows))

    rule = fit_rule("", *seen(known))
    if rule is None:
        return None
    distance, doubts = seen(test)
    both, strange = strangeness(rule, distance, doubts), test.labels == number
    figures = {}
    for name, score in (("", both), ("_distance", distance), ("_doubt", doubts)):
        figures[f"auroc{name}"] = auroc(score[~strange], score[strange])
        figures[f"fpr95{name}"] = fpr95(score[~strange], score[strange])
    caught = both > rule.threshold
    return {**figures, "caught": float(caught[strange].mean()), "kept": float(1 - caught[~strange].mean())}


def _head(shown: Shown) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # what 100 rounds have not settled changes no order
        return LogisticRegression(C=STRENGTH, max_iter=ROUNDS).fit(shown.rows, shown.labels)


def projected(familiar: Familiar, features: Features, labels: Ints) -> Shown:
    """Features (n, D) as `leave_one_out` takes them."""
    return Shown(familiar.project(features) * LENGTH, labels)


def auroc(known: Floats, strange: Floats) -> float:
    """The chance that a strange picture scores above a known one, ties counting half (Mann and Whitney 1947)."""
    ordered = np.sort(known)
    below = np.searchsorted(ordered, strange, "left") + np.searchsorted(ordered, strange, "right")
    return float(below.mean() / (2 * len(known)))


def fpr95(known: Floats, strange: Floats) -> float:
    """The share of strange pictures that pass for known where 95 % of the known ones do."""
    return float((strange <= np.quantile(known, KEPT)).mean())
