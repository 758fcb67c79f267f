"""Splitting by group, as pure functions: nothing of one source is on both sides, and splits are stable."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from binscout_tui.errors import UsageError
from binscout_tui.learning.splits import SPLITS, Split

# So many images of a class are wanted for judging even where the share would be less, if the class has five times more.
JUDGED = 3
Ratios = tuple[int, int, int]


def parse_ratios(text: str) -> Ratios:
    """`80/10/10` as numbers. Raises UsageError unless it is three positive parts of 100."""
    parts = text.split("/")
    if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
        train, val, test = (int(part) for part in parts)
        if train + val + test == 100 and min(train, val, test) > 0:
            return train, val, test
    raise UsageError(f"A split is three positive parts of 100 such as 80/10/10, not {text!r}.", code="bad_split")


def merged_groups(
    groups: Sequence[str], pairs: Iterable[tuple[int, int]], known: Mapping[str, Split]
) -> tuple[list[str], dict[str, Split]]:
    """(group of each image, splits of merged groups) after the groups of every pair (of indices) became one.

    A merged group has the smallest of its names. Groups whose `known` splits differ stay apart: nothing ever moves
    from one split to another, so such a pair is a leak for the caller to find.
    """
    parent = {group: group for group in groups}
    splits = {group: known[group] for group in parent if group in known}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    for a, b in pairs:
        first, second = sorted((root(groups[a]), root(groups[b])))
        known_splits = {splits[group] for group in (first, second) if group in splits}
        if first != second and len(known_splits) < 2:
            parent[second] = first
            if known_splits:
                splits[first] = known_splits.pop()
    merged = [root(group) for group in groups]
    return merged, {group: splits[group] for group in merged if group in splits}


def assign(
    groups: Sequence[str],
    labels: Sequence[str],
    known: Mapping[str, Split],
    ratios: Ratios,
    contents: Sequence[str] | None = None,
) -> list[Split]:
    """The split of each image: groups in `known` keep theirs, new ones go where their classes lack most.

    New groups are taken in the order of a hash of the least of their images' `contents` (hashes), so that neither the
    order of input nor the names of folders change the result; without them, in that of a hash of their names.
    """
    members: dict[str, Counter[str]] = {}
    for group, label in zip(groups, labels, strict=True):
        members.setdefault(group, Counter())[label] += 1
    total = Counter(labels)
    have: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
    chosen: dict[str, Split] = {}
    for group in members:
        if group in known:
            chosen[group] = known[group]
            have[known[group]].update(members[group])
    least: dict[str, str] = {}
    for group, content in zip(groups, contents if contents is not None else groups, strict=True):
        least[group] = min(content, least.get(group, content))
    for group in sorted(members.keys() - chosen.keys(), key=lambda group: _shuffled(least[group])):
        chosen[group] = _neediest(members[group], total, have, ratios)
        have[chosen[group]].update(members[group])
    return [chosen[group] for group in groups]


def _neediest(group: Counter[str], total: Counter[str], have: Mapping[Split, Counter[str]], ratios: Ratios) -> Split:
    def lack(split: Split) -> float:
        share = ratios[SPLITS.index(split)] / 100
        wanted = {label: max(share * total[label], min(JUDGED, total[label] // 5)) for label in group}
        return sum(n * (1 - have[split][label] / wanted[label]) for label, n in group.items())

    return max(SPLITS, key=lack)


def _shuffled(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
