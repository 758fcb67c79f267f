"""How opinions become one, how sure it is, and the figures and baselines beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from binscout_tui.learning.items import SetImage, SetItem
from binscout_tui.learning.metrics import wilson
from binscout_tui.learning.select.advice import (
    LEAST_CONFIDENCE,
    Parts,
    choice_nll,
    confidence_threshold,
    fit_crop_share,
    fit_shares,
)
from binscout_tui.learning.select.baselines import baseline_figures, choice_baselines
from binscout_tui.learning.select.crops import PRIOR, CropOpinion
from binscout_tui.learning.select.measures import NAMES
from binscout_tui.learning.select.metrics import bootstrap, choice_figures, crop_figures
from binscout_tui.learning.select.opinion import SetOpinion
from binscout_tui.learning.select.reading import Pictures, empty_pictures
from binscout_tui.learning.select.saliency import CELLS
from binscout_tui.learning.select.saliency import NAMES as MAP_NAMES
from binscout_tui.learning.select.samples import arrange, distinct

ONE = np.eye(len(NAMES))[0]
MEASURES = Parts(SetOpinion(ONE), None, choice_share=0.0, crop_share=0.0)
NETWORK = Parts(None, None, choice_share=1.0, crop_share=1.0)


def values(*numbers: float) -> np.ndarray:
    """A set whose candidates differ in one measure."""
    return np.array(numbers)[:, None] * ONE


def test_chances_are_the_softmax_of_what_is_relative_to_the_set() -> None:
    chances = MEASURES.chances([values(1.0, 0.0), values(101.0, 100.0)], None)
    assert chances[0] == pytest.approx([math.e / (math.e + 1), 1 / (math.e + 1)])
    assert chances[1] == pytest.approx(chances[0])


def test_a_network_alone_needs_its_scores() -> None:
    assert NETWORK.chances([values(0, 0)], [np.array([5.0, 5.0])])[0] == pytest.approx([0.5, 0.5])
    with pytest.raises(ValueError, match="network"):
        NETWORK.chances([values(0, 0)], None)


def test_a_network_that_knows_better_gets_a_share_and_a_blind_one_none() -> None:
    dice = np.random.default_rng(0)
    chosen = dice.integers(0, 3, 60).tolist()
    blind = [values(*dice.normal(0, 1, 3)) for _ in chosen]
    knows = [np.where(np.arange(3) == best, 4.0, 0.0) for best in chosen]
    noise = [dice.normal(0, 1, 3) for _ in chosen]
    assert fit_shares(MEASURES, blind, knows, chosen).choice_share >= 0.3
    good = [values(*np.where(np.arange(3) == best, 4.0, 0.0)) for best in chosen]
    assert fit_shares(MEASURES, good, noise, chosen).choice_share == 0.0


def test_a_handful_of_right_answers_makes_nobody_certain() -> None:
    sets, chosen = [values(1.0, 0.0)] * 3, [0, 0, 0]
    fitted = fit_shares(MEASURES, sets, [np.zeros(2)] * 3, chosen)
    assert 0.4 < fitted.temperature <= 1.0
    wrong = fit_shares(MEASURES, [values(3.0, 0.0)] * 12, [np.zeros(2)] * 12, [0, 1] * 6)
    assert wrong.temperature > 1.5


@pytest.mark.parametrize(
    ("best", "right", "expected"),
    [
        ([0.9, 0.8, 0.7], [True, True, True], LEAST_CONFIDENCE),
        ([0.9] * 10 + [0.6] * 5, [True] * 10 + [False] * 5, 0.9),
        ([0.9, 0.9], [False, False], 1.0),
        ([], [], 1.0),
        ([0.4, 0.45], [True, True], 1.0),  # never confident below a half
    ],
)
def test_confidence_threshold(best: list[float], right: list[bool], expected: float) -> None:
    chances = [np.array([share, 1 - share]) if share >= 0.5 else np.array([share, 0.3, 0.7 - share]) for share in best]
    chosen = [int(own.argmax()) if fine else int(own.argmin()) for own, fine in zip(chances, right, strict=True)]
    assert confidence_threshold(chances, chosen) == expected


def test_the_network_has_a_share_of_the_box_only_where_that_pays() -> None:
    maps = np.zeros((4, CELLS, CELLS, len(MAP_NAMES)))
    maps[:, 10:20, 10:20] = 1.0
    parts = Parts(None, CropOpinion(PRIOR, np.zeros(1)), 0.0, 0.0)
    own = parts.crops.boxes(maps) if parts.crops else np.zeros((0, 4))
    other = np.tile([0.6, 0.6, 0.9, 0.9], (4, 1))
    assert fit_crop_share(parts, maps, other, own).crop_share == 0.0
    assert fit_crop_share(parts, maps, other, other).crop_share == 1.0
    assert fit_crop_share(parts, maps, other[:0], other[:0]).crop_share == 0.0
    assert fit_crop_share(NETWORK, maps, other, other).crop_share == 1.0


def test_a_model_without_crops_does_not_cut() -> None:
    silent = Parts(SetOpinion(ONE), None, 0.0, 0.0, cuts=False)
    assert silent.boxes(np.zeros((1, CELLS, CELLS, len(MAP_NAMES))), np.array([[0, 0, 1.0, 1.0]])) is None
    assert not silent.wants_network


def test_choice_nll() -> None:
    assert choice_nll([np.array([0.5, 0.5]), np.array([0.25, 0.75])], [0, 1]) == pytest.approx(
        -(math.log(0.5) + math.log(0.75)) / 2
    )
    assert math.isnan(choice_nll([], []))


def test_figures_by_hand() -> None:
    assert choice_figures([True, True, False, True])["top1"]["value"] == 0.75
    assert choice_figures([])["top1"] == {"value": None, "ci95": None}
    boxes = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1], [0, 0, 0.2, 0.2]])
    truth = np.array([[0, 0, 1, 1], [0, 0, 0.75, 1], [0.8, 0.8, 1, 1]])
    found = crop_figures(boxes, truth, ["a", "b", "c"])
    assert found["mean_iou"]["value"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found["iou50"]["value"] == pytest.approx(2 / 3)
    assert found["iou75"]["value"] == pytest.approx(1 / 3)
    assert found["crop_mae"]["value"] == pytest.approx((0 + 0.25 / 4 + 0.8) / 3)
    assert crop_figures(boxes[:0], truth[:0], [])["mean_iou"] == {"value": None, "ci95": None}


def test_a_few_boxes_that_are_all_good_prove_little() -> None:
    same = np.tile([0.1, 0.1, 0.5, 0.5], (3, 1))
    found = crop_figures(same, same, ["a", "b", "c"])
    assert found["iou50"] == {"value": 1.0, "ci95": wilson(3, 3)}
    assert found["iou50"]["ci95"][0] < 0.5
    assert crop_figures(same[:1], same[:1], ["a"])["mean_iou"] == {"value": 1.0, "ci95": None}


def test_sessions_are_drawn_and_not_pictures() -> None:
    numbers = np.array([0.0] * 50 + [1.0] * 50)
    apart = bootstrap(numbers, ["a"] * 50 + ["b"] * 50)
    mixed = bootstrap(numbers, [str(number) for number in range(100)])
    assert apart == [0.0, 1.0]
    assert 0.35 < mixed[0] < 0.5 < mixed[1] < 0.65
    one = bootstrap(numbers, ["a"] * 100)
    assert one == pytest.approx(mixed, abs=0.05)  # a single session says nothing of others: its pictures are drawn


def pictures_of(count: int) -> Pictures:
    return empty_pictures(count, np.zeros((count, 8, 8, 3), np.uint8))


def item(number: int, length: int, chosen: int, crop: tuple[float, float, float, float] | None = None) -> SetItem:
    images = [SetImage(sha256=f"{number}-{place}", path=f"/{number}/{place}") for place in range(length)]
    return SetItem(key=str(number), images=images, chosen=chosen, split="test", crop=crop, group=f"g{number}")


def test_baselines_by_hand() -> None:
    items = [item(0, 2, 0), item(1, 4, 3, (0.1, 0.1, 0.9, 0.9))]
    pictures = pictures_of(6)
    pictures.file_bytes[:] = [10, 20, 7, 7, 1, 7]
    pictures.laplacian[:] = [5, 4, 1, 2, 3, 4]
    sets = arrange(items, distinct(items), {}).sets["test"]
    found = choice_baselines(sets, pictures)
    assert found == {
        "random": [1 / 2, 1 / 4],
        "first": [1.0, 0.0],
        "last": [0.0, 1.0],
        "largest_file": [0.0, 1 / 3],  # three files of one size share
        "laplacian": [1.0, 1.0],
        "sharpest": [1 / 2, 1 / 4],
    }
    figures = baseline_figures(sets, [(0.0, 0.0, 1.0, 1.0)], pictures)
    assert figures["random"] == {"n": 2, "figures": choice_figures([1 / 2, 1 / 4])}
    assert figures["centre80"]["figures"]["mean_iou"]["value"] == pytest.approx(1)
    assert figures["mean_crop"]["figures"] == figures["full_frame"]["figures"]
    assert "mean_crop" not in baseline_figures(sets, [], pictures)


def test_sets_that_cannot_be_used_are_left_out_with_the_reason() -> None:
    items = [item(0, 3, 1), item(1, 3, 2), item(2, 2, 0)]
    images = distinct(items)
    places = {image.sha256: row for row, image in enumerate(images)}
    failures = {places["0-0"]: "broken", places["1-2"]: "broken", places["2-1"]: "broken"}
    samples = arrange(items, images, failures)
    (kept,) = samples.sets["test"]
    assert kept.item.key == "0"
    assert kept.chosen == 0
    assert [image.sha256 for image in kept.images] == ["0-1", "0-2"]
    assert samples.left_out == {
        "1": "the chosen image cannot be read",
        "2": "fewer than two of its images can be read",
    }
    assert len(samples.unreadable["test"]) == 3
