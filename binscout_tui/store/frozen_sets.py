"""The decided sets that a dataset version of the task `select` holds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter

import msgspec

from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.store.boxes import Box

TASK = "select"


class FrozenSet(msgspec.Struct, frozen=True, kw_only=True):
    """One line: the hashes of the candidates in their order, which of them was chosen, and the crop of that one.

    `crop` is normalised to the upright picture, None where nobody cut it.
    """

    key: str
    members: tuple[str, ...]
    chosen: int
    split: Split
    source_group: str
    crop: Box | None = None


def key_of(members: Sequence[str]) -> str:
    """The identity of a line: a hash of its members' hashes in the order of the set."""
    return hashlib.sha256("\n".join(members).encode()).hexdigest()


def content_id(lines: Iterable[FrozenSet]) -> str:
    """The id of a version: a hash of task, sets, choices, crops and splits, whatever the order of its lines."""
    words = sorted(f"\n{one.key} {one.split} {one.chosen} {_crop_text(one.crop) or '-'}" for one in lines)
    return hashlib.sha256("".join([TASK, *words]).encode()).hexdigest()[:16]


def add(db: sqlite3.Connection, dataset_id: str, lines: Iterable[FrozenSet]) -> None:
    """Write the sets of a new version down."""
    ordered = sorted(lines, key=attrgetter("key"))
    db.executemany(
        "INSERT INTO dataset_set VALUES (?, ?, ?, ?, ?, ?)",
        [(dataset_id, one.key, one.split, one.source_group, one.chosen, _crop_text(one.crop)) for one in ordered],
    )
    db.executemany(
        "INSERT INTO dataset_set_member VALUES (?, ?, ?, ?)",
        [(dataset_id, one.key, place, sha) for one in ordered for place, sha in enumerate(one.members)],
    )


def of(db: sqlite3.Connection, dataset_id: str) -> list[FrozenSet]:
    """The sets of a version in the order of their keys."""
    rows = db.execute(
        "SELECT key, sha256 FROM dataset_set_member WHERE dataset_id = ? ORDER BY key, position", (dataset_id,)
    )
    members = {key: tuple(sha for _, sha in found) for key, found in groupby(rows.fetchall(), itemgetter(0))}
    found = db.execute(
        "SELECT key, split, source_group, chosen, crop FROM dataset_set WHERE dataset_id = ? ORDER BY key",
        (dataset_id,),
    )
    return [
        FrozenSet(
            key=row[0],
            members=members[row[0]],
            chosen=row[3],
            split=row[1],
            source_group=row[2],
            crop=None if row[4] is None else msgspec.json.decode(row[4], type=Box),
        )
        for row in found
    ]


def count(db: sqlite3.Connection, dataset_id: str) -> dict[str, int]:
    """{split: sets} of a version; all are 0 for one of another task."""
    found: dict[str, int] = dict.fromkeys(SPLITS, 0)
    rows = db.execute("SELECT split, count(*) FROM dataset_set WHERE dataset_id = ? GROUP BY split", (dataset_id,))
    return found | {row[0]: row[1] for row in rows}


def crops(db: sqlite3.Connection, dataset_id: str, hashes: Sequence[str]) -> dict[str, tuple[Box, ...]]:
    """{hash: the crops that it was chosen with in a version}, of those of these images that were."""
    rows = db.execute(
        "SELECT sha256, crop FROM dataset_set_member AS member JOIN dataset_set USING (dataset_id, key)"
        " WHERE dataset_id = ? AND sha256 IN (SELECT value FROM json_each(?)) AND position = chosen"
        " AND crop IS NOT NULL ORDER BY key",
        (dataset_id, msgspec.json.encode(list(hashes)).decode()),
    )
    found: dict[str, tuple[Box, ...]] = {}
    for sha, crop in rows:
        found[sha] = (*found.get(sha, ()), msgspec.json.decode(crop, type=Box))
    return found


def counted(lines: Iterable[FrozenSet]) -> dict[str, int]:
    """{split: sets} of these lines."""
    numbers = Counter(one.split for one in lines)
    return {split: numbers[split] for split in SPLITS}


def _crop_text(crop: Box | None) -> str | None:
    return None if crop is None else msgspec.json.encode(crop).decode()
