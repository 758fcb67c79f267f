"""The figures of a finished training, in one dict that becomes `report.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.config import DatasetItem
from binscout_tui.learning.metrics import Floats, by_family, describe
from binscout_tui.learning.samples import Samples
from binscout_tui.learning.splits import Split

WORST = 20


def evaluation(scores: Floats, samples: Samples, split: Split, classes: list[str]) -> dict[str, Any]:
    """Everything worth knowing about calibrated `scores` (n, C) for the usable rows of `split`.

    Unreadable images are counted beside the figures, images with labels the model was never shown are listed by label;
    neither is part of the accuracy.
    """
    rows = samples.rows[split]
    truth = samples.labels[rows]
    items = [samples.items[index] for index in rows]
    figures = describe(scores, truth, classes)
    unreadable = samples.unreadable_in(split)
    figures["unreadable"] = len(unreadable)
    figures["unreadable_images"] = unreadable[:WORST]
    figures["labels_not_trained"] = sorted({i.label for i in samples.items if i.split == split} - set(classes))
    families = by_family(scores.argmax(axis=1), truth, [item.family for item in items])
    if families:
        figures["by_family"] = families
    figures["worst"] = worst_examples(scores, truth, items, classes)
    return figures


def worst_examples(
    scores: Floats, truth: NDArray[np.int64], items: Sequence[DatasetItem], classes: list[str]
) -> list[dict[str, Any]]:
    """The wrong answers that the model is surest of, surest first."""
    predicted = scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != truth)
    order = wrong[np.argsort(-scores[wrong, predicted[wrong]], kind="stable")][:WORST]
    return [
        {
            "path": items[index].path,
            "sha256": items[index].sha256,
            "label": classes[truth[index]],
            "predicted": classes[predicted[index]],
            "score": float(scores[index, predicted[index]]),
        }
        for index in order
    ]


def summary(figures: dict[str, Any]) -> dict[str, Any]:
    """The few numbers of an evaluation that fit on a card or one line."""
    kept = {name: figures[name] for name in ("n", "accuracy", "ci95", "ece", "nll")}
    if "by_family" in figures:
        kept["by_family"] = {name: part["accuracy"] for name, part in figures["by_family"].items()}
    return kept
