"""Which image is for training, which for choosing, which for judging. By group, never by file."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Literal

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


def assign_splits(
    groups: Sequence[str],
    labels: Sequence[str],
    ratios: tuple[float, float, float] = (80, 10, 10),
    seed: int = 0,
) -> list[Split]:
    """One split name an image, the same for all images of a group.

    `groups[i]` names the photo or session that image `i` comes from (an empty group is a group of its own image).
    Groups are dealt in an order that depends on `seed`, names and labels only, each to the split that is furthest
    from its share of the group's classes: so rare classes reach every split if they have enough groups.
    """
    if len(groups) != len(labels):
        raise ValueError("groups and labels differ in length")
    names = [group or f"\0{index}" for index, group in enumerate(groups)]
    contents: dict[str, Counter[str]] = defaultdict(Counter)
    for name, label in zip(names, labels, strict=True):
        contents[name][label] += 1
    totals = Counter(labels)
    shares = {split: ratio / sum(ratios) for split, ratio in zip(SPLITS, ratios, strict=True)}
    filled: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
    chosen: dict[str, Split] = {}
    for name in _dealing_order(contents, totals, seed):
        chosen[name] = _neediest(contents[name], filled, totals, shares)
        filled[chosen[name]].update(contents[name])
    return [chosen[name] for name in names]


def _dealing_order(contents: dict[str, Counter[str]], totals: Counter[str], seed: int) -> list[str]:
    """Groups with the rarest class first, for they must be dealt while all splits are open; else by hash."""

    def key(name: str) -> tuple[int, bytes]:
        digest = hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogateescape")).digest()
        return min(totals[label] for label in contents[name]), digest

    return sorted(contents, key=key)


def _neediest(
    content: Counter[str],
    filled: dict[Split, Counter[str]],
    totals: Counter[str],
    shares: dict[Split, float],
) -> Split:
    """The split that lacks most of what this group holds; train wins ties, so one lonely group is trained on."""

    def lack(split: Split) -> float:
        if shares[split] <= 0:
            return float("-inf")
        need = 0.0
        for label, number in content.items():
            wanted = shares[split] * totals[label]
            need += number * (wanted - filled[split][label]) / wanted
        return need

    return max(SPLITS, key=lambda split: (round(lack(split), 9), shares[split]))
