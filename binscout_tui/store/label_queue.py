"""In which order images are gone over to label them: pages by key, and where an image stands in an order.

A page costs the same wherever it is and however many images there are; nothing is sorted but what is left of a random
order when it is nearly done.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from binscout_tui.store import events, filters, suspects
from binscout_tui.store.images import LIVE, unsigned
from binscout_tui.store.shuffle import Shuffle

Order = Literal[
    "unlabelled",
    "arrival",
    "uncertain",
    "disagreement",
    "random",
    "diverse",
    "suspects",
    "review",
    "skipped",
    "filter",
]
Spot = tuple[float, int]
"""Where an image stands: its rank or score, 0 where that does not count, and its id."""
BEGINNING: Spot = (-1.0, 0)
FEW = 5_000
"""So many unlabelled images are sorted for a random order; of more its places are looked at one after the other."""
LEAST_BLOCK, BLOCK = 32, 512
_RANKED = ("random", "diverse", "suspects")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is gone over: the order, for which person, with what the active model says; `filter` is for that order."""

    order: Order = "unlabelled"
    uid: int
    model_id: str | None = None
    filter: str = ""


def page(db: sqlite3.Connection, wanted: Wanted, *, after: Spot = BEGINNING, limit: int = 50) -> list[int]:
    """Ids of up to `limit` images that follow `after`. Raises FilterError where the filter cannot be answered."""
    return _PAGES[wanted.order](db, wanted, after, limit)


def spot(db: sqlite3.Connection, wanted: Wanted, image_id: int) -> Spot | None:
    """Where an image stands or would stand in the order; None where it has no place in it."""
    find = _SPOTS.get(wanted.order)
    return find(db, wanted, image_id) if find else (0.0, image_id)


def before(wanted: Wanted, place: Spot) -> Spot:
    """Where a page begins that holds what stands at `place`."""
    return (place[0] - 1, 0) if wanted.order in _RANKED else (place[0], place[1] - 1)


def highest_id(db: sqlite3.Connection) -> int:
    """The id of the newest image, 0 where there is none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM image").fetchone()[0])


# Orders by id, each over a list of the images that it holds.

_LISTS: Mapping[str, tuple[str, str]] = {
    "unlabelled": ("unlabelled AS listed", "1"),
    "skipped": ("label AS listed INDEXED BY label_state", "listed.state = 'skipped'"),
    "review": ("image_review AS listed", "1"),
    "disagreement": ("disagreement AS listed INDEXED BY disagreement_model", "listed.model_id = :model"),
}


def _by_list(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    source, condition = _LISTS[wanted.order]
    rows = db.execute(
        f"SELECT listed.image_id FROM {source} CROSS JOIN image ON image.id = listed.image_id"
        f" WHERE {condition} AND listed.image_id > :after AND {LIVE} ORDER BY listed.image_id LIMIT :limit",
        {"model": wanted.model_id, "after": after[1], "limit": limit},
    )
    return [int(row[0]) for row in rows]


def _by_arrival(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    rows = db.execute(
        f"SELECT id FROM image INDEXED BY image_live WHERE id > ? AND {LIVE} ORDER BY id LIMIT ?", (after[1], limit)
    )
    return [int(row[0]) for row in rows]


def _by_filter(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    return filters.page(db, filters.parse(wanted.filter), beyond=after[1], limit=limit, order="oldest")


# The least sure first.


def _by_score(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    rows = db.execute(
        "SELECT image_id FROM open_prediction INDEXED BY open_prediction_score"
        " CROSS JOIN image ON image.id = image_id"
        f" WHERE model_id = ? AND (score, image_id) > (?, ?) AND {LIVE} ORDER BY score, image_id LIMIT ?",
        (wanted.model_id, *after, limit),
    )
    return [int(row[0]) for row in rows]


def _score_spot(db: sqlite3.Connection, wanted: Wanted, image_id: int) -> Spot | None:
    row = db.execute(
        "SELECT score FROM prediction WHERE image_id = ? AND model_id = ? AND score IS NOT NULL",
        (image_id, wanted.model_id),
    ).fetchone()
    return (row[0], image_id) if row else None


# At random, each person in an order of their own.


def _by_chance(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    shuffle = _shuffle(db, wanted.uid)
    few = [row[0] for row in db.execute("SELECT image_id FROM unlabelled LIMIT ?", (FEW + 1,))]
    blocks = _sorted(few, shuffle, after[0]) if len(few) <= FEW else _places(shuffle, after[0])
    found: list[int] = []
    for ids in blocks:
        there = _unlabelled(db, ids)
        found += [image_id for image_id in ids if image_id in there]
        if len(found) >= limit:
            break
    return found[:limit]


def _shuffle(db: sqlite3.Connection, uid: int) -> Shuffle:
    return Shuffle(highest_id(db), uid)


def _sorted(ids: Sequence[int], shuffle: Shuffle, after: float) -> Iterator[list[int]]:
    numbers = np.array(ids, dtype=np.uint64)
    places = shuffle.places(numbers)
    later = np.flatnonzero(places > np.uint64(after)) if after >= 0 else np.arange(len(numbers))
    following = numbers[later[np.argsort(places[later])]]
    for first in range(0, len(following), BLOCK):
        yield following[first : first + BLOCK].tolist()


def _places(shuffle: Shuffle, after: float) -> Iterator[list[int]]:
    """What stands at the places behind `after`: few at first, more where few of them are unlabelled."""
    first, size = int(after) + 1, LEAST_BLOCK
    while first < shuffle.size:
        places = np.arange(first, min(first + size, shuffle.size), dtype=np.uint64)
        yield shuffle.numbers(places).tolist()
        first, size = first + size, min(2 * size, BLOCK)


def _unlabelled(db: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    rows = db.execute(
        "SELECT image_id FROM json_each(?) CROSS JOIN unlabelled ON image_id = value"
        f" CROSS JOIN image ON image.id = image_id WHERE {LIVE}",
        (json.dumps(ids),),
    )
    return {int(row[0]) for row in rows}


def _chance_spot(db: sqlite3.Connection, wanted: Wanted, image_id: int) -> Spot | None:
    place = _shuffle(db, wanted.uid).places(np.array([image_id], dtype=np.uint64))[0]
    return float(place), image_id


# An order that was worked out and kept: unlike ones first.


def keep_order(db: sqlite3.Connection, uid: int, image_ids: Sequence[int]) -> None:
    """Keep an order that was worked out for this person, in the place of the one before."""
    db.execute("DELETE FROM label_order WHERE uid = ?", (uid,))
    rows = [(uid, rank, image_id, image_id) for rank, image_id in enumerate(image_ids, 1)]
    db.executemany("INSERT INTO label_order SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM image WHERE id = ?)", rows)
    events.emit(db, "label_order", uid)


def hashes(db: sqlite3.Connection, first: int, limit: int, *, labelled: bool = False) -> list[tuple[int, int]]:
    """(id, perceptual hash) of up to `limit` images from `first` on that count and are unlabelled, or have a class."""
    source, condition = ("label", "label.state = 'class'") if labelled else ("unlabelled", "1")
    rows = db.execute(
        f"SELECT image.id, phash FROM {source} CROSS JOIN image ON image.id = {source}.image_id"
        f" WHERE {condition} AND {source}.image_id >= ? AND phash IS NOT NULL AND {LIVE}"
        f" ORDER BY {source}.image_id LIMIT ?",
        (first, limit),
    )
    return [(row[0], unsigned(row[1]) or 0) for row in rows]


def _by_rank(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    rows = db.execute(
        "SELECT label_order.image_id FROM label_order CROSS JOIN unlabelled USING (image_id)"
        " CROSS JOIN image ON image.id = image_id"
        f" WHERE uid = ? AND rank > ? AND {LIVE} ORDER BY rank LIMIT ?",
        (wanted.uid, after[0], limit),
    )
    return [int(row[0]) for row in rows]


def _rank_spot(db: sqlite3.Connection, wanted: Wanted, image_id: int) -> Spot | None:
    values = (image_id, wanted.uid)
    row = db.execute("SELECT rank FROM label_order WHERE image_id = ? AND uid = ?", values).fetchone()
    return (float(row[0]), image_id) if row else None


# What the look for mistakes found.


def _by_suspicion(db: sqlite3.Connection, wanted: Wanted, after: Spot, limit: int) -> list[int]:
    rows = db.execute("SELECT image_id FROM suspect WHERE rank > ? ORDER BY rank", (after[0],))
    found: list[int] = []
    for (image_id,) in rows:
        if suspects.get(db, image_id) is not None:
            found.append(image_id)
            if len(found) == limit:
                break
    return found


def _suspect_spot(db: sqlite3.Connection, wanted: Wanted, image_id: int) -> Spot | None:
    row = db.execute("SELECT rank FROM suspect WHERE image_id = ?", (image_id,)).fetchone()
    return (float(row[0]), image_id) if row else None


_Page = Callable[[sqlite3.Connection, Wanted, Spot, int], list[int]]
_PAGES: Mapping[Order, _Page] = {
    "unlabelled": _by_list,
    "arrival": _by_arrival,
    "uncertain": _by_score,
    "disagreement": _by_list,
    "random": _by_chance,
    "diverse": _by_rank,
    "suspects": _by_suspicion,
    "review": _by_list,
    "skipped": _by_list,
    "filter": _by_filter,
}
_SPOTS: Mapping[Order, Callable[[sqlite3.Connection, Wanted, int], Spot | None]] = {
    "uncertain": _score_spot,
    "random": _chance_spot,
    "diverse": _rank_spot,
    "suspects": _suspect_spot,
}
