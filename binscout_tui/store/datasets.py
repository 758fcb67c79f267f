"""Dataset versions: immutable lists of (image hash, label, split)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import journal
from binscout_tui.store.images import Image, from_row

Split = Literal["train", "val", "test"]


class Item(msgspec.Struct, frozen=True, order=True):
    """One line of a dataset version."""

    sha256: str
    label: str
    split: Split
    source_group: str


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version; `counts` is {label: {split: images}}."""

    id: str
    name: str
    task: str
    manifest: str
    counts: dict[str, dict[str, int]]
    created_at: str


class LabelledImage(msgspec.Struct, frozen=True):
    """An image with the class a person gave it and the source group that must stay in one split."""

    image: Image
    label: str
    group: str
    known_good: bool


def content_id(task: str, items: Iterable[Item]) -> str:
    """The id of a version: a hash of its list, whatever the order of its lines."""
    digest = hashlib.sha256(task.encode())
    for item in sorted(items):
        digest.update(f"\n{item.sha256} {item.split} {item.source_group} {item.label}".encode())
    return digest.hexdigest()[:16]


def add(db: sqlite3.Connection, uid: int, dataset: Dataset, items: Sequence[Item]) -> bool:
    """Write a version down; False when the same list is there already."""
    if db.execute("SELECT 1 FROM dataset WHERE id = ?", (dataset.id,)).fetchone():
        return False
    counts = msgspec.json.encode(dataset.counts).decode()
    db.execute(
        "INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)",
        (dataset.id, dataset.name, dataset.task, dataset.manifest, counts, uid, dataset.created_at),
    )
    db.executemany(
        "INSERT INTO dataset_item VALUES (?, ?, ?, ?, ?)",
        [(dataset.id, item.sha256, item.label, item.split, item.source_group) for item in items],
    )
    after: dict[str, Any] = {"dataset": dataset.id, "name": dataset.name, "images": len(items)}
    journal.note(db, uid, journal.Decision(area="dataset", action="build", target=0, before={}, after=after))
    return True


def find(db: sqlite3.Connection, name_or_id: str) -> Dataset:
    """The version with this id, or the newest of this name. Raises NotFoundError."""
    row = db.execute(
        "SELECT * FROM dataset WHERE id = ? OR name = ? ORDER BY id = ? DESC, created_at DESC LIMIT 1",
        (name_or_id, name_or_id, name_or_id),
    ).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no dataset {name_or_id!r}.",
            hint="`binscout dataset list` shows them; `binscout dataset build NAME` makes one.",
            code="no_dataset",
        )
    return _dataset(row)


def latest(db: sqlite3.Connection, limit: int = 50) -> list[Dataset]:
    """The newest versions, newest first."""
    return [_dataset(row) for row in db.execute("SELECT * FROM dataset ORDER BY created_at DESC LIMIT ?", (limit,))]


def items(db: sqlite3.Connection, dataset_id: str) -> list[tuple[Item, Image]]:
    """Every line of a version with its image."""
    rows = db.execute(
        "SELECT image.*, dataset_item.label AS item_label, dataset_item.split AS item_split,"
        " dataset_item.source_group AS item_group FROM dataset_item JOIN image USING (sha256)"
        " WHERE dataset_id = ? ORDER BY sha256",
        (dataset_id,),
    )
    return [
        (Item(row["sha256"], row["item_label"], row["item_split"], row["item_group"]), from_row(row)) for row in rows
    ]


def hashes(db: sqlite3.Connection, dataset_id: str, splits: Sequence[Split]) -> set[str]:
    """The hashes of a version's images in these splits."""
    marks = ", ".join("?" * len(splits))
    rows = db.execute(
        f"SELECT sha256 FROM dataset_item WHERE dataset_id = ? AND split IN ({marks})", (dataset_id, *splits)
    )
    return {row[0] for row in rows}


def labelled(db: sqlite3.Connection, task: str) -> list[LabelledImage]:
    """Every usable image that has a class, in order of arrival."""
    rows = db.execute(
        "SELECT image.*, class.name AS class_name, source_group,"
        " known_good.image_id IS NOT NULL AS is_known_good"
        " FROM image"
        " JOIN label ON label.image_id = image.id JOIN class ON class.id = label.class_id"
        " LEFT JOIN known_good ON known_good.image_id = image.id AND known_good.task = ?"
        " WHERE trashed_at IS NULL AND health = 'ok' ORDER BY image.id",
        (task,),
    )
    return [
        LabelledImage(from_row(row), row["class_name"], row["source_group"], bool(row["is_known_good"])) for row in rows
    ]


def set_links(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """Pairs of image ids that are in one set: enough of them to connect every set."""
    rows = db.execute(
        "SELECT first.image_id, min(other.image_id) FROM set_member AS first"
        " JOIN set_member AS other ON other.set_id = first.set_id AND other.image_id > first.image_id"
        " GROUP BY first.set_id, first.image_id"
    )
    return [(row[0], row[1]) for row in rows]


def assignments(db: sqlite3.Connection, task: str) -> dict[str, Split]:
    """The split that each known group has for ever."""
    return dict(db.execute("SELECT source_group, split FROM split_assignment WHERE task = ?", (task,)).fetchall())


def keep_assignments(db: sqlite3.Connection, task: str, assigned: dict[str, Split]) -> None:
    """Remember the splits of new groups; known ones keep theirs."""
    db.executemany(
        "INSERT OR IGNORE INTO split_assignment VALUES (?, ?, ?)",
        [(task, group, split) for group, split in assigned.items()],
    )


def new_dataset(name: str, task: str, version: str, manifest: str, found: Sequence[Item]) -> Dataset:
    """A version made now, with its counts."""
    counts: dict[str, dict[str, int]] = {}
    for item in sorted(found, key=lambda i: i.label):
        per_split = counts.setdefault(item.label, {"train": 0, "val": 0, "test": 0})
        per_split[item.split] += 1
    return Dataset(id=version, name=name, task=task, manifest=manifest, counts=counts, created_at=utc_now())


def _dataset(row: sqlite3.Row) -> Dataset:
    return Dataset(
        id=row["id"],
        name=row["name"],
        task=row["task"],
        manifest=row["manifest"],
        counts=msgspec.json.decode(row["counts"]),
        created_at=row["created_at"],
    )
