"""Building a dataset version: which images and what is said of them, split by group, without leaks, frozen by content.

Arranging takes seconds where there is much, so it happens outside any transaction; the transaction that freezes the
version looks whether anything it rests on has changed, and only then arranges again.
"""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import ConflictError
from binscout_tui.operations import in_place, known_good_lists
from binscout_tui.operations.dataset_arranging import (
    Arrangement,
    Leak,
    Tell,
    arrange,
    largest_group,
    refuse_leaks,
    split_sizes,
)
from binscout_tui.operations.dataset_health import Finding, class_findings
from binscout_tui.operations.dataset_material import Material, Wanted, checked, gather
from binscout_tui.operations.originals import cannot_write
from binscout_tui.store import datasets, examining
from binscout_tui.store.datasets import Override
from binscout_tui.workspace import LiveWorkspace, Paths, Workspace

__all__ = [
    "Arrangement",
    "BuildReport",
    "Leak",
    "Material",
    "Tell",
    "Wanted",
    "arrange",
    "build",
    "build_live",
    "checked",
    "freeze",
    "gather",
    "write_manifest",
]

MOST_LEAKS_KEPT = 100
WHAT = "Building a dataset"


class BuildReport(msgspec.Struct, kw_only=True):
    """A version as it was built. `groups` counts what was split as a whole, `known_good` what the gate's list got.

    `largest` is the number of images of the largest group. `samples` are what is learned from by split: sets for
    `select`, else images. `unexamined` images were left out because they wait to be decoded, `left_out` counts by
    code what else was not taken for `select` and `count`. `findings` are those on its classes.
    """

    id: str
    name: str
    task: str
    images: int
    groups: int
    largest: int
    splits: dict[str, int]
    counts: dict[str, dict[str, int]]
    samples: dict[str, int]
    leaks: list[Leak]
    findings: list[Finding]
    known_good: int
    manifest: str
    is_new: bool
    unexamined: int = 0
    item: str = ""
    left_out: dict[str, int] = {}


def build(workspace: Workspace, wanted: Wanted) -> BuildReport:
    """Freeze everything that people said for a task into a version.

    Images of one set, of one source photo, or nearly the same share a split, and a group keeps its split for ever.
    Where the gate's list is empty it is filled from the test split, which no training sees, with classes that are
    in the train split.
    Needs an operator. Raises BinScoutError for nothing to learn from, RefusedError for leaks that were not allowed.
    """
    workspace.user.must_be("operator", WHAT)
    wanted = checked(wanted)
    in_place.check(workspace)
    arrangement = arrange(workspace.db.read(gather, wanted.task, wanted.item), wanted)
    write_manifest(workspace.paths, arrangement)
    return workspace.db.write(freeze, workspace.paths, workspace.user.uid, wanted, arrangement)


async def build_live(workspace: LiveWorkspace, wanted: Wanted) -> BuildReport:
    """`build` for the app: arranged in a thread of its own."""
    workspace.user.must_be("operator", WHAT)
    wanted = checked(wanted)
    await in_place.check_live(workspace)
    arrangement = await asyncio.to_thread(arrange, await workspace.db.read(gather, wanted.task, wanted.item), wanted)
    await asyncio.to_thread(write_manifest, workspace.paths, arrangement)
    return await workspace.db.write(freeze, workspace.paths, workspace.user.uid, wanted, arrangement)


def write_manifest(paths: Paths, arrangement: Arrangement) -> str:
    """Write a version's list as lines of JSON; returns its path relative to the workspace. Raises StorageError."""
    manifest = paths.datasets / f"{arrangement.version}.jsonl"
    if not manifest.is_file():
        lines = b"".join(msgspec.json.encode(item) + b"\n" for item in arrangement.sets or arrangement.ordered)
        try:
            atomic.write_bytes(manifest, lines)
        except OSError as error:
            raise cannot_write(paths.datasets, error) from error
    return str(manifest.relative_to(paths.root))


def freeze(db: sqlite3.Connection, paths: Paths, uid: int, wanted: Wanted, arrangement: Arrangement) -> BuildReport:
    """Write an arrangement down under its name (a store function), anew if what it rests on has changed."""
    if datasets.stamp(db) != arrangement.material.stamp:
        now = gather(db, wanted.task, wanted.item)
        if not arrangement.material.same_as(now):
            arrangement = arrange(now, wanted)
    refuse_leaks(arrangement.leaks, wanted)
    if wanted.expected and arrangement.version != wanted.expected:
        raise ConflictError(
            "Labels, images or sets have changed since this list was shown; nothing was frozen.",
            hint="Look at the list again.",
            code="dataset_changed",
        )
    images, items = arrangement.images, arrangement.items
    manifest = write_manifest(paths, arrangement)
    dataset = datasets.new_dataset(
        wanted.name, wanted.task, arrangement.version, manifest, arrangement.counts, arrangement.material.item
    )
    override = _override(arrangement, wanted)
    is_new = datasets.add(db, uid, dataset, arrangement.ordered, override, arrangement.sets)
    known = arrangement.material.assignments
    pairs = zip(images, items, strict=True)
    assigned = {image.group: item.split for image, item in pairs if image.group not in known}
    datasets.keep_assignments(db, wanted.task, assigned)
    known_good = known_good_lists.fill(db, uid, wanted.task, arrangement) if wanted.fill_known_good else 0
    return BuildReport(
        id=dataset.id,
        name=wanted.name,
        task=wanted.task,
        images=len(items),
        groups=len({item.source_group for item in items}),
        largest=largest_group(items),
        splits=split_sizes(dataset.counts),
        counts=dataset.counts,
        samples=arrangement.samples,
        leaks=arrangement.leaks,
        findings=_class_findings(arrangement) if wanted.task == "classify" else [],
        known_good=known_good,
        manifest=str(paths.root / manifest),
        is_new=is_new,
        unexamined=examining.count_waiting(db),
        item=dataset.item,
        left_out=arrangement.left_out,
    )


def _class_findings(arrangement: Arrangement) -> list[Finding]:
    def members(label: str) -> list[int]:
        pairs = zip(arrangement.images, arrangement.items, strict=True)
        return sorted(image.id for image, item in pairs if item.label == label)

    return class_findings(arrangement.counts, members)


def _override(arrangement: Arrangement, wanted: Wanted) -> Override | None:
    """What the journal keeps of leaks that were allowed."""
    pairs = [(leak.first, leak.second) for leak in arrangement.leaks]
    return Override(wanted.leak_reason, len(pairs), pairs[:MOST_LEAKS_KEPT]) if pairs else None
