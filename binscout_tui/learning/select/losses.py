"""What a network for sets is taught by: losses of the choice among a set, and of the box on the chosen image.

`scores` (N,) are those of all candidates of a batch, `lengths` the number of candidates of each set one after another,
`chosen` (S,) the place of the choice in its set. Boxes are (K, 4); encoded ones as `boxes.encode` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from binscout_tui.learning.select.boxes import LEAST

MARGIN = 1.0
SMOOTH_L1, IOU = 1.0, 2.0  # the weights of the classic losses of the box


def margin_ranking(scores: Tensor, lengths: Sequence[int], chosen: Tensor) -> Tensor:
    """Mean over all pairs of the choice and another of its set: max(0, 1 - (score of the choice - of the other))."""
    best, others = [], []
    for own, place in zip(torch.split(scores, list(lengths)), chosen.tolist(), strict=True):
        rest = torch.cat([own[:place], own[place + 1 :]])
        best.append(own[place].expand_as(rest))
        others.append(rest)
    first, second = torch.cat(best), torch.cat(others)
    return functional.margin_ranking_loss(first, second, torch.ones_like(first), margin=MARGIN)


def listwise(scores: Tensor, lengths: Sequence[int], chosen: Tensor) -> Tensor:
    """Mean over sets of the cross-entropy of the softmax over a set: every set counts once, whatever its size."""
    losses = [
        functional.cross_entropy(own[None], place[None])
        for own, place in zip(torch.split(scores, list(lengths)), chosen, strict=True)
    ]
    return torch.stack(losses).mean()


def classic_box(encoded: Tensor, truth: Tensor) -> Tensor:
    """1.0 x SmoothL1 of the corners + 2.0 x (1 - IoU), for `encoded` predictions and corner boxes `truth`."""
    boxes = corners(encoded)
    apart = functional.smooth_l1_loss(boxes, truth)
    return SMOOTH_L1 * apart + IOU * (1 - intersection_over_union(boxes, truth)).mean()


def giou_box(encoded: Tensor, truth: Tensor) -> Tensor:
    """(1 - GIoU) + L1 of the encoded numbers: GIoU leads boxes together even while they do not meet."""
    apart = functional.l1_loss(encoded, encoded_of(truth))
    return (1 - generalized_iou(corners(encoded), truth)).mean() + apart


def corners(encoded: Tensor) -> Tensor:
    """(K, 4) x1, y1, x2, y2 of centre x, centre y, log width, log height."""
    half = torch.exp(encoded[:, 2:].clamp(-6, 1)) / 2
    return torch.cat([encoded[:, :2] - half, encoded[:, :2] + half], dim=1)


def encoded_of(boxes: Tensor) -> Tensor:
    """(K, 4) centre x, centre y, log width, log height of corner boxes."""
    size = (boxes[:, 2:] - boxes[:, :2]).clamp_min(LEAST)
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, size.log()], dim=1)


def intersection_over_union(first: Tensor, second: Tensor) -> Tensor:
    """(K,) of corner boxes."""
    return _overlap(first, second)[0]


def generalized_iou(first: Tensor, second: Tensor) -> Tensor:
    """(K,) IoU less the share of the smallest box around both that neither fills (Rezatofighi et al. 2019)."""
    iou, union = _overlap(first, second)
    low, high = torch.minimum(first[:, :2], second[:, :2]), torch.maximum(first[:, 2:], second[:, 2:])
    around = (high - low).prod(dim=1).clamp_min(1e-9)
    return iou - (around - union) / around


def _overlap(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp_min(0).prod(dim=1)
    union = (first[:, 2:] - first[:, :2]).prod(dim=1) + (second[:, 2:] - second[:, :2]).prod(dim=1) - shared
    return shared / union.clamp_min(1e-9), union
