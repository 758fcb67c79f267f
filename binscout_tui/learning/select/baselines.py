"""What needs no learning: rules for the choice, and boxes that are the same for every picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.items import Crop
from binscout_tui.learning.select.boxes import Boxes
from binscout_tui.learning.select.measures import NAMES
from binscout_tui.learning.select.metrics import choice_figures, crop_figures
from binscout_tui.learning.select.reading import Pictures
from binscout_tui.learning.select.samples import ChoiceSet, cropped

FULL = (0.0, 0.0, 1.0, 1.0)
CENTRE = (0.1, 0.1, 0.9, 0.9)
SHARPNESS = NAMES.index("clear_detail")

Values = NDArray[np.float64]


def choice_baselines(sets: Sequence[ChoiceSet], pictures: Pictures) -> dict[str, list[float]]:
    """The chance with which each rule finds the choice of each set.

    `sharpest` is the program's own rule (fine detail above noise and without what is burnt out), `laplacian` the plain
    variance that is usually called sharpness. `first` and `last` say whether the place in a set gives the choice away.
    Candidates that a rule cannot tell apart share.
    """
    rules: dict[str, Callable[[ChoiceSet], Values]] = {
        "random": lambda one: np.zeros(len(one.rows)),
        "first": lambda one: -np.arange(len(one.rows), dtype=np.float64),
        "last": lambda one: np.arange(len(one.rows), dtype=np.float64),
        "largest_file": lambda one: pictures.file_bytes[one.rows].astype(np.float64),
        "laplacian": lambda one: pictures.laplacian[one.rows],
        "sharpest": lambda one: pictures.measures[one.rows, SHARPNESS],
    }
    return {name: [_found(rule(one), one.chosen) for one in sets] for name, rule in rules.items()}


def crop_baselines(count: int, training: Sequence[Crop]) -> dict[str, Boxes]:
    """The same box `count` times: the whole frame, its middle, and the mean crop of `training` where there is one."""
    boxes: dict[str, tuple[float, ...]] = {"full_frame": FULL, "centre80": CENTRE}
    if training:
        boxes["mean_crop"] = tuple(np.mean(training, axis=0))
    return {name: np.tile(np.array(box), (count, 1)) for name, box in boxes.items()}


def baseline_figures(sets: Sequence[ChoiceSet], training: Sequence[Crop], pictures: Pictures) -> dict[str, Any]:
    """{name: {"n", "figures"}} of all baselines on `sets`, the mean crop being that of the crops `training`."""
    found, _, truth = cropped(sets)
    groups = [one.item.group or one.item.key for one in found]
    rules = choice_baselines(sets, pictures)
    boxes = crop_baselines(len(found), training)
    return {
        **{name: {"n": len(sets), "figures": choice_figures(right)} for name, right in rules.items()},
        **{name: {"n": len(found), "figures": crop_figures(own, truth, groups)} for name, own in boxes.items()},
    }


def _found(values: Values, chosen: int) -> float:
    best = np.flatnonzero(values == values.max())
    return 1 / len(best) if chosen in best else 0.0
