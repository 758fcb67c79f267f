"""Judging any model folder on any split of any dataset file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.cache import decode_items
from binscout_tui.learning.classify.report import evaluation
from binscout_tui.learning.classify.samples import arrange
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.items import read_dataset
from binscout_tui.learning.scoring import BATCH
from binscout_tui.learning.splits import Split


def evaluate(model: Path, dataset: Path, split: Split = "test", device: str = "auto") -> dict[str, Any]:
    """The figures of the model in folder `model` on `split` of the `dataset.jsonl` at `dataset`.

    Raises BinScoutError: `split_empty` when the split has no image of a class of the model, and those of
    `Classifier.load` and `read_dataset`.
    """
    classifier = Classifier.load(model, device)
    items = [item for item in read_dataset(dataset) if item.split == split]
    side = classifier.card.preprocessing.square
    parts, unreadable = [np.zeros((0, len(classifier.classes)))], {}
    for start in range(0, len(items), BATCH):
        pixels, failures = decode_items(items[start : start + BATCH], side)
        unreadable.update({start + index: reason for index, reason in failures.items()})
        parts.append(classifier.score(pixels))
    samples = arrange(items, classifier.classes, unreadable)
    rows = samples.rows[split]
    if not len(rows):
        raise BinScoutError(
            f"The {split} split has no readable image of a class of this model.",
            hint="Build the dataset with a larger share for this split, or name another split.",
            code="split_empty",
        )
    return evaluation(np.concatenate(parts)[rows], samples, split, classifier.classes)
