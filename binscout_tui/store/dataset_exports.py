"""A dataset version read for an export: all of its lines, also those whose image is gone, and the sets beside them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from binscout_tui.learning.splits import Split
from binscout_tui.store import frozen_sets
from binscout_tui.store.boxes import Box
from binscout_tui.store.datasets import Counted, detail_of
from binscout_tui.store.images import HIDDEN_HASHES, HIDDEN_SETS, LIVE


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a version; `image_id` is None when the image was purged, and `name` and `format` are empty then."""

    sha256: str
    label: str
    split: Split
    group: str
    image_id: int | None
    name: str
    format: str
    detail: Counted | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a set that was decided on; `group` is its own source."""

    image_id: int
    sha256: str
    name: str
    format: str
    size: tuple[int, int]
    group: str
    ruled_out: bool


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A set with the image that was chosen, its crop normalised to the upright picture, and the other members."""

    key: str
    chosen: Candidate
    crop: Box | None
    others: tuple[Candidate, ...]


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A crop of an image, normalised: of the choice of a set, or drawn by itself with the item in it."""

    box: Box
    set_key: str | None
    item: str | None


def lines(db: sqlite3.Connection, dataset_id: str) -> list[Line]:
    """Every line of a version in the order of hashes."""
    rows = db.execute(
        "SELECT dataset_item.sha256, label, split, dataset_item.source_group, image.id, name, format, detail"
        " FROM dataset_item LEFT JOIN image ON image.sha256 = dataset_item.sha256 WHERE dataset_id = ?"
        " ORDER BY dataset_item.sha256",
        (dataset_id,),
    )
    return [
        Line(
            sha256=row[0],
            label=row[1],
            split=row[2],
            group=row[3],
            image_id=row[4],
            name=row[5] or "",
            format=row[6] or "",
            detail=detail_of(row[7]),
        )
        for row in rows
    ]


def has_hidden(db: sqlite3.Connection, dataset_id: str) -> bool:
    """Whether an image of a version is hidden."""
    sql = f"SELECT 1 FROM dataset_item WHERE dataset_id = ? AND sha256 IN ({HIDDEN_HASHES}) LIMIT 1"
    return db.execute(sql, (dataset_id,)).fetchone() is not None


def choices(db: sqlite3.Connection) -> Iterator[Choice]:
    """Every set of which an image was chosen, in the order of keys, with those of its members that count."""
    decided = db.execute(
        "SELECT image_set.id, key, chosen_image_id, x1, y1, x2, y2 FROM image_set"
        " LEFT JOIN crop ON crop.set_id = image_set.id WHERE state = 'done'"
        f" AND image_set.id NOT IN ({HIDDEN_SETS}) ORDER BY key"
    )
    for row in decided.fetchall():
        members = _members(db, row["id"])
        chosen = next((one for one in members if one.image_id == row["chosen_image_id"]), None)
        if chosen is not None:
            box = None if row["x1"] is None else (row["x1"], row["y1"], row["x2"], row["y2"])
            others = tuple(one for one in members if one is not chosen)
            yield Choice(key=row["key"], chosen=chosen, crop=box, others=others)


def frozen_choices(db: sqlite3.Connection, dataset_id: str) -> Iterator[tuple[Choice | None, Split]]:
    """The sets of a version of `select` with their splits; None for one whose chosen image was purged."""
    rows = db.execute(
        "SELECT image.id, image.sha256, name, format, width, height, image.source_group, 0 FROM dataset_item"
        " JOIN image USING (sha256) WHERE dataset_id = ?",
        (dataset_id,),
    )
    known = {row[1]: _candidate(row) for row in rows}
    for one in frozen_sets.of(db, dataset_id):
        chosen = known.get(one.members[one.chosen])
        if chosen is None:
            yield None, one.split
            continue
        others = [known[sha] for place, sha in enumerate(one.members) if place != one.chosen and sha in known]
        yield Choice(key=one.key, chosen=chosen, crop=one.crop, others=tuple(others)), one.split


def _members(db: sqlite3.Connection, set_id: int) -> list[Candidate]:
    rows = db.execute(
        "SELECT image.id, sha256, name, format, width, height, source_group, ruled_out FROM set_member"
        f" JOIN image ON image.id = image_id WHERE set_id = ? AND {LIVE} ORDER BY position",
        (set_id,),
    )
    return [_candidate(row) for row in rows]


def _candidate(row: sqlite3.Row) -> Candidate:
    return Candidate(
        image_id=row[0],
        sha256=row[1],
        name=row[2],
        format=row[3],
        size=(row[4], row[5]),
        group=row[6],
        ruled_out=bool(row[7]),
    )


def cuts(db: sqlite3.Connection, image_ids: Sequence[int]) -> dict[int, list[Cut]]:
    """{image id: its crops from top to bottom}; at most a few hundred images at once."""
    marks = ", ".join("?" * len(image_ids))
    rows = db.execute(
        "SELECT image_id, x1, y1, x2, y2, image_set.key, item.name FROM crop"
        " LEFT JOIN image_set ON image_set.id = set_id LEFT JOIN item ON item.id = item_id"
        f" WHERE image_id IN ({marks}) ORDER BY image_id, y1, x1, y2, x2, image_set.key, item.name",
        image_ids,
    )
    found: defaultdict[int, list[Cut]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(Cut(box=(row[1], row[2], row[3], row[4]), set_key=row[5], item=row[6]))
    return found


def boxed_classes(db: sqlite3.Connection, dataset_id: str) -> tuple[set[int], bool]:
    """The ids of the classes of boxes on a version's images, and whether a box has none."""
    rows = db.execute(
        "SELECT DISTINCT class_id FROM dataset_item JOIN image USING (sha256)"
        " JOIN label_box ON label_box.image_id = image.id WHERE dataset_id = ?",
        (dataset_id,),
    )
    found = {row[0] for row in rows}
    return {int(class_id) for class_id in found if class_id is not None}, None in found
