"""The figures of a finished training, in one dict that becomes `report.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.classify.samples import Samples
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.metrics import TINY, Floats, by_family, describe
from binscout_tui.learning.splits import Split

WORST = 20
RESAMPLES = 500


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
    figures["figures"] = named_figures(figures, scores, truth)
    figures["worst"] = worst_examples(scores, truth, items, classes)
    return figures


def named_figures(described: dict[str, Any], scores: Floats, truth: NDArray[np.int64]) -> dict[str, Any]:
    """{name: {value, ci95}} as reports of all tasks have them."""
    predicted = scores.argmax(axis=1)
    return {
        "accuracy": {"value": described["accuracy"], "ci95": described["ci95"]},
        "macro_recall": macro_recall(predicted, truth),
        "ece": {"value": described["ece"], "ci95": None},
        "nll": {"value": described["nll"], "ci95": None},
    }


def macro_recall(predicted: NDArray[np.int64], truth: NDArray[np.int64]) -> dict[str, Any]:
    """The mean of the classes' recalls, with a bootstrap interval over the images."""
    if not len(truth):
        return {"value": None, "ci95": None}
    dice = np.random.default_rng(0)
    drawn = [
        _mean_recall(predicted[rows], truth[rows]) for rows in dice.integers(0, len(truth), (RESAMPLES, len(truth)))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": _mean_recall(predicted, truth), "ci95": [float(low), float(high)]}


def _mean_recall(predicted: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    support = np.bincount(truth)
    right = np.bincount(truth[predicted == truth], minlength=len(support))
    return float((right[support > 0] / support[support > 0]).mean())


def cases(scores: Floats, samples: Samples, split: Split, classes: list[str]) -> list[dict[str, Any]]:
    """One line of `cases.jsonl` for each image that was judged; the loss is the log loss."""
    rows = samples.rows[split]
    found = []
    for index, row in enumerate(rows):
        item, truth, said = samples.items[row], int(samples.labels[row]), int(scores[index].argmax())
        found.append(
            {
                "split": split,
                "id": item.sha256,
                "images": [{"sha256": item.sha256, "path": item.path, "crop": item.crop}],
                "truth": classes[truth],
                "said": classes[said],
                "score": float(scores[index, said]),
                "right": said == truth,
                "loss": float(-np.log(scores[index, truth] + TINY)),
                "family": item.family,
            }
        )
    return found


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
