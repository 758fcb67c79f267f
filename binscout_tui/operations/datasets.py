"""Building a dataset version: which labelled images, split by group, without leaks, frozen under a content id.

Arranging takes seconds where there is much, so it happens outside any transaction; the transaction that freezes the
version looks whether anything it rests on has changed, and only then arranges again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, ConflictError, RefusedError, UsageError
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.operations import in_place
from binscout_tui.operations.dataset_health import Finding, class_findings
from binscout_tui.operations.lookalikes import linked
from binscout_tui.operations.originals import cannot_write
from binscout_tui.operations.splitting import Ratios, assign, merged_groups
from binscout_tui.store import datasets, examining, models
from binscout_tui.store.datasets import Item, LabelledImage, Override
from binscout_tui.wording import counted
from binscout_tui.workspace import LiveWorkspace, Paths, Workspace

KNOWN_GOOD_PER_CLASS = 8
MOST_LEAKS_KEPT = 100
WHAT = "Building a dataset"
Tell = Callable[[str], None]
"""Hears what is being done; what it raises ends the work."""


class Leak(msgspec.Struct, frozen=True):
    """Two images, nearly the same or of one set, that are in different splits."""

    first: int
    second: int
    splits: tuple[Split, Split]


class BuildReport(msgspec.Struct, kw_only=True):
    """A version as it was built. `groups` counts what was split as a whole, `known_good` what the gate's list got.

    `largest` is the number of images of the largest group. `unexamined` images were left out because they wait to be
    decoded. `findings` are those on its classes.
    """

    id: str
    name: str
    task: str
    images: int
    groups: int
    largest: int
    splits: dict[str, int]
    counts: dict[str, dict[str, int]]
    leaks: list[Leak]
    findings: list[Finding]
    known_good: int
    manifest: str
    is_new: bool
    unexamined: int = 0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for. Without `fill_known_good` an empty list of the gate stays empty.

    `leak_reason` says why leaks are allowed. With `expected`, the id that somebody was shown before, only that list
    is frozen.
    """

    name: str
    task: str = "classify"
    ratios: Ratios = (80, 10, 10)
    allow_leaks: bool = False
    leak_reason: str = ""
    expected: str = ""
    fill_known_good: bool = True


class Material(msgspec.Struct, frozen=True):
    """Everything in the store that an arrangement rests on: images, (set, image id), {group: split}.

    Where `stamp` is still the same, nothing was written since.
    """

    images: list[LabelledImage]
    set_members: list[tuple[int, int]]
    assignments: dict[str, Split]
    stamp: tuple[object, int, int] = (None, 0, 0)

    def same_as(self, other: Material) -> bool:
        """Whether both hold the same, whenever they were gathered."""
        return self == msgspec.structs.replace(other, stamp=self.stamp)


class Arrangement(msgspec.Struct, frozen=True):
    """One line for each image of `material`, in its order, and the id of the version that they make.

    `ordered` are the same lines in the order of their hashes, `counts` is {label: {split: images}}.
    """

    material: Material
    version: str
    items: list[Item]
    ordered: list[Item]
    counts: dict[str, dict[str, int]]
    leaks: list[Leak]


def build(workspace: Workspace, wanted: Wanted) -> BuildReport:
    """Freeze every labelled image into a version.

    Images of one set, of one source photo, or nearly the same share a split, and a group keeps its split for ever.
    Where the gate's list is empty it is filled from the test split, which no training sees, with classes that are
    in the train split.
    Needs an operator. Raises BinScoutError for nothing to learn from, RefusedError for leaks that were not allowed.
    """
    workspace.user.must_be("operator", WHAT)
    wanted = checked(wanted)
    in_place.check(workspace)
    arrangement = arrange(workspace.db.read(gather, wanted.task), wanted)
    write_manifest(workspace.paths, arrangement)
    return workspace.db.write(freeze, workspace.paths, workspace.user.uid, wanted, arrangement)


async def build_live(workspace: LiveWorkspace, wanted: Wanted) -> BuildReport:
    """`build` for the app: arranged in a thread of its own."""
    workspace.user.must_be("operator", WHAT)
    wanted = checked(wanted)
    await in_place.check_live(workspace)
    arrangement = await asyncio.to_thread(arrange, await workspace.db.read(gather, wanted.task), wanted)
    await asyncio.to_thread(write_manifest, workspace.paths, arrangement)
    return await workspace.db.write(freeze, workspace.paths, workspace.user.uid, wanted, arrangement)


def checked(wanted: Wanted) -> Wanted:
    """`wanted` with its name as it is kept. Raises UsageError for what cannot be built."""
    if wanted.task != "classify":
        raise UsageError(f"Datasets for the task {wanted.task} cannot be built yet; classify can.", code="task")
    return msgspec.structs.replace(wanted, name=datasets.checked_name(wanted.name))


def gather(db: sqlite3.Connection, task: str) -> Material:
    """What an arrangement rests on, as it is now (a store function)."""
    stamp = datasets.stamp(db)
    return Material(datasets.labelled(db, task), datasets.set_members(db), datasets.assignments(db, task), stamp)


def arrange(material: Material, wanted: Wanted, tell: Tell = lambda _: None) -> Arrangement:
    """The split of every image, as a pure function. Raises what `build` raises."""
    images = material.images
    _enough(images)
    tell("comparing pictures")
    belonging = [*linked([image.phash for image in images]), *_same_set(material)]
    tell("splitting")
    groups, known = merged_groups([image.group for image in images], belonging, _known_splits(material))
    hashes = [image.sha256 for image in images]
    splits = assign(groups, [image.label for image in images], known, wanted.ratios, hashes)
    tell("looking for leaks")
    leaks = [
        Leak(images[a].id, images[b].id, (splits[a], splits[b]))
        for a, b in sorted(set(belonging))
        if splits[a] != splits[b]
    ]
    items = [
        Item(image.sha256, image.label, split, group)
        for image, split, group in zip(images, splits, groups, strict=True)
    ]
    refuse_leaks(leaks, wanted)
    _all_splits(items)
    ordered = sorted(items, key=attrgetter("sha256"))
    version = datasets.content_id(wanted.task, ordered)
    return Arrangement(material, version, items, ordered, datasets.counted(items), leaks)


def refuse_leaks(leaks: Sequence[Leak], wanted: Wanted) -> None:
    """Raise RefusedError when there are leaks that nobody allowed."""
    if leaks and not wanted.allow_leaks:
        raise RefusedError(
            f"{counted(len(leaks), 'pair')} of nearly the same picture or of one set would lie in different splits"
            f" (for example images {leaks[0].first} and {leaks[0].second}).",
            hint="Trash one of each pair, or build with --allow-leaks.",
            code="dataset_leak",
        )


def write_manifest(paths: Paths, arrangement: Arrangement) -> str:
    """Write a version's list as lines of JSON; returns its path relative to the workspace. Raises StorageError."""
    manifest = paths.datasets / f"{arrangement.version}.jsonl"
    if not manifest.is_file():
        lines = b"".join(msgspec.json.encode(item) + b"\n" for item in arrangement.ordered)
        try:
            atomic.write_bytes(manifest, lines)
        except OSError as error:
            raise cannot_write(paths.datasets, error) from error
    return str(manifest.relative_to(paths.root))


def freeze(db: sqlite3.Connection, paths: Paths, uid: int, wanted: Wanted, arrangement: Arrangement) -> BuildReport:
    """Write an arrangement down under its name (a store function), anew if what it rests on has changed."""
    if datasets.stamp(db) != arrangement.material.stamp:
        now = gather(db, wanted.task)
        if not arrangement.material.same_as(now):
            arrangement = arrange(now, wanted)
    refuse_leaks(arrangement.leaks, wanted)
    if wanted.expected and arrangement.version != wanted.expected:
        raise ConflictError(
            "Labels, images or sets have changed since this list was shown; nothing was frozen.",
            hint="Look at the list again.",
            code="dataset_changed",
        )
    images, items = arrangement.material.images, arrangement.items
    manifest = write_manifest(paths, arrangement)
    dataset = datasets.new_dataset(wanted.name, wanted.task, arrangement.version, manifest, arrangement.counts)
    is_new = datasets.add(db, uid, dataset, arrangement.ordered, _override(arrangement, wanted))
    known = arrangement.material.assignments
    pairs = zip(images, items, strict=True)
    assigned = {image.group: item.split for image, item in pairs if image.group not in known}
    datasets.keep_assignments(db, wanted.task, assigned)
    known_good = _fill_known_good(db, uid, wanted.task, images, items) if wanted.fill_known_good else 0
    return BuildReport(
        id=dataset.id,
        name=wanted.name,
        task=wanted.task,
        images=len(items),
        groups=len({item.source_group for item in items}),
        largest=largest_group(items),
        splits=split_sizes(dataset.counts),
        counts=dataset.counts,
        leaks=arrangement.leaks,
        findings=class_findings(dataset.counts, lambda label: _members(arrangement, label)),
        known_good=known_good,
        manifest=str(paths.root / manifest),
        is_new=is_new,
        unexamined=examining.count_waiting(db),
    )


def split_sizes(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """{split: images} of {label: {split: images}}."""
    return {split: sum(splits[split] for splits in counts.values()) for split in SPLITS}


def largest_group(items: Sequence[Item]) -> int:
    """How many images the largest group has."""
    return max(Counter(item.source_group for item in items).values())


def _members(arrangement: Arrangement, label: str) -> list[int]:
    pairs = zip(arrangement.material.images, arrangement.items, strict=True)
    return sorted(image.id for image, item in pairs if item.label == label)


def _enough(found: Sequence[LabelledImage]) -> None:
    if not found:
        raise BinScoutError(
            "No image has a label yet, so there is nothing to learn from.",
            hint="Label images in the app, or import with --labels folder.",
            code="dataset_empty",
        )
    names = {image.label for image in found}
    if len(names) < 2:
        raise BinScoutError(
            f"All labelled images are {names.pop()!r}; a classifier needs at least two classes.",
            hint="Label images of another class too.",
            code="dataset_one_class",
        )


def _all_splits(items: Sequence[Item]) -> None:
    missing = set(SPLITS) - {item.split for item in items}
    if missing:
        raise BinScoutError(
            f"The labelled images come from too few source photos to fill {' and '.join(sorted(missing))}.",
            hint="Label images from at least three different photos or sets of each class.",
            code="dataset_too_small",
        )


def _override(arrangement: Arrangement, wanted: Wanted) -> Override | None:
    """What the journal keeps of leaks that were allowed."""
    pairs = [(leak.first, leak.second) for leak in arrangement.leaks]
    return Override(wanted.leak_reason, len(pairs), pairs[:MOST_LEAKS_KEPT]) if pairs else None


def _same_set(material: Material) -> list[tuple[int, int]]:
    """Pairs of indices that connect those members of each set that are in the material."""
    index = {image.id: i for i, image in enumerate(material.images)}
    present = [(set_id, index[image_id]) for set_id, image_id in material.set_members if image_id in index]
    return [(a, b) for (first, a), (second, b) in pairwise(present) if first == second]


def _known_splits(material: Material) -> dict[str, Split]:
    """The splits that groups have already; a new group with a known-good image is for testing only."""
    reserved: dict[str, Split] = {image.group: "test" for image in material.images if image.known_good}
    return reserved | material.assignments


def _fill_known_good(
    db: sqlite3.Connection, uid: int, task: str, images: Sequence[LabelledImage], items: Sequence[Item]
) -> int:
    """Take images of the test split, of classes that a model can learn: it could never know the others."""
    if models.known_good(db, task):
        return 0
    learned = {item.label for item in items if item.split == "train"}
    per_class: dict[str, int] = {}
    for image, item in sorted(zip(images, items, strict=True), key=lambda pair: pair[1].sha256):
        taken = per_class.get(item.label, 0)
        if item.split == "test" and item.label in learned and taken < KNOWN_GOOD_PER_CLASS:
            per_class[item.label] = taken + 1
            models.add_known_good(db, uid, task, image.id, item.label)
    return sum(per_class.values())
