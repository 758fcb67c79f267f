"""What differs between two dataset versions, as a report."""

from __future__ import annotations

import sqlite3

import msgspec

from binscout_tui.errors import UsageError
from binscout_tui.store import dataset_changes, datasets
from binscout_tui.store.dataset_changes import KINDS, Change, Kind, Sort
from binscout_tui.store.datasets import Dataset


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How two versions differ; an image that was relabelled and moved is in both of these counts."""

    before: Dataset
    after: Dataset
    counts: dict[str, int]
    sorts: list[Sort]
    changes: list[Change] = []


def compare(
    db: sqlite3.Connection, before: str, after: str, *, kind: Kind | None = None, beyond: str = "", limit: int = 0
) -> Difference:
    """How the version `after` differs from `before`, both by name or id (a store function).

    With `kind` it lists up to `limit` images of that kind with hashes above `beyond`.
    Raises NotFoundError, and UsageError for a version and itself.
    """
    one, two = datasets.find(db, before), datasets.find(db, after)
    if one.id == two.id:
        raise UsageError(f"{before} and {after} are the same version, {one.id}.", code="same_dataset")
    sorts = dataset_changes.sorts(db, one.id, two.id)
    counts: dict[str, int] = {name: sum(sort.images for sort in sorts if sort.kind == name) for name in KINDS}
    changes = dataset_changes.page(db, one.id, two.id, kind, beyond=beyond, limit=limit) if kind and limit else []
    return Difference(before=one, after=two, counts=counts, sorts=sorts, changes=changes)


def words(sort: Sort) -> str:
    """A sort in words, for example `relabelled m3 → m4`."""
    parts = [sort.before, sort.after] if sort.kind in ("relabelled", "moved") else [sort.after or sort.before]
    return f"{sort.kind} {' → '.join(part or '' for part in parts)}"
