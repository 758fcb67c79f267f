"""Labels that are probably wrong come first, judged by models that never saw the image or its siblings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.features import Features
from binscout_tui.learning.metrics import Ints
from binscout_tui.learning.mistakes import (
    check_labels,
    deal,
    find_mistakes,
    opinions,
    out_of_fold,
    projected,
    without_company,
)
from binscout_tui.learning.pixels import read_square
from binscout_tui.learning.rings import SIDE, WIDTH, describe_parts


def clouds(per_class: int = 40, classes: int = 4, width: int = 30) -> tuple[Features, Ints, list[str]]:
    """Classes that can be told apart, two pictures a source."""
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(classes), per_class)
    centres = random.normal(size=(classes, width)) * 2
    features = (centres[labels] + random.normal(size=(len(labels), width))).astype(np.float32)
    return features, labels, [f"photo {index // 2}" for index in range(len(labels))]


def test_wrong_labels_come_first() -> None:
    features, truth, groups = clouds()
    labels = truth.copy()
    wrong = np.array([3, 50, 90, 155])
    labels[wrong] = (labels[wrong] + 1) % 4
    found = find_mistakes([features], [1.0], labels, groups)
    assert set(found.queue()[:4]) == set(wrong)
    assert (found.margin[wrong] < 0.5).all()
    assert (found.likely[wrong] == truth[wrong]).all()
    assert found.judged.all()
    assert set(found.queue("confidence")[:4]) == set(wrong)


def test_a_sibling_never_speaks_for_an_image() -> None:
    """Two copies of one wrong label: whoever is judged beside his twin looks right, so twins must not be parted."""
    features, truth, groups = clouds()
    labels = truth.copy()
    labels[[10, 11]] = 3
    features[11] = features[10] = features[10] + 6  # far from everything, so that only the twin is near
    together = find_mistakes([features], [1.0], labels, groups)
    parted = find_mistakes([features], [1.0], labels, [str(index) for index in range(len(labels))])
    assert together.probability[10] < parted.probability[10]


def test_the_same_labels_are_judged_the_same_again() -> None:
    features, labels, groups = clouds()
    first, second = (find_mistakes([features], [1.0], labels, groups).margin for _ in range(2))
    assert (first == second).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=80), st.integers(2, 6))
def test_folds_keep_groups_whole_and_part_every_class_that_can_be(rows: list[tuple[int, int]], folds: int) -> None:
    """With one class a source, a class with two sources is in two folds at least, and no fold is idle."""
    labels = np.array([source % 5 for _, source in rows])
    groups = [f"photo {source}" for _, source in rows]
    dealt = deal(labels, groups, folds)
    for group in set(groups):
        assert len({int(fold) for fold, own in zip(dealt, groups, strict=True) if own == group}) == 1
    for label in set(labels.tolist()):
        sources = {group for group, own in zip(groups, labels, strict=True) if own == label}
        used = {int(fold) for fold, own in zip(dealt, labels, strict=True) if own == label}
        assert len(used) == min(len(sources), folds)


def test_a_class_of_one_source_is_not_judged_and_not_accused() -> None:
    features, labels, groups = clouds()
    alone = np.append(labels, [4, 4])
    wider = np.concatenate([features, features[:2] + 9])
    found = find_mistakes([wider], [1.0], alone, [*groups, "lonely", "lonely"])
    assert not found.judged[-2:].any()
    assert found.judged[:-2].all()
    assert not set(found.queue()) & {len(alone) - 1, len(alone) - 2}
    names = [str(number) for number in alone]
    assert without_company(names, [*groups, "lonely", "lonely"]) == ["4"]


def test_the_prior_of_a_fold_is_replaced_by_that_of_all() -> None:
    """Features that say nothing: then every answer is the share of the class among all labels."""
    labels = np.array([0] * 60 + [1] * 20)
    folds = np.array([0] * 40 + [1] * 20 + [0] * 5 + [1] * 15)
    found = out_of_fold(np.zeros((80, 3), np.float32), labels, folds)
    assert found[:, 0] == pytest.approx(np.full(80, 0.75), abs=1e-3)


def test_margins_are_those_of_the_paper() -> None:
    """Northcutt et al.: (p of the label - p of the best other + 1) / 2."""
    found = opinions(np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [np.nan, 0.5, 0.5]]), np.array([0, 1, 0]))
    assert found.margin == pytest.approx([0.75, 0.35, 0.5])
    assert found.likely.tolist()[:2] == [1, 2]
    assert found.judged.tolist() == [True, True, False]
    assert found.queue().tolist() == [1, 0]


def test_kinds_of_features_count_by_weight_whatever_their_scale() -> None:
    features, _, _ = clouds()
    noise = np.random.default_rng(2).normal(size=(len(features), 400)).astype(np.float32) * 1000
    alone = projected([features], [1.0])
    both = projected([features, noise], [1.0, 0.01])
    assert both[:, :3] == pytest.approx(alone[:, :3], rel=0.1, abs=0.3)


@pytest.mark.parametrize(
    ("labels", "groups", "code"),
    [
        ([], [], "no_labels"),
        (["m3"] * 30, [str(i) for i in range(30)], "one_class"),
        (["m3", "m4"] * 5, [str(i) for i in range(10)], "few_labels"),
        (["m3"] * 29 + ["m4"], [str(i) for i in range(30)], "few_sources"),
        (["m3", "m4"] * 15, ["one photo"] * 30, "few_sources"),
    ],
)
def test_where_nothing_can_be_found_it_says_so(labels: list[str], groups: list[str], code: str) -> None:
    with pytest.raises(BinScoutError) as refused:
        check_labels(labels, groups)
    assert refused.value.code == code


@pytest.mark.slow
@pytest.mark.parametrize("family", ["coins", "boards", "cards", "screwseat", "nuts"])
def test_on_real_photos_most_wrong_labels_are_in_the_first_part_of_the_queue(real_photos: Path, family: str) -> None:
    with (real_photos / "parts" / "MANIFEST.csv").open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["family"] == family]
    described = describe_parts(np.stack([read_square(real_photos / "parts" / r["path"], None, SIDE) for r in rows]))
    truth = np.unique([row["label"] for row in rows], return_inverse=True)[1]
    groups = [f"{row['group']}/{row['source_photo']}" for row in rows]
    shares = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        wrong = random.choice(len(rows), round(0.05 * len(rows)), replace=False)
        labels = truth.copy()
        labels[wrong] = (truth[wrong] + random.integers(1, truth.max() + 1, len(wrong))) % (truth.max() + 1)
        found = find_mistakes([described[:, :WIDTH], described[:, WIDTH:]], [1.0, 0.5], labels, groups)
        first = found.queue()[: int(np.ceil(0.15 * len(rows)))]
        shares.append(np.isin(wrong, first).mean())
    assert np.mean(shares) >= 0.8
