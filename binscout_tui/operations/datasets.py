"""Building a dataset version: which labelled images, split by group, without leaks, frozen under a content id."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import numpy as np

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.imaging.hashes import near_pairs
from binscout_tui.operations.splitting import Ratios, assign, merged_groups
from binscout_tui.store import datasets, models
from binscout_tui.store.datasets import Item, LabelledImage, Split
from binscout_tui.workspace import Paths

# Re-encoded copies of one photo differ by up to 4 bits of the perceptual hash; other photos by more.
NEAR_DUPLICATE_BITS = 4
KNOWN_GOOD_PER_CLASS = 8


class Leak(msgspec.Struct, frozen=True):
    """Two near-identical images that are in different splits."""

    first: int
    second: int
    splits: tuple[Split, Split]


class BuildReport(msgspec.Struct, kw_only=True):
    """A version as it was built. `groups` counts what was split as a whole, `known_good` what the gate's list got."""

    id: str
    name: str
    task: str
    images: int
    groups: int
    splits: dict[str, int]
    counts: dict[str, dict[str, int]]
    leaks: list[Leak]
    known_good: int
    manifest: str
    is_new: bool


def build(
    db: sqlite3.Connection,
    paths: Paths,
    uid: int,
    name: str,
    *,
    task: str = "classify",
    ratios: Ratios = (80, 10, 10),
    allow_leaks: bool = False,
    fill_known_good: bool = True,
) -> BuildReport:
    """Freeze every labelled image into a version called `name` (a store function).

    Images of one set, of one source photo, or nearly the same share a split, and a group keeps its split for ever.
    Where the gate's list is empty it is filled from the test split, which no training sees.
    Raises BinScoutError for nothing to learn from, RefusedError for leaks that were not allowed.
    """
    if task != "classify":
        raise UsageError(f"Datasets for the task {task} cannot be built yet; classify can.", code="task")
    found = datasets.labelled(db, task)
    _enough(found)
    near = _near(found)
    groups, known = merged_groups(
        [image.group for image in found], [*near, *_same_set(db, found)], _known_splits(db, task, found)
    )
    splits = assign(groups, [image.label for image in found], known, ratios)
    leaks = [
        Leak(found[a].image.id, found[b].image.id, (splits[a], splits[b])) for a, b in near if splits[a] != splits[b]
    ]
    if leaks and not allow_leaks:
        raise RefusedError(
            f"{len(leaks)} pairs of nearly the same picture would lie in different splits"
            f" (for example images {leaks[0].first} and {leaks[0].second}).",
            hint="Trash one of each pair, or build with --allow-leaks.",
            code="dataset_leak",
        )
    items = [
        Item(entry.image.sha256, entry.label, split, group)
        for entry, split, group in zip(found, splits, groups, strict=True)
    ]
    _all_splits(items)
    return _freeze(db, paths, uid, name, task, found, items, leaks, fill_known_good)


def _freeze(
    db: sqlite3.Connection,
    paths: Paths,
    uid: int,
    name: str,
    task: str,
    found: Sequence[LabelledImage],
    items: Sequence[Item],
    leaks: list[Leak],
    fill_known_good: bool,
) -> BuildReport:
    version = datasets.content_id(task, items)
    manifest = paths.datasets / f"{version}.jsonl"
    atomic.write_bytes(manifest, b"".join(msgspec.json.encode(item) + b"\n" for item in sorted(items)))
    relative = str(manifest.relative_to(paths.root))
    dataset = datasets.new_dataset(name, task, version, relative, items)
    is_new = datasets.add(db, uid, dataset, items)
    originals = {entry.group: item.split for entry, item in zip(found, items, strict=True)}
    datasets.keep_assignments(db, task, originals)
    known_good = _fill_known_good(db, uid, task, found, items) if fill_known_good else 0
    return BuildReport(
        id=version,
        name=name,
        task=task,
        images=len(items),
        groups=len({item.source_group for item in items}),
        splits={split: sum(item.split == split for item in items) for split in ("train", "val", "test")},
        counts=dataset.counts,
        leaks=leaks,
        known_good=known_good,
        manifest=str(manifest),
        is_new=is_new,
    )


def _enough(found: Sequence[LabelledImage]) -> None:
    if not found:
        raise BinScoutError(
            "No image has a label yet, so there is nothing to learn from.",
            hint="Label images in the app, or import with --labels folder.",
            code="dataset_empty",
        )
    names = {entry.label for entry in found}
    if len(names) < 2:
        raise BinScoutError(
            f"All labelled images are {names.pop()!r}; a classifier needs at least two classes.",
            hint="Label images of another class too.",
            code="dataset_one_class",
        )


def _all_splits(items: Sequence[Item]) -> None:
    missing = {"train", "val", "test"} - {item.split for item in items}
    if missing:
        raise BinScoutError(
            f"The labelled images come from too few source photos to fill {' and '.join(sorted(missing))}.",
            hint="Label images from at least three different photos or sets of each class.",
            code="dataset_too_small",
        )


def _near(found: Sequence[LabelledImage]) -> list[tuple[int, int]]:
    indices = [i for i, entry in enumerate(found) if entry.image.phash is not None]
    hashes = np.array([found[i].image.phash for i in indices], dtype=np.uint64)
    return [(indices[a], indices[b]) for a, b in near_pairs(hashes, NEAR_DUPLICATE_BITS)]


def _same_set(db: sqlite3.Connection, found: Sequence[LabelledImage]) -> list[tuple[int, int]]:
    place = {entry.image.id: index for index, entry in enumerate(found)}
    return [(place[a], place[b]) for a, b in datasets.set_links(db) if a in place and b in place]


def _known_splits(db: sqlite3.Connection, task: str, found: Sequence[LabelledImage]) -> dict[str, Split]:
    """The splits that groups have already; a group with a known-good image is for testing only."""
    known = datasets.assignments(db, task)
    known.update((entry.group, "test") for entry in found if entry.known_good)
    return known


def _fill_known_good(
    db: sqlite3.Connection, uid: int, task: str, found: Sequence[LabelledImage], items: Sequence[Item]
) -> int:
    if models.known_good(db, task):
        return 0
    per_class: dict[str, int] = {}
    for entry, item in sorted(zip(found, items, strict=True), key=lambda pair: pair[1].sha256):
        taken = per_class.get(item.label, 0)
        if item.split == "test" and taken < KNOWN_GOOD_PER_CLASS:
            per_class[item.label] = taken + 1
            models.add_known_good(db, uid, task, entry.image.id, item.label)
    return sum(per_class.values())
