"""Figures of suggestions for sets. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.metrics import wilson
from binscout_tui.learning.select.boxes import Boxes, overlap

RESAMPLES = 1000

Values = NDArray[np.float64]
Figure = dict[str, Any]


def choice_figures(right: Sequence[float]) -> dict[str, Figure]:
    """`top1`: the share of sets whose choice was found, with Wilson's interval; `right` may be chances of that."""
    if not len(right):
        return {"top1": {"value": None, "ci95": None}}
    found = float(np.sum(right))
    return {"top1": {"value": found / len(right), "ci95": wilson(round(found), len(right))}}


def crop_figures(boxes: Boxes, truth: Boxes, groups: Sequence[str]) -> dict[str, Figure]:
    """Overlap with the crops of a person: `mean_iou`, the shares above a half and three quarters, and `crop_mae`.

    The last is the mean distance of an edge, as a share of the side of the picture. Intervals by `bootstrap`; that of a
    share is at least as wide as Wilson's, because answers that are all alike have no spread from which to draw.
    """
    iou = overlap(boxes, truth)
    apart = np.asarray(np.abs(boxes - truth).mean(axis=1), np.float64)
    return {
        "mean_iou": _mean(iou, groups),
        "iou50": _share(iou > 0.5, groups),
        "iou75": _share(iou > 0.75, groups),
        "crop_mae": _mean(apart, groups),
    }


def _mean(values: Values, groups: Sequence[str]) -> Figure:
    value = float(values.mean()) if len(values) else None
    return {"value": value, "ci95": bootstrap(values, groups)}


def _share(hits: NDArray[np.bool_], groups: Sequence[str]) -> Figure:
    figure = _mean(hits.astype(np.float64), groups)
    if len(hits):
        drawn, plain = figure["ci95"] or [1.0, 0.0], wilson(int(hits.sum()), len(hits))
        figure["ci95"] = [min(drawn[0], plain[0]), max(drawn[1], plain[1])]
    return figure


def bootstrap(values: Values, groups: Sequence[str]) -> list[float] | None:
    """95 % interval of the mean, groups drawn with replacement: pictures of one session are no independent proof.

    With one group only, single values are drawn, and say nothing about other groups. None for fewer than two values.
    """
    if len(values) < 2:
        return None
    _, where = np.unique(np.array(groups), return_inverse=True)
    if where.max() == 0:
        where = np.arange(len(values))
    sums, counts = np.bincount(where, values), np.bincount(where)
    drawn = np.random.default_rng(0).integers(0, len(counts), (RESAMPLES, len(counts)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return [float(low), float(high)]
