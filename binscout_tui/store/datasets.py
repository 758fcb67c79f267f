"""Dataset versions: immutable lists of (image hash, label, split), with counts or decided sets for other tasks."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.store import events, frozen_sets, journal
from binscout_tui.store.boxes import Box
from binscout_tui.store.frozen_sets import FrozenSet
from binscout_tui.store.images import LIVE, Image, from_row, unsigned
from binscout_tui.store.names import composed, is_printable

# What a file may be called, with some bytes to spare.
LONGEST_NAME = 200


class Counted(msgspec.Struct, frozen=True, order=True):
    """How many things are in an image, and the boxes of those that have one; `complete` where all have."""

    count: int
    boxes: tuple[Box, ...] = ()
    complete: bool = False


class Item(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """One line of a dataset version.

    `label` is the class of `classify`, `chosen` or `other` of `select`, and how many about of `count`, which `detail`
    says exactly.
    """

    sha256: str
    label: str
    split: Split
    source_group: str
    detail: Counted | None = None


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version; `name` is the one it got last, `counts` is {label: {split: images}}.

    `item` is the name of what was counted, "" for everything and for other tasks.
    """

    id: str
    name: str
    task: str
    manifest: str
    counts: dict[str, dict[str, int]]
    created_at: str
    item: str = ""


class Override(msgspec.Struct, frozen=True):
    """Leaks that were allowed: why, how many pairs, and the image ids of the first of them."""

    reason: str
    leaks: int
    pairs: list[tuple[int, int]]


class LabelledImage(msgspec.Struct, frozen=True):
    """What a split needs of an image: its class, the group that must stay in one split, its unsigned 64-bit hash.

    `label` and `detail` are those of the line that it becomes.
    """

    id: int
    sha256: str
    label: str
    group: str
    phash: int | None
    known_good: bool
    detail: Counted | None = None


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


def content_id(task: str, items: Iterable[Item], counted_item: str = "") -> str:
    """The id of a version: a hash of task, images, labels and splits, whatever the order of its lines.

    Groups are left out: they are named after folders, and the same content has the same id wherever it lies.
    """
    lines = sorted(f"\n{item.sha256} {item.split} {item.label}{_detail_words(item)}" for item in items)
    head = f"{task} {counted_item}" if counted_item else task
    return hashlib.sha256("".join([head, *lines]).encode()).hexdigest()[:16]


def _detail_words(item: Item) -> str:
    return "" if item.detail is None else f" {_detail_text(item.detail)}"


def _detail_text(detail: Counted | None) -> str | None:
    return None if detail is None else msgspec.json.encode(detail).decode()


def stamp(db: sqlite3.Connection) -> tuple[object, int, int]:
    """What stays the same on this connection until anybody writes anything; another connection has another."""
    return db, events.data_version(db), db.total_changes


def add(
    db: sqlite3.Connection,
    uid: int,
    dataset: Dataset,
    items: Sequence[Item],
    override: Override | None = None,
    sets: Sequence[FrozenSet] = (),
) -> bool:
    """Write a version down under its name; False when the same list is there already and got only the name."""
    is_new = db.execute("SELECT 1 FROM dataset WHERE id = ?", (dataset.id,)).fetchone() is None
    if is_new:
        _insert(db, uid, dataset, items)
        frozen_sets.add(db, dataset.id, sets)
    db.execute("UPDATE dataset SET name = ? WHERE id = ?", (dataset.name, dataset.id))
    db.execute(
        "INSERT INTO dataset_name (name, dataset_id, at) VALUES (?, ?, ?)", (dataset.name, dataset.id, utc_now())
    )
    after: dict[str, Any] = {"dataset": dataset.id, "name": dataset.name, "images": len(items)}
    if override is not None:
        after["leaks_allowed"] = msgspec.to_builtins(override)
    journal.note(db, uid, journal.Decision(area="dataset", action="build", target=0, before={}, after=after))
    return is_new


def _insert(db: sqlite3.Connection, uid: int, dataset: Dataset, items: Sequence[Item]) -> None:
    counts = msgspec.json.encode(dataset.counts).decode()
    db.execute(
        "INSERT INTO dataset (id, name, task, manifest, counts, uid, created_at, item) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (dataset.id, dataset.name, dataset.task, dataset.manifest, counts, uid, dataset.created_at, dataset.item),
    )
    # In the order of the key: every row goes to the end of the tree.
    ordered = sorted(items, key=attrgetter("sha256"))
    columns = (map(attrgetter(field), ordered) for field in ("sha256", "label", "split", "source_group"))
    rows = zip(repeat(dataset.id), *columns, (_detail_text(item.detail) for item in ordered))
    db.executemany(
        "INSERT INTO dataset_item (dataset_id, sha256, label, split, source_group, detail) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    link(db, dataset.id)


def link(db: sqlite3.Connection, dataset_id: str) -> None:
    """Say by id which images a version has, and which of its lines have none, once all lines are there."""
    linked = db.execute(
        "INSERT INTO dataset_image SELECT dataset_id, image.id, split, dataset_item.label FROM dataset_item"
        " JOIN image USING (sha256) WHERE dataset_id = ? ORDER BY image.id",
        (dataset_id,),
    ).rowcount
    lines = db.execute("SELECT count(*) FROM dataset_item WHERE dataset_id = ?", (dataset_id,)).fetchone()[0]
    if linked < lines:
        db.execute(
            "INSERT INTO dataset_gone SELECT sha256, dataset_id FROM dataset_item WHERE dataset_id = ?"
            " AND NOT EXISTS (SELECT 1 FROM image WHERE image.sha256 = dataset_item.sha256)",
            (dataset_id,),
        )


def find(db: sqlite3.Connection, name_or_id: str) -> Dataset:
    """The version with this id, or the one that was built under this name last. Raises NotFoundError."""
    row = db.execute("SELECT * FROM dataset WHERE id = ?", (name_or_id,)).fetchone()
    if row is not None:
        return from_dataset_row(row)
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
    return msgspec.structs.replace(from_dataset_row(row), name=name)


def latest(db: sqlite3.Connection, limit: int = 50) -> list[Dataset]:
    """Each version once, the one that was built last first."""
    rows = db.execute(
        "SELECT * FROM dataset ORDER BY (SELECT max(id) FROM dataset_name WHERE dataset_id = dataset.id) DESC LIMIT ?",
        (limit,),
    )
    return [from_dataset_row(row) for row in rows]


def items(db: sqlite3.Connection, dataset_id: str) -> list[tuple[Item, Image]]:
    """Every line of a version with its image."""
    rows = db.execute(
        "SELECT image.*, dataset_item.label AS item_label, dataset_item.split AS item_split,"
        " dataset_item.source_group AS item_group, detail FROM dataset_item JOIN image USING (sha256)"
        " WHERE dataset_id = ? ORDER BY sha256",
        (dataset_id,),
    )
    return [
        (
            Item(row["sha256"], row["item_label"], row["item_split"], row["item_group"], detail_of(row["detail"])),
            from_row(row),
        )
        for row in rows
    ]


def detail_of(text: str | None) -> Counted | None:
    """What a line holds besides its label, from the column."""
    return None if text is None else msgspec.json.decode(text, type=Counted)


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


def new_dataset(
    name: str,
    task: str,
    version: str,
    manifest: str,
    found: Sequence[Item] | Mapping[str, Mapping[str, int]],
    item: str = "",
) -> Dataset:
    """A version made now; `found` are its lines, or {label: {split: images}} where they are counted already."""
    counts = {k: dict(v) for k, v in found.items()} if isinstance(found, Mapping) else counted(found)
    return Dataset(id=version, name=name, task=task, manifest=manifest, counts=counts, created_at=utc_now(), item=item)


def counted(found: Iterable[Item]) -> dict[str, dict[str, int]]:
    """{label: {split: images}}, labels in order."""
    numbers = Counter((item.label, item.split) for item in found)
    labels = sorted({label for label, _ in numbers})
    return {label: {split: numbers[label, split] for split in SPLITS} for label in labels}


def from_dataset_row(row: sqlite3.Row) -> Dataset:
    """A version from a row of its table."""
    return Dataset(
        id=row["id"],
        name=row["name"],
        task=row["task"],
        manifest=row["manifest"],
        counts=msgspec.json.decode(row["counts"]),
        created_at=row["created_at"],
        item=row["item"],
    )
