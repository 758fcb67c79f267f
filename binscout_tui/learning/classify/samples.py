"""The rows of a dataset that can be used, by split, with their class numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.metrics import Ints
from binscout_tui.learning.splits import SPLITS, Split


@dataclass(frozen=True, slots=True)
class Samples:
    """`labels[i]` is the class number of item `i`, -1 for none; `rows` names the usable items of a split."""

    items: Sequence[DatasetItem]
    labels: Ints
    rows: Mapping[Split, NDArray[np.intp]]
    unreadable: Mapping[int, str]

    def unreadable_in(self, split: Split) -> list[dict[str, str]]:
        """Path and reason of every item of `split` that gave no pixels."""
        return [
            {"path": self.items[index].path, "reason": reason}
            for index, reason in sorted(self.unreadable.items())
            if self.items[index].split == split
        ]


def arrange(items: Sequence[DatasetItem], classes: Sequence[str], unreadable: Mapping[int, str]) -> Samples:
    """Rows by split without what is unreadable or has a label that was not trained."""
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.array([numbers.get(item.label, -1) for item in items], np.int64)
    usable = {
        split: np.array(
            [i for i, item in enumerate(items) if item.split == split and labels[i] >= 0 and i not in unreadable],
            np.intp,
        )
        for split in SPLITS
    }
    return Samples(items, labels, usable, unreadable)


def require_every_class(samples: Samples, classes: Sequence[str]) -> None:
    """BinScoutError `dataset_unreadable` when so much is unreadable that a class or the validation split is gone."""
    found = Counter(samples.labels[samples.rows["train"]].tolist())
    gone = [name for number, name in enumerate(classes) if not found[number]]
    if gone or not len(samples.rows["val"]):
        what = f"of the class {gone[0]!r}" if gone else "of the validation split"
        raise BinScoutError(
            f"None of the images {what} can be read ({len(samples.unreadable)} are unreadable in all).",
            hint="Look at the log for the files, restore or remove them, and build the dataset again.",
            code="dataset_unreadable",
        )
