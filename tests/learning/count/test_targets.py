"""What the network is asked for, and what it is punished for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from binscout_tui.learning.count.losses import focal, size_loss
from binscout_tui.learning.count.scale import centres, side_for, usual_width, widths
from binscout_tui.learning.count.targets import draw_target
from binscout_tui.learning.items import CountItem

EVERYWHERE = np.ones((8, 10), np.float32)


def item(**fields: object) -> CountItem:
    return CountItem(**{"sha256": "0", "path": "p", "count": 0, "split": "train", **fields})  # type: ignore[arg-type]


def test_a_centre_is_one_and_falls_off_around_it() -> None:
    target = draw_target(np.array([[3.7, 2.2]]), np.array([6.0]), (8, 10), EVERYWHERE, complete=True)
    assert np.argwhere(target.heat == 1).tolist() == [[2, 3]]
    assert target.heat[2, 4] == pytest.approx(math.exp(-0.5))
    assert target.heat[2, 2] == target.heat[2, 4]
    assert target.sizes[2, 3] == pytest.approx(math.log(6))
    assert target.known.sum() == 1
    assert target.mask.all()


def test_an_empty_picture_is_judged_everywhere() -> None:
    target = draw_target(np.zeros((0, 2)), np.zeros(0), (8, 10), EVERYWHERE, complete=True)
    assert not target.heat.any()
    assert target.mask.all()


def test_an_incompletely_marked_picture_is_judged_near_its_marks_only() -> None:
    target = draw_target(np.array([[2.5, 2.5]]), np.array([4.0]), (8, 10), EVERYWHERE, complete=False)
    assert target.mask[2, 2] == target.mask[2, 5] == 1
    assert target.mask[2, 6] == target.mask[7, 9] == 0


def test_what_is_not_of_the_picture_is_not_judged() -> None:
    visible = EVERYWHERE.copy()
    visible[:, 5:] = 0
    target = draw_target(np.array([[7.5, 2.5], [12.0, 2.0]]), np.array([4.0, 4.0]), (8, 10), visible, complete=True)
    assert np.array_equal(target.mask, visible)
    assert not target.known.any()


def logit(p: float) -> float:
    return math.log(p / (1 - p))


@pytest.mark.parametrize(
    ("said", "wanted", "mask", "expected"),
    [
        ([0.5], [1.0], [1.0], -math.log(0.5) * 0.25),  # a centre half seen: (1 - p)^2 log p
        ([0.5], [0.0], [1.0], -math.log(0.5) * 0.25),  # nothing there, half seen: p^2 log(1 - p)
        ([0.5], [0.5], [1.0], -math.log(0.5) * 0.25 * 0.5**4),  # beside a centre it costs less
        ([0.5], [1.0], [0.0], 0.0),  # not judged
        ([0.9, 0.1], [1.0, 0.0], [1.0, 1.0], -(0.01 * math.log(0.9)) * 2),
        ([0.8, 0.8], [1.0, 1.0], [1.0, 1.0], -(0.04 * math.log(0.8))),  # the mean over the centres
    ],
)
def test_the_focal_loss_by_hand(said: list[float], wanted: list[float], mask: list[float], expected: float) -> None:
    shape = (1, 1, 1, len(said))
    logits = torch.tensor([logit(p) for p in said]).view(shape)
    loss = focal(logits, torch.tensor(wanted).view(shape), torch.tensor(mask).view(shape))
    assert loss.item() == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_sizes_are_judged_where_they_are_known() -> None:
    said, wanted = torch.tensor([[[[1.0, 5.0, 2.0]]]]), torch.tensor([[[[0.5, 0.0, 2.5]]]])
    assert size_loss(said, wanted, torch.tensor([[[[1.0, 0.0, 1.0]]]])).item() == pytest.approx(0.5)
    assert size_loss(said, wanted, torch.zeros(1, 1, 1, 3)).item() == 0


def test_points_in_boxes_are_their_own() -> None:
    marked = item(count=2, boxes=[(0.1, 0.1, 0.3, 0.3)], points=[(0.2, 0.2), (0.7, 0.8)])
    assert centres(marked) == [(pytest.approx(0.2), pytest.approx(0.2)), (0.7, 0.8)]
    assert widths(marked, 100, 50, 9.0).tolist() == pytest.approx([15.0, 15.0])  # the bare point has what boxes have


def test_widths_from_the_distance_of_points() -> None:
    marked = item(count=3, points=[(0.1, 0.5), (0.2, 0.5), (0.3, 0.5)])
    assert widths(marked, 200, 100, 50.0).tolist() == pytest.approx([16.0] * 3)
    assert widths(item(count=1, points=[(0.5, 0.5)]), 200, 100, 50.0).tolist() == [50.0]
    assert widths(item(), 200, 100, 50.0).tolist() == []


def test_pictures_are_scaled_so_that_things_have_one_size() -> None:
    boxes = [(0.0, 0.0, 0.05, 0.1), (0.2, 0.2, 0.25, 0.3)]
    assert usual_width([item(count=2, boxes=boxes), item()], [(100, 200), (10, 10)]) == pytest.approx(0.05)
    assert side_for(0.05) == 400
    assert side_for(0.9) == 96
    assert side_for(0.001) == 1536
