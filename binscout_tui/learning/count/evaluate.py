"""Judging any counting model on any images whose number of things is known."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.count.area import covered_shares
from binscout_tui.learning.count.inference import Counter
from binscout_tui.learning.count.pictures import map_pictures, write_pictures
from binscout_tui.learning.count.report import evaluation, judged
from binscout_tui.learning.count.rules import whole
from binscout_tui.learning.count.samples import Samples
from binscout_tui.learning.items import CountItem
from binscout_tui.learning.splits import Split


def evaluate(model: Path, items: Sequence[CountItem], split: Split = "test", device: str = "auto") -> dict[str, Any]:
    """The figures of the model in folder `model` on the images of `split`, with `baselines` beside them.

    The mean count is that of the train images among `items`; without those it is left out. The area baseline is the
    line that the model itself brings. Raises BinScoutError `split_empty` when no image of the split can be read, and
    those of `Counter.load`.
    """
    counter = Counter.load(model, device)
    rules = counter.card.rules
    wanted = [item for item in items if item.split == split]
    with tempfile.TemporaryDirectory() as scratch:
        write_pictures(Path(scratch), wanted, rules.side, lambda done: None)
        samples = Samples(wanted, map_pictures(Path(scratch)), rules.width / rules.side, rules.side)
        rows = samples.rows(split)
        if not len(rows):
            raise BinScoutError(
                f"The {split} split has no image that can be read.",
                hint="Build the dataset with a larger share for this split, or name another split.",
                code="split_empty",
            )
        found = judged([counter.look(samples.pictures[row]) for row in rows], samples, split)
        shares = [covered_shares(samples.pictures[row])[rules.area.method] for row in rows]
    said = {"area": [whole(rules.area.raw(share)) for share in shares]}
    training = [item.count for item in items if item.split == "train"]
    if training:
        said = {"mean_count": [whole(float(np.mean(training)))] * len(rows), **said}
    return {**found, "baselines": {name: evaluation(counts, samples, split) for name, counts in said.items()}}
