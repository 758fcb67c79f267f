"""What a model says of sets whose choice is known, and how good that is: figures for the report, and its cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.metrics import wilson
from binscout_tui.learning.select.advice import Chances, Parts, choice_nll
from binscout_tui.learning.select.answers import boxes_of
from binscout_tui.learning.select.boxes import Boxes, as_crop, overlap
from binscout_tui.learning.select.metrics import choice_figures, crop_figures
from binscout_tui.learning.select.reading import Pictures
from binscout_tui.learning.select.samples import ChoiceSet, Samples, cropped
from binscout_tui.learning.splits import Split

Answers = NDArray[np.float64]  # (N, 5) of the network, for every picture


@dataclass(frozen=True, slots=True)
class Judged:
    """`chances[i]` of the candidates of `sets[i]`; `boxes` (K, 4) on the choices of the K sets that a person cut."""

    sets: Sequence[ChoiceSet]
    chances: Sequence[Chances]
    boxes: Boxes | None

    @property
    def chosen(self) -> list[int]:
        """The choice of a person in each set."""
        return [one.chosen for one in self.sets]

    @property
    def right(self) -> list[bool]:
        """Whether the likeliest candidate is the choice."""
        return [int(own.argmax()) == one.chosen for own, one in zip(self.chances, self.sets, strict=True)]


def judge(parts: Parts, sets: Sequence[ChoiceSet], pictures: Pictures, answers: Answers | None) -> Judged:
    """Ask a model about `sets`; `answers` may be missing where its network has no say."""
    measures = [pictures.measures[one.rows] for one in sets]
    scores = None if answers is None else [answers[one.rows, 0] for one in sets]
    _, rows, _ = cropped(sets)
    network = None if answers is None else boxes_of(answers[rows], pictures.sizes[rows])
    return Judged(sets, parts.chances(measures, scores), parts.boxes(pictures.maps[rows], network))


def evaluation(judged: Judged, parts: Parts, samples: Samples, split: Split) -> dict[str, Any]:
    """Everything worth knowing about a model on `split`: `figures`, and what was left out beside them."""
    return {
        "n": len(judged.sets),
        "figures": figures(judged),
        "crops": len(cropped(judged.sets)[0]),
        "nll": choice_nll(judged.chances, judged.chosen),
        "confident": confidence(judged, parts.confident_from),
        "by_family": by_family(judged),
        "unreadable": len(samples.unreadable[split]),
        "unreadable_images": list(samples.unreadable[split]),
    }


def figures(judged: Judged) -> dict[str, Any]:
    """`top1`, and the figures of the boxes; those are null without a crop to judge by."""
    found, _, truth = cropped(judged.sets)
    groups = [one.item.group or one.item.key for one in found]
    boxes = np.zeros((0, 4)) if judged.boxes is None else judged.boxes
    kept = truth if len(boxes) else truth[:0]
    return {**choice_figures(judged.right), **crop_figures(boxes, kept, groups)}


def confidence(judged: Judged, level: float) -> dict[str, Any]:
    """`n` sets in which the model is confident, and the share `right` of those, with Wilson's interval."""
    sure = [right for own, right in zip(judged.chances, judged.right, strict=True) if own.max() >= level]
    return {"n": len(sure), "right": sum(sure) / len(sure) if sure else None, "ci95": wilson(sum(sure), len(sure))}


def by_family(judged: Judged) -> dict[str, Any]:
    """n and top1 of the sets of each family; sets without one are left out."""
    found: dict[str, list[bool]] = {}
    for one, right in zip(judged.sets, judged.right, strict=True):
        if one.item.family is not None:
            found.setdefault(one.item.family, []).append(right)
    return {name: {"n": len(right), **choice_figures(right)["top1"]} for name, right in sorted(found.items())}


def cases(judged: Judged, parts: Parts, split: Split) -> list[dict[str, Any]]:
    """The lines of `cases.jsonl`. Both crops of a case are on the image that the person chose.

    `loss` is the negative log likelihood of the choice and, where a person cut, what is missing to full overlap.
    """
    boxes = iter(() if judged.boxes is None else judged.boxes)
    lines = []
    for one, chances in zip(judged.sets, judged.chances, strict=True):
        lines.append(_case(one, chances, parts, split))
        if one.crop is not None and judged.boxes is not None:
            _add_crops(lines[-1], one.crop, next(boxes))
    return lines


def _case(one: ChoiceSet, chances: Chances, parts: Parts, split: Split) -> dict[str, Any]:
    said, score = int(chances.argmax()), float(chances.max())
    images = [{"sha256": image.sha256, "path": image.path} for image in one.images]
    return {
        "split": split,
        "id": one.item.key,
        "images": images,
        "truth": one.chosen,
        "said": said,
        "score": score,
        "scores": [float(chance) for chance in chances],
        "confident": score >= parts.confident_from,
        "right": said == one.chosen,
        "loss": -math.log(float(chances[one.chosen]) + 1e-12),
        "group": one.item.group,
        "family": one.item.family,
    }


def _add_crops(case: dict[str, Any], truth: NDArray[np.float64], said: NDArray[np.float64]) -> None:
    iou = float(overlap(said[None], truth[None])[0])
    case |= {"crop_truth": as_crop(truth), "crop_said": as_crop(said), "iou": iou, "loss": case["loss"] + 1 - iou}
