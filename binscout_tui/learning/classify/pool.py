"""Several opinions of the same pictures become one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from binscout_tui.learning.metrics import Floats, Ints, fit_pool, pooled, tempered, unknown_threshold
from binscout_tui.learning.splits import Split

JUDGED: tuple[Split, ...] = ("test", "val")
Scores = dict[Split, Floats]
LEAST_WEIGHT = 0.01  # an opinion with less is left out of the model


@dataclass(frozen=True, slots=True)
class Pool:
    """Probabilities (n, C) of each part by name, and how they become the answer of the model.

    `weights` sum to 1, in the order of `parts`; `threshold` is the confidence below which an answer is doubtful.
    """

    parts: Mapping[str, Scores]
    weights: Mapping[str, float]
    temperature: float
    threshold: float

    def pooled(self, split: Split) -> Floats:
        """All parts together, before the temperature."""
        return pooled([scores[split] for scores in self.parts.values()], list(self.weights.values()))

    def scores(self, split: Split) -> Floats:
        """What the finished model says."""
        return tempered(self.pooled(split), self.temperature)


def weigh(parts: Mapping[str, Scores], truth: Ints) -> Pool:
    """Weights, temperature and threshold fitted on the validation labels `truth`; usually all parts count the same."""
    weights, _ = _fitted(parts, truth)
    kept = {name: scores for name, scores in parts.items() if weights[name] >= LEAST_WEIGHT}
    weights, temperature = _fitted(kept, truth)
    pool = Pool(kept, weights, temperature, 0.0)
    return Pool(kept, weights, temperature, unknown_threshold(pool.scores("val"), truth))


def _fitted(parts: Mapping[str, Scores], truth: Ints) -> tuple[dict[str, float], float]:
    usual = [1 / len(parts)] * len(parts)
    weights, temperature = fit_pool([scores["val"] for scores in parts.values()], truth, usual)
    return dict(zip(parts, weights, strict=True)), temperature
