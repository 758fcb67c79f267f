"""Which of many pictures are worth comparing: near hashes in any turn, marks with the same words, or equal small ones.

Of very many pictures that are all near each other, as those of a camera that stands still, each is compared with those
that are nearest in brightness: that differs from shot to shot and stays when a picture is encoded anew or turned.
"""

from __future__ import annotations

from typing import NamedTuple

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
MOST_BY_HASH = 12

Pairs = NDArray[np.int64]
Numbers = NDArray[np.int64]
Signs64 = NDArray[np.uint64]


class Signs(NamedTuple):
    """What is known of pictures: `twins` (N,) equal where their small versions are, `light` (N,) the mean brightness.

    `hashes` and `words` may be several a picture; `hash_owners` and `word_owners` say of which, by its number 0..N-1.
    """

    hashes: Signs64
    hash_owners: Numbers
    words: Signs64
    word_owners: Numbers
    twins: Signs64
    light: NDArray[np.float64]


def candidates(signs: Signs) -> Pairs:
    """Pairs (P, 2) of numbers of pictures, first < second, sorted and without repetition."""
    order = np.argsort(signs.light, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    hash_owners = place[signs.hash_owners]
    sorting = np.argsort(hash_owners, kind="stable")
    near = by_hashes(signs.hashes[sorting], hash_owners[sorting])
    alike = by_words(signs.words, place[signs.word_owners])
    return _unique(np.concatenate([by_twins(signs.twins), order[near], order[alike]]))


def by_twins(twins: Signs64) -> Pairs:
    """Of pictures with equal numbers each with the first and with the one before."""
    order = np.argsort(twins, kind="stable")
    values = twins[order]
    again = np.flatnonzero(values[1:] == values[:-1]) + 1
    first = np.searchsorted(values, values[again])
    pairs = [np.stack([order[again - 1], order[again]], axis=1), np.stack([order[first], order[again]], axis=1)]
    return _unique(np.concatenate(pairs))


def by_hashes(hashes: Signs64, owners: Numbers, radius: int = RADIUS) -> Pairs:
    """Pairs with hashes that differ in at most `radius` bits, of each picture the 12 nearest ones.

    Owners ascend, and of those that are as near the ones with the next numbers count first. No pair is missed where
    neither has more than 12 near ones.
    """
    near = [np.stack(found, axis=1) for found in near_arrays(hashes, radius, MOST_BY_HASH)]
    if not near:
        return np.zeros((0, 2), dtype=np.int64)
    places = np.concatenate(near)
    distance = np.bitwise_count(hashes[places[:, 0]] ^ hashes[places[:, 1]]).astype(np.int64)
    pairs = owners[places]
    others = pairs[:, 0] != pairs[:, 1]  # a picture whose way up is unsure has several hashes
    return _unique(_strongest(pairs[others], -distance[others], MOST_BY_HASH))


def by_words(words: Signs64, owners: Numbers) -> Pairs:
    """Pairs that share at least 2 words, of each picture the 16 that share most.

    Of pictures that share a word with more than 24 each is only seen beside those with the next two numbers.
    """
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
    """Those that are among the first `most` of one of their two, and of as strong ones those with the next numbers."""
    kept = np.zeros(len(pairs), dtype=bool)
    for side in range(2):
        order = np.lexsort((np.abs(pairs[:, 1] - pairs[:, 0]), -votes, pairs[:, side]))
        owner = pairs[order, side]
        starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]])) if len(owner) else owner
        rank = np.arange(len(owner)) - np.repeat(starts, np.diff(np.append(starts, len(owner))))
        kept[order[rank < most]] = True
    return pairs[kept]


def _unique(pairs: Pairs) -> Pairs:
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    packed = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1)
