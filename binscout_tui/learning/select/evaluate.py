"""Judging any model for sets on any sets whose choice is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import Item, SetItem
from binscout_tui.learning.select.baselines import baseline_figures
from binscout_tui.learning.select.inference import Selector
from binscout_tui.learning.select.judging import cases, evaluation, judge
from binscout_tui.learning.select.reading import read_pictures
from binscout_tui.learning.select.samples import arrange, distinct
from binscout_tui.learning.splits import Split


def evaluate(
    model: Path, items: Sequence[Item], split: Split = "test", device: str = "auto", *, with_cases: bool = False
) -> dict[str, Any]:
    """The figures of the model in folder `model` on the sets of `split`, with `baselines` (and `cases`) beside them.

    The mean crop is that of the train sets among `items`; without those it is left out. Raises BinScoutError
    `split_empty` when no set of the split can be used, and those of `Selector.load`.
    """
    selector = Selector.load(model, device)
    sets = [item for item in items if isinstance(item, SetItem)]
    judged_items = [item for item in sets if item.split == split]
    images = distinct(judged_items)
    pictures, failures = read_pictures(images, selector.card.image_size)
    samples = arrange(judged_items, images, failures)
    if not samples.sets[split]:
        raise BinScoutError(
            f"The {split} split has no set of which two images and the choice can be read.",
            hint="Build the dataset with a larger share for this split, or name another split.",
            code="split_empty",
        )
    judged = judge(selector.parts, samples.sets[split], pictures, selector.answers(pictures.pixels))
    crops = [item.crop for item in sets if item.split == "train" and item.crop is not None]
    found = evaluation(judged, selector.parts, samples, split)
    found["baselines"] = baseline_figures(samples.sets[split], crops, pictures)
    return {**found, "cases": cases(judged, selector.parts, split)} if with_cases else found
