"""What grouping reads of the images, and how it writes sets down."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from binscout_tui.store import sets
from binscout_tui.store.images import LIVE, unsigned


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One image as grouping sees it.

    `source` and `name` are safe to show. `left` says why it can never join: `in_trash` or `withheld`, else it is
    empty; `in_set` whether it is in any set. `taken_with` is equal for what one capture source took of one item in one
    compartment (0: none), and empty for what was not captured.
    """

    id: int
    sha256: str
    name: str
    source: str
    taken_at: str | None
    mtime_ns: int
    width: int
    height: int
    phash: int | None
    left: str
    in_set: bool
    taken_with: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A set to be made of images in order."""

    name: str
    kind: str
    images: tuple[int, ...]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a set to be: its id, None where it could not be made; `new` when it was made now."""

    id: int | None
    new: bool


_COLUMNS = (
    "image.id, sha256, name, image.source, taken_at, mtime_ns, width, height, phash,"
    " CASE WHEN trashed_at IS NOT NULL THEN 'in_trash' WHEN withheld IS NOT NULL THEN 'withheld' ELSE '' END AS left,"
    " EXISTS (SELECT 1 FROM set_member WHERE set_member.image_id = image.id) AS in_set,"
    " coalesce((SELECT printf('source %d, compartment %d, item %d', source_id, compartment_id, item_id)"
    " FROM capture WHERE capture.image_id = image.id AND owns_image = 1 ORDER BY capture.id LIMIT 1), '') AS taken_with"
)


def rows(db: sqlite3.Connection, ids: Iterable[int] | None = None) -> list[Row]:
    """All images that can be used, or those with `ids` whatever their state, by id."""
    if ids is None:
        found = db.execute(f"SELECT {_COLUMNS} FROM image WHERE {LIVE} ORDER BY image.id")
    else:
        chosen = msgspec.json.encode(sorted(set(ids))).decode()
        wanted = "image.id IN (SELECT value FROM json_each(?))"
        found = db.execute(f"SELECT {_COLUMNS} FROM image WHERE {wanted} ORDER BY image.id", (chosen,))
    return [_row(row) for row in found]


def members_by_set(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """The members of every set that holds one of these images, by set."""
    chosen = msgspec.json.encode(sorted(set(ids))).decode()
    found: dict[int, set[int]] = {}
    for row in db.execute(
        "SELECT set_id, image_id FROM set_member WHERE set_id IN"
        " (SELECT set_id FROM set_member WHERE image_id IN (SELECT value FROM json_each(?)))",
        (chosen,),
    ):
        found.setdefault(row["set_id"], set()).add(row["image_id"])
    return {set_id: frozenset(members) for set_id, members in found.items()}


def write(db: sqlite3.Connection, wanted: Sequence[Wanted], *, shared: bool) -> list[Written]:
    """Make these sets, each as a whole or not at all, in one go.

    A set is not made when one of its images went to the trash, is withheld or, unless `shared`, joined another set
    since the caller looked: nothing joins twice, whoever else is grouping.
    """
    return [_write(db, one, shared) for one in wanted]


def _write(db: sqlite3.Connection, wanted: Wanted, shared: bool) -> Written:
    now = rows(db, wanted.images)
    known = db.execute(
        "SELECT id FROM image_set WHERE key = ?", (sets.set_key([one.sha256 for one in now]),)
    ).fetchone()
    if known:
        return Written(id=known["id"], new=False)
    usable = len(now) == len(wanted.images) and not any(one.left or (one.in_set and not shared) for one in now)
    if not usable:
        return Written(id=None, new=False)
    set_id, new = sets.add(db, name=wanted.name, kind=wanted.kind, image_ids=wanted.images)
    return Written(id=set_id, new=new)


def _row(row: sqlite3.Row) -> Row:
    values: dict[str, Any] = dict(row)
    values["phash"], values["in_set"] = unsigned(row["phash"]), bool(row["in_set"])
    return Row(**values)
