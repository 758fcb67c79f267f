"""Groups of pictures from what was found about pairs of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Edges = Mapping[int, set[int]]


def edges_of(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Whom each one is paired with."""
    found: dict[int, set[int]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


def equal_ones(
    pairs: Iterable[tuple[int, int]], rank: Callable[[int], Any], holds: Callable[[int, int], bool]
) -> list[list[int]]:
    """Classes in which every member was found equal to the first: the best by `rank` (smallest) of what is connected.

    `holds` is asked about a member and the first where they were no pair: what is equal twice over need not be equal.
    """
    edges = edges_of(pairs)
    classes: list[list[int]] = []
    left = set(edges)
    for start in sorted(edges, key=rank):
        if start not in left:
            continue
        connected = sorted(_connected(edges, start, left) - {start}, key=rank)
        members = [start, *(one for one in connected if one in edges[start] or holds(start, one))]
        left -= set(members)
        if len(members) > 1:
            classes.append(members)
    return classes


def stars(pairs: Iterable[tuple[int, int]], rank: Callable[[int], Any]) -> list[list[int]]:
    """Groups around a first one that each member is paired with: first those around who has most pairs.

    A chain of pictures of which each is like the next does not become one group. One that is only like members of
    groups is in a group with the best of them, which then is in two.
    """
    edges = edges_of(pairs)
    left = set(edges)
    groups: list[list[int]] = []
    for centre in sorted(edges, key=lambda one: (-len(edges[one]), rank(one))):
        if centre not in left:
            continue
        members = sorted(edges[centre] & left, key=rank)
        if not members:
            groups.append([min(edges[centre], key=rank), centre])
            left.discard(centre)
            continue
        groups.append([centre, *members])
        left -= {centre, *members}
    return groups


def _connected(edges: Edges, start: int, left: set[int]) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        fresh = (edges[waiting.pop()] & left) - found
        found |= fresh
        waiting += fresh
    return found


def expanded(groups: Iterable[Sequence[int]], members: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Groups with each member replaced by all that it stands for."""
    return [[one for stand_in in group for one in members.get(stand_in, [stand_in])] for group in groups]
