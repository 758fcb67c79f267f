"""Dataset versions: immutable lists of (image hash, label, split)."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.learning.splits import Split
from binscout_tui.store import journal
from binscout_tui.store.images import LIVE, Image, from_row, unsigned
from binscout_tui.store.names import composed, is_printable

# What a file may be called, with some bytes to spare.
LONGEST_NAME = 200


class Item(msgspec.Struct, frozen=True, order=True):
    """One line of a dataset version."""

    sha256: str
    label: str
    split: Split
    source_group: str


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version; `name` is the one it got last, `counts` is {label: {split: images}}."""

    id: str
    name: str
    task: str
    manifest: str
    counts: dict[str, dict[str, int]]
    created_at: str


class LabelledImage(msgspec.Struct, frozen=True):
    """What a split needs of an image: its class, the group that must stay in one split, its unsigned 64-bit hash."""

    id: int
    sha256: str
    label: str
    group: str
    phash: int | None
    known_good: bool


def checked_name(name: str) -> str:
    """`name` as datasets are called. Raises UsageError when it cannot be shown, be a file's name, or is like an id."""
    name = composed(name)
    usable = is_printable(name) and "/" not in name and name[0] not in "._-" and len(name.encode()) <= LONGEST_NAME
    if not usable or re.fullmatch("[0-9a-f]{16}", name):
        raise UsageError(
            "A dataset's name has 1 to 200 printable characters, no slash, and begins with a letter or a digit.",
            code="bad_dataset_name",
        )
    return name


def content_id(task: str, items: Iterable[Item]) -> str:
    """The id of a version: a hash of its list, whatever the order of its lines."""
    digest = hashlib.sha256(task.encode())
    for item in sorted(items):
        digest.update(f"\n{item.sha256} {item.split} {item.source_group} {item.label}".encode())
    return digest.hexdigest()[:16]


def add(db: sqlite3.Connection, uid: int, dataset: Dataset, items: Sequence[Item]) -> bool:
    """Write a version down under its name; False when the same list is there already and got only the name."""
    is_new = db.execute("SELECT 1 FROM dataset WHERE id = ?", (dataset.id,)).fetchone() is None
    if is_new:
        _insert(db, uid, dataset, items)
    db.execute("UPDATE dataset SET name = ? WHERE id = ?", (dataset.name, dataset.id))
    db.execute(
        "INSERT INTO dataset_name (name, dataset_id, at) VALUES (?, ?, ?)", (dataset.name, dataset.id, utc_now())
    )
    after: dict[str, Any] = {"dataset": dataset.id, "name": dataset.name, "images": len(items)}
    journal.note(db, uid, journal.Decision(area="dataset", action="build", target=0, before={}, after=after))
    return is_new


def _insert(db: sqlite3.Connection, uid: int, dataset: Dataset, items: Sequence[Item]) -> None:
    counts = msgspec.json.encode(dataset.counts).decode()
    db.execute(
        "INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)",
        (dataset.id, dataset.name, dataset.task, dataset.manifest, counts, uid, dataset.created_at),
    )
    db.executemany(
        "INSERT INTO dataset_item VALUES (?, ?, ?, ?, ?)",
        [(dataset.id, item.sha256, item.label, item.split, item.source_group) for item in items],
    )


def find(db: sqlite3.Connection, name_or_id: str) -> Dataset:
    """The version with this id, or the one that was built under this name last. Raises NotFoundError."""
    row = db.execute("SELECT * FROM dataset WHERE id = ?", (name_or_id,)).fetchone()
    if row is not None:
        return _dataset(row)
    name = composed(name_or_id)
    row = db.execute(
        "SELECT dataset.* FROM dataset_name JOIN dataset ON dataset.id = dataset_id"
        " WHERE dataset_name.name = ? ORDER BY dataset_name.id DESC LIMIT 1",
        (name,),
    ).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no dataset {name_or_id!r}.",
            hint="`binscout dataset list` shows them; `binscout dataset build NAME` makes one.",
            code="no_dataset",
        )
    return msgspec.structs.replace(_dataset(row), name=name)


def latest(db: sqlite3.Connection, limit: int = 50) -> list[Dataset]:
    """Each version once, the one that was built last first."""
    rows = db.execute(
        "SELECT * FROM dataset ORDER BY (SELECT max(id) FROM dataset_name WHERE dataset_id = dataset.id) DESC LIMIT ?",
        (limit,),
    )
    return [_dataset(row) for row in rows]


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
        "SELECT image.id, sha256, class.name, source_group, phash, known_good.image_id IS NOT NULL FROM image"
        " JOIN label ON label.image_id = image.id JOIN class ON class.id = label.class_id"
        " LEFT JOIN known_good ON known_good.image_id = image.id AND known_good.task = ?"
        f" WHERE {LIVE} AND health = 'ok' AND examined = 1 ORDER BY image.id",
        (task,),
    )
    return [
        LabelledImage(
            id=row[0], sha256=row[1], label=row[2], group=row[3], phash=unsigned(row[4]), known_good=bool(row[5])
        )
        for row in rows
    ]


def set_members(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """Every (set, image id), set by set."""
    return [(row[0], row[1]) for row in db.execute("SELECT set_id, image_id FROM set_member ORDER BY 1, 2")]


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
