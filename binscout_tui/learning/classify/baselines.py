"""What a model must beat: the commonest class, and simple features."""

from __future__ import annotations

from typing import Any

import numpy as np

from binscout_tui.learning.classify.pool import JUDGED, Scores
from binscout_tui.learning.classify.report import evaluation
from binscout_tui.learning.classify.samples import Samples


def baselines(simple: Scores, strength: float, samples: Samples, classes: list[str]) -> dict[str, Any]:
    """`majority` and `simple_features`: their figures on the test split, and under `val` those on the other.

    Majority gives every image the shares of the classes in training; `simple` is what HOG and colour with logistic
    regression say of the pictures as they are, its regularisation `strength` chosen on val.
    """
    train, rows = samples.labels[samples.rows["train"]], samples.rows
    shares = np.bincount(train, minlength=len(classes)) / len(train)
    figures: dict[str, Any] = {"majority": {}, "simple_features": {"regularisation": strength}}
    for split in JUDGED:
        guesses = {"majority": np.tile(shares, (len(rows[split]), 1)), "simple_features": simple[split]}
        for name, scores in guesses.items():
            judged = evaluation(scores, samples, split, classes)
            del judged["worst"], judged["unreadable_images"]
            figures[name] |= judged if split == "test" else {"val": judged}
    return figures
