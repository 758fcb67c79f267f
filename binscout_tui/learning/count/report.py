"""The figures of a counting model: `report.json`, `cases.jsonl`, and what a card says of them. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from binscout_tui.learning.count import metrics
from binscout_tui.learning.count.rules import Decision
from binscout_tui.learning.count.samples import Samples
from binscout_tui.learning.count.scale import centres, widths
from binscout_tui.learning.items import CountItem
from binscout_tui.learning.splits import Split

WORST = 20
HEADLINE = ("mae", "rmse", "exact", "within1", "bias")


def evaluation(said: Sequence[int], samples: Samples, split: Split) -> dict[str, Any]:
    """Everything that counts alone tell, for the readable images of `split`; unreadable ones are listed beside."""
    items = [samples.items[row] for row in samples.rows(split)]
    truth = [item.count for item in items]
    unreadable = samples.unreadable(split)
    result: dict[str, Any] = {
        "n": len(items),
        "figures": metrics.figures(said, truth, [item.group for item in items]),
        "by_bucket": metrics.by_bucket(said, truth),
        "empty": metrics.false_alarms(said, truth),
        "unreadable": len(unreadable),
        "unreadable_images": unreadable[:WORST],
    }
    families = metrics.by_family(said, truth, [item.family for item in items])
    return result | ({"by_family": families} if families else {})


def judged(decisions: Sequence[Decision], samples: Samples, split: Split) -> dict[str, Any]:
    """`evaluation` of a model, with its points where they are known, and how often it was in doubt."""
    result = evaluation([decision.count for decision in decisions], samples, split)
    hits = said = truth = 0
    for row, decision in zip(samples.rows(split), decisions, strict=True):
        item = samples.items[row]
        if item.complete and len(centres(item)) == item.count and (len(decision.points) or not decision.count):
            hits += _hits(decision, item, samples.pictures.shapes[row], samples)
            said, truth = said + len(decision.points), truth + item.count
    result["points"] = metrics.point_scores(hits, said, truth)
    result["doubtful"] = sum(decision.doubt for decision in decisions)
    return result


def _hits(decision: Decision, item: CountItem, shape: tuple[int, int], samples: Samples) -> int:
    height, width = shape
    truth = np.array(centres(item), np.float64).reshape(-1, 2) * (width, height)
    across = widths(item, width, height, samples.usual * samples.side)
    return metrics.match_points(decision.points, truth, across / 2)


def cases(decisions: Sequence[Decision], samples: Samples, split: Split) -> list[dict[str, Any]]:
    """One entry an image of `split`: what is there, what was said, and where."""
    return [
        _case(decision, samples.items[row], samples.pictures.shapes[row], split)
        for row, decision in zip(samples.rows(split), decisions, strict=True)
    ]


def _case(decision: Decision, item: CountItem, shape: tuple[int, int], split: Split) -> dict[str, Any]:
    height, width = shape
    points = [
        [min(1.0, x / width), min(1.0, y / height), float(score)]
        for (x, y), score in zip(decision.points.tolist(), decision.scores, strict=True)
    ]
    return {
        "split": split,
        "id": item.sha256,
        "images": [{"sha256": item.sha256, "path": item.path}],
        "truth": item.count,
        "said": decision.count,
        "score": decision.sureness,
        "right": decision.count == item.count,
        "loss": float(abs(decision.count - item.count)),
        "raw": decision.raw,
        "by_area": decision.by_area,
        "doubt": decision.doubt,
        "points": points,
        "points_truth": [list(point) for point in centres(item)],
        "group": item.group,
        "family": item.family,
    }


def summary(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The few numbers of an evaluation that fit on a card or one line."""
    return {"n": figures["n"], "figures": {name: figures["figures"][name] for name in HEADLINE}}
