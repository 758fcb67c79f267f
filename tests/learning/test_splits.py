"""Splits are by group, repeatable, and close to the ratios."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.learning.splits import assign_splits

PAIRS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), max_size=60)


@given(PAIRS, st.integers(0, 5))
def test_a_group_is_never_parted(pairs: list[tuple[str, str]], seed: int) -> None:
    groups, labels = [p[0] for p in pairs], [p[1] for p in pairs]
    splits = assign_splits(groups, labels, seed=seed)
    assert len(set(zip(groups, splits, strict=True))) == len(set(groups))
    assert splits == assign_splits(groups, labels, seed=seed)


def test_ratios_and_classes_are_kept() -> None:
    groups = [f"photo-{i // 3}" for i in range(600)]
    labels = [("rare" if i % 30 == 0 else f"class-{i % 5}") for i in range(600)]
    splits = assign_splits(groups, labels)
    counts = Counter(splits)
    assert abs(counts["train"] - 480) < 30
    assert abs(counts["val"] - 60) < 20
    assert {label for label, split in zip(labels, splits, strict=True) if split == "test"} == set(labels)
    assert {label for label, split in zip(labels, splits, strict=True) if split == "val"} == set(labels)


def test_order_of_the_images_does_not_matter() -> None:
    groups = [f"g{i % 40}" for i in range(200)]
    labels = [str(i % 40 % 4) for i in range(200)]
    forward = dict(zip(groups, assign_splits(groups, labels), strict=True))
    backward = dict(zip(groups[::-1], assign_splits(groups[::-1], labels[::-1]), strict=True))
    assert forward == backward


def test_another_seed_is_another_split() -> None:
    groups, labels = [str(i) for i in range(50)], ["a", "b"] * 25
    assert assign_splits(groups, labels, seed=0) != assign_splits(groups, labels, seed=1)


def test_images_without_group_stand_alone_and_one_group_is_trained_on() -> None:
    assert set(assign_splits([""] * 40, ["a", "b"] * 20)) == {"train", "val", "test"}
    assert assign_splits(["one"] * 5, ["a"] * 5) == ["train"] * 5


def test_a_share_of_zero_stays_empty() -> None:
    splits = assign_splits([str(i) for i in range(30)], ["a", "b", "c"] * 10, ratios=(90, 10, 0))
    assert Counter(splits) == {"train": 27, "val": 3}
