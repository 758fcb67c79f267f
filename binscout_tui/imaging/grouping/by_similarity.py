"""Pictures that look alike: near perceptual hashes, then a check of colours and structure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .candidates import Candidate, Key, in_order
from .neighbours import near
from .report import ANY_SIZE, Bounds, Grouping, Left

RADIUS = 12
STRUCTURE = 0.35
COLOUR = 0.2
CROWD = 40
HINT = " A smaller distance would part them."
CELLS = 64
BLOCK = 4096  # pairs compared at once, for the sake of memory
_BLACK = 16.0

Distance = tuple[int, float]
Looks = NDArray[np.float64]


def by_similarity(
    candidates: Iterable[Candidate], bounds: Bounds = ANY_SIZE, *, radius: int = RADIUS, crowd: int = CROWD
) -> Grouping:
    """A set is a group of pictures of which EVERY two are alike, so that no chain of small steps joins strangers.

    The nearest are joined first (complete linkage). Two are alike when their hashes differ in at most `radius` bits
    and their looks agree. Groups that are too large are left out, as are pictures like more than `crowd` others.
    """
    found = Grouping()
    usable = []
    for one in found.once(in_order(candidates)):
        if one.phash is None:
            found.leave(found.free([one]), Left.NO_HASH, "It has no perceptual hash.")
        else:
            usable.append(one)
    pairs, crowded = _near(usable, radius, crowd)
    near_others = set(pairs.ravel().tolist())
    members: list[int] = []
    for index, one in enumerate(usable):
        if not found.free([one]):
            continue
        if crowded[index]:
            found.leave([one], Left.CROWD, f"More than {crowd} others look like it.{HINT}")
        elif index in near_others and one.look is None:
            found.leave([one], Left.NO_PREVIEW, "Its preview is missing, so its look cannot be checked.")
        else:
            members.append(index)
    links = _links(usable, pairs, set(members))
    for cluster in _complete_linkage(members, links):
        group = [usable[index] for index in cluster]
        found.take(f"like {group[0].name}", group, bounds, of="of this look", hint=HINT)
    return found


def need_looks(candidates: Iterable[Candidate], *, radius: int = RADIUS, crowd: int = CROWD) -> set[Key]:
    """The keys of the candidates whose looks `by_similarity` will ask for: those with a near hash."""
    usable = [one for one in in_order(candidates) if one.phash is not None]
    pairs, _ = _near(usable, radius, crowd)
    return {usable[index].key for index in pairs.ravel().tolist() if not usable[index].in_set}


def difference(one: bytes, other: bytes) -> tuple[float, float]:
    """(structure, colour) between two looks, 0 for equal ones.

    Structure is one minus the correlation of brightness (0..2), which does not mind exposure; colour is the mean
    difference of the cells' shares of red, green and blue, weighted by their brightness.
    """
    structure, colour = _differences(_cells([one]), _cells([other]))
    return float(structure[0]), float(colour[0])


def _differences(a: Looks, b: Looks) -> tuple[Looks, Looks]:
    """`difference` for looks (P, 64, 3) in pairs, each (P,)."""
    grey_a, grey_b = a.mean(axis=2), b.mean(axis=2)
    centred_a, centred_b = (grey - grey.mean(axis=1, keepdims=True) for grey in (grey_a, grey_b))
    norm = np.linalg.norm(centred_a, axis=1) * np.linalg.norm(centred_b, axis=1)
    correlation = (centred_a * centred_b).sum(axis=1) / np.maximum(norm, 1)
    structure = np.where(norm > 1, 1 - correlation, 0.0)
    shares_a, shares_b = (x / (3 * x.mean(axis=2, keepdims=True) + _BLACK) for x in (a, b))
    weight = np.minimum(grey_a, grey_b) + 1
    colour = (np.abs(shares_a - shares_b).sum(axis=2) * weight).sum(axis=1) / weight.sum(axis=1)
    return structure, colour


def _near(usable: Sequence[Candidate], radius: int, crowd: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return near(np.array([one.phash for one in usable], dtype=np.uint64), radius, crowd)


def _cells(looks: Sequence[bytes]) -> Looks:
    return np.frombuffer(b"".join(looks), dtype=np.uint8).reshape(-1, CELLS, 3).astype(np.float64)


def _links(usable: Sequence[Candidate], pairs: NDArray[np.int64], members: set[int]) -> dict[int, dict[int, Distance]]:
    """Whom each picture is like, and how far it is away: bits, then structure."""
    links: dict[int, dict[int, Distance]] = {}
    kept = [(first, second) for first, second in pairs.tolist() if first in members and second in members]
    for start in range(0, len(kept), BLOCK):
        block = kept[start : start + BLOCK]
        structure, colour = _differences(
            _cells([usable[first].look or b"" for first, _ in block]),
            _cells([usable[second].look or b"" for _, second in block]),
        )
        alike = (structure <= STRUCTURE) & (colour <= COLOUR)
        for number in np.flatnonzero(alike).tolist():
            first, second = block[number]
            bits = ((usable[first].phash or 0) ^ (usable[second].phash or 0)).bit_count()
            distance = (bits, round(float(structure[number]), 6))
            links.setdefault(first, {})[second] = distance
            links.setdefault(second, {})[first] = distance
    return links


def _complete_linkage(members: Sequence[int], links: dict[int, dict[int, Distance]]) -> list[list[int]]:
    """Clusters of members in order, each two of a cluster linked; the closest clusters are joined first.

    The distance of two clusters is that of their farthest two members. A cluster is called by its first member.
    """
    clusters = {index: [index] for index in members}
    distances = {index: dict(links.get(index, {})) for index in members}
    heap = [(distance, a, b, 1, 1) for a in members for b, distance in distances[a].items() if a < b]
    heapq.heapify(heap)
    while heap:
        _, a, b, size_a, size_b = heapq.heappop(heap)
        if a not in clusters or b not in clusters or (len(clusters[a]), len(clusters[b])) != (size_a, size_b):
            continue
        clusters[a] = sorted(clusters[a] + clusters.pop(b))
        to_a, to_b = distances.pop(a), distances.pop(b)
        merged = {other: max(to_a[other], to_b[other]) for other in to_a.keys() & to_b.keys()}
        for other in (to_a.keys() | to_b.keys()) - {a, b}:
            distances[other].pop(a, None)
            distances[other].pop(b, None)
        distances[a] = merged
        for other, far in sorted(merged.items()):
            distances[other][a] = far
            low, high = min(a, other), max(a, other)
            heapq.heappush(heap, (far, low, high, len(clusters[low]), len(clusters[high])))
    return [clusters[first] for first in sorted(clusters)]
