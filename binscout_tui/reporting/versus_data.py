"""A comparison of two runs as plain data, for scripts. Pure."""

from __future__ import annotations

from typing import Any

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting.versus import SORTS, Pair, Versus


def as_data(found: Versus) -> dict[str, Any]:
    """`{"before", "after", "task", "n", "sources", "left_out", "figures", "mcnemar_p", "counts", "cases", "settings"}`.

    `cases` has those that were fixed, that broke, and that stayed wrong; those that stayed right are only counted.
    """
    return {
        "before": found.before,
        "after": found.after,
        "task": found.task.name,
        "n": len(found.pairs),
        "sources": found.sources,
        "left_out": {"only_before": found.only_before, "only_after": found.only_after, "truth_changed": found.changed},
        "figures": {
            one.about.name: {
                "before": one.before,
                "after": one.after,
                "difference": one.difference,
                "ci95": one.ci95,
                "better": one.is_better,
                "clear": one.is_clear,
            }
            for one in found.figures
        },
        "mcnemar_p": found.mcnemar_p,
        "counts": {sort: len(found.of(sort)) for sort in SORTS},
        "cases": {sort: [_case(pair) for pair in found.of(sort)] for sort in SORTS if sort != "right"},
        "settings": {name: [before, after] for name, before, after in found.settings},
    }


def _case(pair: Pair) -> dict[str, Any]:
    before, after = pair.before, pair.after
    return {
        "id": after.id,
        "images": [{"sha256": one.sha256, "path": display_name(one.path)} for one in after.images],
        "truth": after.truth,
        "before": {"said": before.said, "score": before.score, "iou": before.iou},
        "after": {"said": after.said, "score": after.score, "iou": after.iou},
    }
