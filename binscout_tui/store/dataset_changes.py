"""What differs between two dataset versions."""

from __future__ import annotations

import sqlite3
from array import array
from typing import Literal

import msgspec

from binscout_tui.store.images import HIDDEN_HASHES, LIVE

Kind = Literal["added", "removed", "relabelled", "moved"]
KINDS: tuple[Kind, ...] = ("added", "removed", "relabelled", "moved")
_BOTH = (
    "dataset_item AS one JOIN dataset_item AS two ON two.dataset_id = :after AND two.sha256 = one.sha256"
    " WHERE one.dataset_id = :before"
)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One image: class and split before and after, None where it is not in that version.

    `image_id` is None when it was purged.
    """

    sha256: str
    image_id: int | None
    label_before: str | None
    label_after: str | None
    split_before: str | None
    split_after: str | None


class Sort(msgspec.Struct, frozen=True, kw_only=True):
    """Images that changed alike: from one class or split to another; of those added or removed, their class."""

    kind: Kind
    before: str | None
    after: str | None
    images: int


def sorts(db: sqlite3.Connection, before: str, after: str) -> list[Sort]:
    """How many changed in which way, the most of each kind first. It reads both versions."""
    found = []
    for kind in KINDS:
        # A class that is there on one side alone stands on that side.
        one = {"added": "NULL", "removed": "one.label", "relabelled": _said("one"), "moved": "one.split"}[kind]
        two = {"added": "two.label", "removed": "NULL", "relabelled": _said("two"), "moved": "two.split"}[kind]
        rows = db.execute(
            f"SELECT {one}, {two}, count(*) FROM {_from(kind)} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
            {"before": before, "after": after},
        )
        found += [Sort(kind=kind, before=row[0], after=row[1], images=row[2]) for row in rows]
    return found


def page(
    db: sqlite3.Connection, before: str, after: str, kind: Kind, *, beyond: str = "", limit: int = 100
) -> list[Change]:
    """Up to `limit` images that changed in this way, ordered by hash, those above the hash `beyond`.

    Hidden ones are left out; the numbers, which belong to versions that never change, have them.
    """
    one, two = _sides(kind)
    rows = db.execute(
        f"SELECT {_hash(kind)}, (SELECT id FROM image WHERE sha256 = {_hash(kind)}), {_said(one)}, {_said(two)},"
        f" {one}.split, {two}.split FROM {_from(kind)} AND {_hash(kind)} > :beyond"
        f" AND {_hash(kind)} NOT IN ({HIDDEN_HASHES}) ORDER BY 1 LIMIT :limit",
        {"before": before, "after": after, "beyond": beyond, "limit": limit},
    )
    return [
        Change(
            sha256=row[0],
            image_id=row[1],
            label_before=None if kind == "added" else row[2],
            label_after=None if kind == "removed" else row[3],
            split_before=None if kind == "added" else row[4],
            split_after=None if kind == "removed" else row[5],
        )
        for row in rows
    ]


def ids(db: sqlite3.Connection, before: str, after: str, sort: Sort) -> array[int]:
    """The images of a sort that count today, in order of arrival."""
    one, two = {"moved": ("one.split", "two.split"), "relabelled": (_said("one"), _said("two"))}.get(
        sort.kind, ("one.label", "two.label")
    )
    sides = [f"{side} = :{name}" for side, name in ((one, "x"), (two, "y")) if getattr(sort, _SIDE[name]) is not None]
    rows = db.execute(
        f"SELECT id FROM image WHERE {LIVE} AND sha256 IN"
        f" (SELECT {_hash(sort.kind)} FROM {_from(sort.kind)} AND {' AND '.join(sides)}) ORDER BY id",
        {"before": before, "after": after, "x": sort.before, "y": sort.after},
    )
    return array("q", (row[0] for row in rows))


def _said(line: str) -> str:
    """What a line says: how many things it counts, else its label."""
    return f"coalesce(CAST(json_extract({line}.detail, '$.count') AS TEXT), {line}.label)"


_SIDE = {"x": "before", "y": "after"}


def _sides(kind: Kind) -> tuple[str, str]:
    """The tables of the version before and after; the one that has no row stands for both."""
    return {"added": ("two", "two"), "removed": ("one", "one")}.get(kind, ("one", "two"))


def _hash(kind: Kind) -> str:
    return "two.sha256" if kind == "added" else "one.sha256"


def _from(kind: Kind) -> str:
    if kind in ("relabelled", "moved"):
        changed = "one.split <> two.split"
        if kind == "relabelled":
            changed = "(one.label <> two.label OR one.detail IS NOT two.detail)"
        return f"{_BOTH} AND {changed}"
    name, here, there = ("two", "after", "before") if kind == "added" else ("one", "before", "after")
    other = f"SELECT 1 FROM dataset_item AS other WHERE other.dataset_id = :{there} AND other.sha256 = {name}.sha256"
    return f"dataset_item AS {name} WHERE {name}.dataset_id = :{here} AND NOT EXISTS ({other})"
