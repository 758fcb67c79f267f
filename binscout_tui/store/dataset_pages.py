"""Dataset versions as they are looked at: the list of them, their images page by page, and what is known of each."""

from __future__ import annotations

import json
import os
import sqlite3
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.filtering.tree import All, Condition, Filter, Is, all_of
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.store import filters, frozen_sets
from binscout_tui.store.boxes import Box
from binscout_tui.store.datasets import Counted, Dataset, detail_of, from_dataset_row
from binscout_tui.store.filter_sql import Sql
from binscout_tui.store.images import LIVE, SEEN, Image, from_row, unsigned
from binscout_tui.store.labels import Label

State = Literal["ok", "missing", "changed", "unreadable", "unexamined", "withheld", "trashed", "gone"]
"""What became of an image of a version: `gone` when it was purged, `unreadable` when it could not be decoded."""
MOST_VERSIONS = 1_000


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version in the list of all; `by` made it first, `built_at` is when it was built last.

    `sets` is the number of decided sets that a version of `select` has.
    """

    dataset: Dataset
    by: str
    built_at: str
    images: int
    classes: int
    splits: dict[str, int]
    sets: int = 0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which images of a version are looked at: of a split, of a class as it was frozen, and by a filter."""

    split: Split | None = None
    label: str | None = None
    text: str = ""


class FrozenRow(msgspec.Struct, frozen=True, kw_only=True):
    """An image with its label and split in the version, None where it is not in it, and what is said of it today.

    `boxes` have the name of a class or "". Those of `classify` are what people drew for labels, and free crops, as
    they are today; in a version of another task they are frozen: the boxes of what was counted, the crops of choices.
    `count` is the frozen number of things, None for other tasks.
    """

    image: Image
    frozen: str | None
    split: Split | None
    now: Label | None
    boxes: tuple[tuple[Box, str], ...] = ()
    task: str = "classify"
    count: int | None = None

    @property
    def differs(self) -> bool:
        """Whether people say another class today than the version does."""
        is_class = self.frozen is not None and self.task == "classify"
        return is_class and (self.now.name if self.now is not None else None) != self.frozen


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a version and what is stored of its image now; `image_id` None when that was purged.

    `now` is the class of today; whoever asks about another task puts what the line would be today there.
    """

    sha256: str
    label: str
    split: Split
    group: str
    image_id: int | None
    phash: int | None
    state: State
    now: str | None
    detail: Counted | None = None


def versions(db: sqlite3.Connection, limit: int = MOST_VERSIONS) -> list[Version]:
    """Each version once, the one that was built last first."""
    rows = db.execute(
        "SELECT dataset.*, user.name AS by,"
        " (SELECT id FROM dataset_name WHERE dataset_id = dataset.id ORDER BY id DESC LIMIT 1) AS built,"
        " (SELECT at FROM dataset_name WHERE dataset_id = dataset.id ORDER BY id DESC LIMIT 1) AS built_at,"
        " (SELECT count(*) FROM dataset_set WHERE dataset_id = dataset.id) AS sets"
        " FROM dataset JOIN user USING (uid) ORDER BY built DESC LIMIT ?",
        (limit,),
    )
    return [_version(row) for row in rows]


def piece(db: sqlite3.Connection, dataset_id: str, wanted: Wanted, beyond: int, limit: int) -> array[int]:
    """Up to `limit` ids above `beyond` of a version's images that count, in order of arrival. Raises FilterError."""
    if wanted.text and wanted.label is None:
        found = filters.page(db, _tree(dataset_id, wanted), beyond=beyond, limit=limit, order="oldest")
        return array("q", found)
    where, values = ["dataset_image.dataset_id = ?", "image_id > ?"], [dataset_id, beyond]
    for column, value in (("label", wanted.label), ("split", wanted.split)):
        if value is not None:
            where.append(f"dataset_image.{column} = ?")
            values.append(value)
    check = filters.checked(db, _tree(dataset_id, wanted)) if wanted.text else Sql(LIVE)
    rows = db.execute(
        "SELECT image_id FROM dataset_image CROSS JOIN image ON image.id = image_id"
        f" WHERE {' AND '.join(where)} AND ({check.text}) ORDER BY image_id LIMIT ?",
        (*values, *check.values, limit),
    )
    return array("q", (found for (found,) in rows))


def rows(db: sqlite3.Connection, dataset_id: str, ids: Iterable[int]) -> list[FrozenRow]:
    """The rows of these images, in their order; ids that do not exist are left out."""
    found = db.execute(
        "SELECT image.*, line.label AS frozen, line.split AS frozen_split, line.detail AS detail,"
        " label.state AS said, class.name AS class,"
        " (SELECT json_array(task, item) FROM dataset WHERE id = ?1) AS about,"
        " (SELECT json_group_array(json_array(x1, y1, x2, y2, coalesce(boxed.name, ''))) FROM"
        "  (SELECT x1, y1, x2, y2, class_id FROM label_box WHERE label_box.image_id = image.id"
        "   UNION ALL SELECT x1, y1, x2, y2, NULL FROM crop WHERE crop.image_id = image.id)"
        "  LEFT JOIN class AS boxed ON boxed.id = class_id) AS boxes"
        " FROM json_each(?2) AS wanted JOIN image ON image.id = wanted.value"
        " LEFT JOIN dataset_item AS line ON line.dataset_id = ?1 AND line.sha256 = image.sha256"
        " LEFT JOIN label ON label.image_id = image.id LEFT JOIN class ON class.id = label.class_id"
        " ORDER BY wanted.key",
        (dataset_id, json.dumps(list(ids))),
    ).fetchall()
    crops = frozen_sets.crops(db, dataset_id, [row["sha256"] for row in found])
    return [_row(row, crops.get(row["sha256"], ())) for row in found]


def facts(db: sqlite3.Connection, dataset_id: str) -> list[Fact]:
    """Every line of a version, ordered by its hash, with what is stored of its image; those of hidden ones left out."""
    found = db.execute(
        "SELECT line.sha256, line.label, line.split, line.source_group, image.id, phash, class.name, line.detail,"
        " CASE WHEN image.id IS NULL THEN 'gone' WHEN image_damage.image_id IS NOT NULL THEN 'unreadable'"
        " WHEN trashed_at IS NOT NULL THEN 'trashed' WHEN withheld IS NOT NULL THEN 'withheld'"
        " WHEN health <> 'ok' THEN health WHEN examined = 0 THEN 'unexamined' ELSE 'ok' END"
        " FROM dataset_item AS line LEFT JOIN image ON image.sha256 = line.sha256"
        " LEFT JOIN image_damage ON image_damage.image_id = image.id LEFT JOIN label ON label.image_id = image.id"
        " LEFT JOIN class ON class.id = label.class_id WHERE line.dataset_id = ?"
        f" AND {SEEN} ORDER BY line.sha256",
        (dataset_id,),
    )
    return [
        Fact(
            sha256=row[0],
            label=row[1],
            split=row[2],
            group=row[3],
            image_id=row[4],
            phash=unsigned(row[5]),
            now=row[6],
            state=row[8],
            detail=detail_of(row[7]),
        )
        for row in found
    ]


def paths(db: sqlite3.Connection, dataset_id: str) -> dict[int, Path]:
    """{image id: the file of its original, absolute or relative to the workspace} for a version's images that count."""
    found = db.execute(
        f"SELECT image.id, path FROM dataset_image JOIN image ON image.id = image_id WHERE dataset_id = ? AND {LIVE}",
        (dataset_id,),
    )
    return {row[0]: Path(os.fsdecode(row[1])) for row in found}


def longer_sides(db: sqlite3.Connection, dataset_id: str) -> dict[int, int]:
    """{pixels of the longer side: images} of a version; it takes a while where there are many."""
    found = db.execute(
        "SELECT max(width, height), count(*) FROM dataset_image JOIN image ON image.id = image_id"
        " WHERE dataset_id = ? GROUP BY 1",
        (dataset_id,),
    )
    return {row[0]: row[1] for row in found}


def left_out(db: sqlite3.Connection) -> int:
    """How many images with a class no version can have now: their file has changed or gone, or waits to be decoded."""
    found = db.execute(
        "SELECT count(*) FROM image JOIN label ON label.image_id = image.id"
        f" WHERE class_id IS NOT NULL AND {LIVE} AND (health <> 'ok' OR examined = 0)"
    )
    return int(found.fetchone()[0])


def _tree(dataset_id: str, wanted: Wanted) -> Filter:
    parts: list[Filter] = [Condition("dataset", (Is(dataset_id),))]
    if wanted.split is not None:
        parts.append(Condition("split", (Is(wanted.split),)))
    return all_of([*parts, filters.parse(wanted.text)]) if wanted.text else All(tuple(parts))


def _version(row: sqlite3.Row) -> Version:
    dataset = from_dataset_row(row)
    counts = dataset.counts
    splits: dict[str, int] = {split: sum(one.get(split, 0) for one in counts.values()) for split in SPLITS}
    return Version(
        dataset=dataset,
        by=row["by"],
        built_at=row["built_at"] or row["created_at"],
        images=sum(splits.values()),
        classes=len(counts),
        splits=splits,
        sets=row["sets"],
    )


def _row(row: sqlite3.Row, crops: Iterable[Box]) -> FrozenRow:
    said = Label(row["id"], row["said"], row["class"]) if row["said"] is not None else None
    task, item = json.loads(row["about"] or '["classify", ""]')
    detail = detail_of(row["detail"])
    if task == "classify":
        boxes = tuple(((box[0], box[1], box[2], box[3]), str(box[4])) for box in json.loads(row["boxes"]))
    else:
        boxes = tuple((box, item) for box in (crops if detail is None else detail.boxes))
    return FrozenRow(
        image=from_row(row),
        frozen=row["frozen"],
        split=row["frozen_split"],
        now=said,
        boxes=boxes,
        task=task,
        count=None if detail is None else detail.count,
    )
