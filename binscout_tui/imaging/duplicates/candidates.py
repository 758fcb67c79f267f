"""Which of many pictures are worth comparing: near hashes in any turn, or marks with the same words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.hashes import near_arrays

RADIUS = 5
KEY_BITS = 24  # of a word, its coarsest
OWNER_BITS = 32
LEAST_VOTES = 2
MOST_OF_A_KEY = 24  # pictures with one word; more of them are only compared with the next few
NEXT = 2
MOST = 16  # candidates that a picture brings by its marks
MOST_BY_HASH = 32
ROOM = 64  # pairs a picture, on average, that one band of hashes may bring

Pairs = NDArray[np.int64]


def candidates(
    hashes: NDArray[np.uint64], hash_owners: NDArray[np.int64], words: NDArray[np.uint64], owners: NDArray[np.int64]
) -> Pairs:
    """Pairs (P, 2), first < second, sorted and without repetition, of the pictures numbered by the owners.

    `hashes` and `words` may be several a picture; their owners ascend.
    """
    return _unique(np.concatenate([by_hashes(hashes, hash_owners), by_words(words, owners)]))


def by_hashes(hashes: NDArray[np.uint64], owners: NDArray[np.int64], radius: int = RADIUS) -> Pairs:
    """Pairs with hashes that differ in at most `radius` bits, of each picture at least its 32 nearest ones.

    Of equal hashes each is paired with the next one.
    """
    values, first = np.unique(hashes, return_index=True)
    order = np.argsort(hashes, kind="stable")
    equal = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
    pairs = [np.stack([owners[order[equal]], owners[order[equal + 1]]], axis=1)]
    near = [np.stack(found, axis=1) for found in near_arrays(values, radius, max(1_000_000, ROOM * len(values)))]
    if near:
        places = np.concatenate(near)
        distance = np.bitwise_count(values[places[:, 0]] ^ values[places[:, 1]]).astype(np.int64)
        pairs.append(owners[first[_strongest(places, -distance, MOST_BY_HASH)]])
    return _unique(np.concatenate(pairs))


def by_words(words: NDArray[np.uint64], owners: NDArray[np.int64]) -> Pairs:
    """Pairs that share at least 2 words, of each picture the 16 that share most."""
    # Both in one number, because that sorts faster; a picture that has a word several times counts once.
    packed = np.unique((words & np.uint64((1 << KEY_BITS) - 1)) << np.uint64(OWNER_BITS) | owners.astype(np.uint64))
    keys, owners = packed >> np.uint64(OWNER_BITS), (packed & np.uint64((1 << OWNER_BITS) - 1)).astype(np.int64)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    lengths = np.diff(np.append(starts, len(keys)))
    reach = np.repeat(np.where(lengths > MOST_OF_A_KEY, NEXT, MOST_OF_A_KEY), lengths)
    votes = []
    place = np.arange(len(keys))
    for step in range(1, MOST_OF_A_KEY):
        place = place[place + step < len(keys)]
        place = place[(keys[place + step] == keys[place]) & (reach[place] >= step)]
        if not len(place):
            break
        votes.append(owners[place] << 32 | owners[place + step])
    if not votes:
        return np.zeros((0, 2), dtype=np.int64)
    pairs, counts = np.unique(np.concatenate(votes), return_counts=True)
    enough = counts >= LEAST_VOTES
    return _strongest(np.stack([pairs >> 32, pairs & 0xFFFFFFFF], axis=1)[enough], counts[enough], MOST)


def _strongest(pairs: Pairs, votes: NDArray[np.int64], most: int) -> Pairs:
    """Those that are among the first `most` of one of their two."""
    kept = np.zeros(len(pairs), dtype=bool)
    for side in range(2):
        order = np.lexsort((-votes, pairs[:, side]))
        owner = pairs[order, side]
        starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]])) if len(owner) else owner
        rank = np.arange(len(owner)) - np.repeat(starts, np.diff(np.append(starts, len(owner))))
        kept[order[rank < most]] = True
    return pairs[kept]


def _unique(pairs: Pairs) -> Pairs:
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    packed = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1)
