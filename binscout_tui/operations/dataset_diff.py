"""What differs between two dataset versions, as a report."""

from __future__ import annotations

import sqlite3

import msgspec

from binscout_tui.errors import UsageError
from binscout_tui.store import dataset_changes, datasets, frozen_sets
from binscout_tui.store.dataset_changes import KINDS, Change, Kind, Sort
from binscout_tui.store.datasets import Dataset


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How two versions differ; an image that was relabelled and moved is in both of these counts.

    `sets` is {how they changed: number of decided sets}, for versions that have them.
    """

    before: Dataset
    after: Dataset
    counts: dict[str, int]
    sorts: list[Sort]
    changes: list[Change] = []
    sets: dict[str, int] = {}


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
    if one.task != two.task:
        raise UsageError(
            f"{before} is for the task {one.task} and {after} for {two.task}; only versions of one task are compared.",
            code="other_task",
        )
    sorts = dataset_changes.sorts(db, one.id, two.id)
    counts: dict[str, int] = {name: sum(sort.images for sort in sorts if sort.kind == name) for name in KINDS}
    changes = dataset_changes.page(db, one.id, two.id, kind, beyond=beyond, limit=limit) if kind and limit else []
    sets = _sets(db, one.id, two.id) if one.task == frozen_sets.TASK else {}
    return Difference(before=one, after=two, counts=counts, sorts=sorts, changes=changes, sets=sets)


def _sets(db: sqlite3.Connection, before: str, after: str) -> dict[str, int]:
    """How many sets came and went, and of how many the choice, the crop, or the split is another."""
    one, two = ({line.key: line for line in frozen_sets.of(db, dataset)} for dataset in (before, after))
    both = [(one[key], two[key]) for key in one.keys() & two.keys()]
    return {
        "added": len(two.keys() - one.keys()),
        "removed": len(one.keys() - two.keys()),
        "decided otherwise": sum(a.chosen != b.chosen for a, b in both),
        "cut otherwise": sum(a.chosen == b.chosen and a.crop != b.crop for a, b in both),
        "moved": sum(a.split != b.split for a, b in both),
    }


def words(sort: Sort) -> str:
    """A sort in words, for example `relabelled m3 → m4`."""
    if sort.kind == "relabelled" and sort.before == sort.after:
        return f"relabelled {sort.before}, with other boxes"
    parts = [sort.before, sort.after] if sort.kind in ("relabelled", "moved") else [sort.after or sort.before]
    return f"{sort.kind} {' → '.join(part or '' for part in parts)}"
