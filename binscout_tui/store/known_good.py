"""The gate's lists: images with the class or the number that is expected of them, and sets with the one to keep."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import journal
from binscout_tui.store.boxes import Box, checked_box
from binscout_tui.store.expected import KNOWN_GOOD
from binscout_tui.store.images import SEEN, Image, from_row


class KnownGood(msgspec.Struct, frozen=True):
    """An image of the classifiers' list and what a model must say of it; empty: that it is none of the classes."""

    image_id: int
    sha256: str
    expected: str
    must_pass: bool


class KnownCount(msgspec.Struct, frozen=True, kw_only=True):
    """An image of the counters' list, how many things a person counted in it, and of which class, None of any."""

    image_id: int
    sha256: str
    count: int
    item: str | None
    must_pass: bool


class KnownSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set of the list: its images in order, which of them (from 0) a person kept, and how they cut it.

    `set_id` is None when the set is no more; what is listed stays as it was.
    """

    key: str
    set_id: int | None
    images: list[tuple[int, str]]
    chosen: int
    crop: Box | None
    must_pass: bool


Listed = KnownGood | KnownCount | KnownSet


def known_good(db: sqlite3.Connection, task: str, *, concealed: bool = False) -> list[KnownGood]:
    """The classifiers' list in order of the images' arrival; with `concealed` also what is hidden, for the gate."""
    sql = f"{_LISTED} WHERE task = ? AND {_seen(concealed)} ORDER BY image_id"
    return [_known_good(row) for row in db.execute(sql, (task,))]


def known_counts(db: sqlite3.Connection, *, concealed: bool = False) -> list[KnownCount]:
    """The counters' list in order of the images' arrival; `concealed` as in `known_good`."""
    rows = db.execute(f"{_COUNTED} WHERE {_seen(concealed)} ORDER BY image_id")
    return [_known_count(row) for row in rows]


def known_sets(db: sqlite3.Connection, *, concealed: bool = False) -> list[KnownSet]:
    """The known-good sets in the order in which they were listed; `concealed` as in `known_good`."""
    where = "1" if concealed else _SEEN_SET
    rows = db.execute(f"SELECT * FROM known_good_set WHERE {where} ORDER BY at, key").fetchall()
    return [_known_set(db, row) for row in rows]


def listed(db: sqlite3.Connection, task: str, *, concealed: bool = False) -> Sequence[Listed]:
    """The list of any task; `concealed` as in `known_good`."""
    if task == "select":
        return known_sets(db, concealed=concealed)
    if task == "count":
        return known_counts(db, concealed=concealed)
    return known_good(db, task, concealed=concealed)


def is_empty(db: sqlite3.Connection, task: str) -> bool:
    """Whether nothing is on the list of a task, nothing hidden either."""
    table, where = {"select": ("known_good_set", "1"), "count": ("known_good_count", "1")}.get(
        task, ("known_good", "task = :task")
    )
    sql = f"SELECT NOT EXISTS (SELECT 1 FROM {table} WHERE {where})"
    return bool(db.execute(sql, {"task": task}).fetchone()[0])


def pictures(db: sqlite3.Connection, task: str) -> dict[int, Image]:
    """The images of a task's list by their ids, the members of its sets and what is hidden as well."""
    ids = {
        "select": "SELECT image_id FROM known_good_member",
        "count": "SELECT image_id FROM known_good_count",
    }.get(task, "SELECT image_id FROM known_good WHERE task = :task")
    rows = db.execute(f"SELECT * FROM image WHERE id IN ({ids})", {"task": task})
    return {row["id"]: from_row(row) for row in rows}


def identity(entry: Listed) -> str:
    """What an entry is known by: the SHA-256 of its image, or the key of its set."""
    return entry.key if isinstance(entry, KnownSet) else entry.sha256


def line(entry: Listed) -> str:
    """An entry as one line of text in which everything that is expected stands."""
    if isinstance(entry, KnownSet):
        members = " ".join(sha256 for _, sha256 in entry.images)
        return f"{entry.key} {entry.must_pass:d} {entry.chosen} {entry.crop} {members}"
    if isinstance(entry, KnownCount):
        return f"{entry.sha256} {entry.must_pass:d} {entry.count} {entry.item or ''}"
    return f"{entry.sha256} {entry.must_pass:d} {entry.expected}"


def known_good_entry(db: sqlite3.Connection, task: str, image_id: int) -> KnownGood | None:
    """What the classifiers' list says of the image, or None."""
    row = db.execute(f"{_LISTED} WHERE task = ? AND image_id = ? AND {SEEN}", (task, image_id)).fetchone()
    return _known_good(row) if row else None


def known_count(db: sqlite3.Connection, image_id: int) -> KnownCount | None:
    """What the counters' list says of the image, or None."""
    row = db.execute(f"{_COUNTED} WHERE image_id = ? AND {SEEN}", (image_id,)).fetchone()
    return _known_count(row) if row else None


def known_set(db: sqlite3.Connection, key: str) -> KnownSet | None:
    """The known-good set with that key, or None."""
    row = db.execute(f"SELECT * FROM known_good_set WHERE key = ? AND {_SEEN_SET}", (key,)).fetchone()
    return _known_set(db, row) if row else None


def add_known_good(
    db: sqlite3.Connection, uid: int, task: str, image_id: int, expected: str, *, must_pass: bool = False
) -> None:
    """Put an image on the classifiers' list, or change what is expected of it."""
    entry = known_good_entry(db, task, image_id)
    db.execute(
        "INSERT INTO known_good VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET expected = excluded.expected,"
        " must_pass = excluded.must_pass, uid = excluded.uid, at = excluded.at",
        (task, image_id, expected, must_pass, uid, utc_now()),
    )
    after = {"task": task, "expected": expected, "must_pass": must_pass}
    _note(db, uid, "change" if entry else "add", image_id, _state(task, entry), after)


def add_known_count(
    db: sqlite3.Connection,
    uid: int,
    image_id: int,
    count: int,
    *,
    class_id: int | None = None,
    must_pass: bool = False,
) -> None:
    """Put an image on the counters' list, or change what is expected of it."""
    before = known_count(db, image_id)
    db.execute(
        "INSERT INTO known_good_count VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET class_id = excluded.class_id,"
        " count = excluded.count, must_pass = excluded.must_pass, uid = excluded.uid, at = excluded.at",
        (image_id, class_id, count, must_pass, uid, utc_now()),
    )
    after = known_count(db, image_id)
    _note(db, uid, "change" if before else "add", image_id, _state("count", before), _state("count", after))


def add_known_set(
    db: sqlite3.Connection,
    uid: int,
    key: str,
    image_ids: Sequence[int],
    chosen: int,
    *,
    set_id: int | None = None,
    crop: Box | None = None,
    must_pass: bool = False,
) -> None:
    """Put a set on the list as it is now, or change what is expected of it; `chosen` counts `image_ids` from 0.

    Raises UsageError for a bad box.
    """
    before = known_set(db, key)
    db.execute("DELETE FROM known_good_set WHERE key = ?", (key,))
    box = None if crop is None else msgspec.json.encode(checked_box(crop)).decode()
    db.execute(
        "INSERT INTO known_good_set (key, set_id, crop, must_pass, uid, at) VALUES (?, ?, ?, ?, ?, ?)",
        (key, set_id, box, must_pass, uid, utc_now()),
    )
    db.executemany(
        "INSERT INTO known_good_member (key, image_id, position, chosen) VALUES (?, ?, ?, ?)",
        [(key, image_id, place, place == chosen) for place, image_id in enumerate(image_ids)],
    )
    action = "change" if before else "add"
    _note(db, uid, action, set_id or 0, _state("select", before), _state("select", known_set(db, key)))


def remove_known_good(db: sqlite3.Connection, uid: int, task: str, image_id: int) -> None:
    """Take an image off the list of classifiers or counters. Raises NotFoundError when it is not on it."""
    entry = known_count(db, image_id) if task == "count" else known_good_entry(db, task, image_id)
    if entry is None:
        raise NotFoundError(f"Image {image_id} is not on the known-good list.", code="not_listed")
    if task == "count":
        db.execute("DELETE FROM known_good_count WHERE image_id = ?", (image_id,))
    else:
        db.execute("DELETE FROM known_good WHERE task = ? AND image_id = ?", (task, image_id))
    _note(db, uid, "remove", image_id, _state(task, entry), {})


def remove_known_set(db: sqlite3.Connection, uid: int, set_id: int) -> None:
    """Take a set off the list. Raises NotFoundError when it is not on it."""
    found = [entry for entry in known_sets(db) if entry.set_id == set_id]
    if not found:
        raise NotFoundError(f"Set {set_id} is not on the known-good list.", code="not_listed")
    for entry in found:
        db.execute("DELETE FROM known_good_set WHERE key = ?", (entry.key,))
        _note(db, uid, "remove", set_id, _state("select", entry), {})


def _state(task: str, entry: Listed | None) -> dict[str, Any]:
    """What the journal keeps of an entry."""
    if entry is None:
        return {}
    if isinstance(entry, KnownGood):
        return {"task": task, "expected": entry.expected, "must_pass": entry.must_pass}
    return {"task": task, **msgspec.to_builtins(entry)}


def _note(
    db: sqlite3.Connection, uid: int, action: str, target: int, before: dict[str, Any], after: dict[str, Any]
) -> None:
    decision = journal.Decision(area=KNOWN_GOOD, action=action, target=target, before=before, after=after)
    journal.note(db, uid, decision)


def hidden(db: sqlite3.Connection, task: str) -> frozenset[str]:
    """What those entries of a task's list are known by of which something is hidden: the gate says no more of them."""
    seen = {identity(entry) for entry in listed(db, task)}
    return frozenset(identity(entry) for entry in listed(db, task, concealed=True)) - seen


def _seen(concealed: bool) -> str:
    return "1" if concealed else SEEN


_SEEN_SET = (
    "NOT EXISTS (SELECT 1 FROM known_good_member JOIN image ON image.id = image_id"
    " WHERE known_good_member.key = known_good_set.key AND withheld = 'hidden')"
)
_LISTED = "SELECT image_id, sha256, expected, must_pass FROM known_good JOIN image ON image.id = image_id"
_COUNTED = (
    "SELECT image_id, sha256, count, class.name AS item, must_pass FROM known_good_count"
    " JOIN image ON image.id = image_id LEFT JOIN class ON class.id = class_id"
)


def _known_good(row: sqlite3.Row) -> KnownGood:
    return KnownGood(row[0], row[1], row[2], bool(row[3]))


def _known_count(row: sqlite3.Row) -> KnownCount:
    return KnownCount(
        image_id=row["image_id"],
        sha256=row["sha256"],
        count=row["count"],
        item=row["item"],
        must_pass=bool(row["must_pass"]),
    )


def _known_set(db: sqlite3.Connection, row: sqlite3.Row) -> KnownSet:
    members = db.execute(
        "SELECT image_id, sha256, chosen FROM known_good_member JOIN image ON image.id = image_id WHERE key = ?"
        " ORDER BY position",
        (row["key"],),
    ).fetchall()
    return KnownSet(
        key=row["key"],
        set_id=row["set_id"],
        images=[(member[0], member[1]) for member in members],
        chosen=next(place for place, member in enumerate(members) if member[2]),
        crop=None if row["crop"] is None else msgspec.json.decode(row["crop"], type=Box),
        must_pass=bool(row["must_pass"]),
    )
