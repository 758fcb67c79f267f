"""Splits by group: nothing leaks, nothing moves, every class is everywhere when it can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import UsageError
from binscout_tui.operations.splitting import SPLITS, assign, merged_groups, parse_ratios

IMAGES = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), min_size=1, max_size=60)


@given(images=IMAGES, order=st.randoms())
def test_a_group_has_one_split_and_order_does_not_matter(images: list[tuple[int, str]], order: object) -> None:
    groups, labels = [f"g{g}" for g, _ in images], [label for _, label in images]
    splits = dict(zip(groups, assign(groups, labels, {}, (80, 10, 10)), strict=True))
    assert [splits[group] for group in groups] == assign(groups, labels, {}, (80, 10, 10))
    shuffled = list(images)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    again = [f"g{g}" for g, _ in shuffled]
    found = assign(again, [label for _, label in shuffled], {}, (80, 10, 10))
    assert dict(zip(again, found, strict=True)) == splits


@given(images=IMAGES, more=IMAGES)
def test_adding_data_moves_nothing(images: list[tuple[int, str]], more: list[tuple[int, str]]) -> None:
    groups, labels = [f"g{g}" for g, _ in images], [label for _, label in images]
    before = dict(zip(groups, assign(groups, labels, {}, (80, 10, 10)), strict=True))
    groups += [f"g{g}" for g, _ in more]
    labels += [label for _, label in more]
    after = dict(zip(groups, assign(groups, labels, before, (80, 10, 10)), strict=True))
    assert {group: after[group] for group in before} == before


def test_every_class_is_in_every_split_when_it_has_three_groups() -> None:
    groups = [f"{label}{number}" for label in "abcdefgh" for number in range(3)]
    labels = [group[0] for group in groups]
    found = set(zip(labels, assign(groups, labels, {}, (80, 10, 10)), strict=True))
    assert found == {(label, split) for label in "abcdefgh" for split in SPLITS}


def test_shares_are_near_the_ratios() -> None:
    groups = [f"photo {number}" for number in range(400)]
    labels = ["ab"[number % 2] for number in range(400)]
    splits = assign(groups, labels, {}, (70, 20, 10))
    assert [splits.count(split) for split in SPLITS] == [280, 80, 40]


@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15))
def test_near_pairs_end_in_one_group(pairs: list[tuple[int, int]]) -> None:
    merged, _ = merged_groups([f"g{i}" for i in range(10)], pairs, {})
    assert all(merged[a] == merged[b] for a, b in pairs)


def test_groups_that_were_split_apart_before_stay_apart() -> None:
    merged, known = merged_groups(["a", "b", "c"], [(0, 1), (1, 2)], {"a": "train", "b": "test"})
    assert merged == ["a", "b", "b"]
    assert known == {"a": "train", "b": "test"}


@pytest.mark.parametrize("text", ["", "80/20", "80/10/20", "100/0/0", "-1/50/51", "a/b/c", "80/10/10/0"])
def test_ratios_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="80/10/10"):
        parse_ratios(text)
