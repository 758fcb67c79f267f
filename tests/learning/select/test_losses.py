"""The losses of both presets against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from binscout_tui.learning.select.losses import (
    classic_box,
    corners,
    encoded_of,
    generalized_iou,
    giou_box,
    intersection_over_union,
    listwise,
    margin_ranking,
)


@pytest.mark.parametrize(
    ("scores", "lengths", "chosen", "expected"),
    [
        ([2.0, 0.0], [2], [0], 0.0),  # further apart than the margin
        ([0.0, 2.0], [2], [0], 3.0),  # 1 - (0 - 2)
        ([0.5, 0.0, 0.0], [3], [0], 0.5),
        ([0.0, 1.0, -1.0], [3], [0], 1.0),  # (2 + 0) / 2
        ([2.0, 0.0, 0.0, 0.5, 0.0], [2, 3], [0, 1], 1 / 3),  # every pair counts once: (0 + 0.5 + 0.5) / 3
    ],
)
def test_margin_ranking(scores: list[float], lengths: list[int], chosen: list[int], expected: float) -> None:
    found = margin_ranking(torch.tensor(scores), lengths, torch.tensor(chosen))
    assert found.item() == pytest.approx(expected)


def test_listwise_is_the_log_of_the_share() -> None:
    scores = torch.tensor([1.0, 0.0, 3.0, 3.0, 3.0])
    first = -math.log(math.e / (math.e + 1))
    found = listwise(scores, [2, 3], torch.tensor([0, 2]))
    assert found.item() == pytest.approx((first + math.log(3)) / 2)


def test_listwise_does_not_care_what_a_whole_set_scores() -> None:
    scores, chosen = torch.tensor([1.0, 0.0, 2.0]), torch.tensor([2])
    assert listwise(scores, [3], chosen).item() == pytest.approx(listwise(scores + 100, [3], chosen).item(), abs=1e-4)


def test_boxes_of_four_numbers() -> None:
    box = torch.tensor([[0.1, 0.2, 0.5, 0.4]])
    assert torch.allclose(corners(encoded_of(box)), box)


@pytest.mark.parametrize(
    ("first", "second", "iou", "giou"),
    [
        ((0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 0.5, 0.5), 1.0, 1.0),
        ((0.0, 0.0, 0.5, 0.5), (0.25, 0.0, 0.75, 0.5), 1 / 3, 1 / 3),  # the box around both is filled
        ((0.0, 0.0, 0.25, 1.0), (0.75, 0.0, 1.0, 1.0), 0.0, -0.5),
        ((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0), 0.0, -0.5),
    ],
)
def test_overlaps(first: tuple[float, ...], second: tuple[float, ...], iou: float, giou: float) -> None:
    one, two = torch.tensor([first]), torch.tensor([second])
    assert intersection_over_union(one, two).item() == pytest.approx(iou)
    assert generalized_iou(one, two).item() == pytest.approx(giou)


def test_the_classic_box_weighs_smooth_l1_once_and_overlap_twice() -> None:
    said, truth = torch.tensor([[0.0, 0.0, 0.5, 0.5]]), torch.tensor([[0.25, 0.0, 0.75, 0.5]])
    smooth_l1 = (0.5 * 0.25**2 + 0 + 0.5 * 0.25**2 + 0) / 4
    found = classic_box(encoded_of(said), truth)
    assert found.item() == pytest.approx(1.0 * smooth_l1 + 2.0 * (1 - 1 / 3), abs=1e-5)


def test_the_recommended_box_leads_boxes_together_that_do_not_meet() -> None:
    truth = torch.tensor([[0.8, 0.8, 0.9, 0.9]])
    said = encoded_of(torch.tensor([[0.1, 0.1, 0.2, 0.2]])).requires_grad_()
    loss = giou_box(said, truth)
    loss.backward()
    assert loss.item() == pytest.approx((1 + (0.64 - 0.02) / 0.64) + (0.7 + 0.7) / 4, abs=1e-4)
    assert said.grad is not None
    assert said.grad[0, 0] < 0  # going right makes it smaller
    assert said.grad[0, 1] < 0
