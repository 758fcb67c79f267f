"""What a build rests on: what a person asks for, and everything in the store that an arrangement is made of."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.learning.splits import Split
from binscout_tui.learning.tasks import TASKS
from binscout_tui.operations import count_truth
from binscout_tui.operations.splitting import Ratios
from binscout_tui.store import classes, dataset_sources, datasets, frozen_sets, items
from binscout_tui.store.boxes import Box
from binscout_tui.store.dataset_sources import SetChoice
from binscout_tui.store.datasets import LabelledImage

SETS_LEFT_OUT = {
    "pending": "not decided yet",
    "skipped": "skipped",
    "rejected": "rejected as a whole",
    "choice_unusable": "whose choice is in the trash, lost, or not decoded yet",
    "too_few": "with fewer than two usable images",
    "same_images": "with the images of another set",
    "parted": "between photos of different splits",
}
"""Why a set is not in a version: code and words."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for. Without `fill_known_good` an empty list of the gate stays empty.

    `item` is the name of an item or class to count, "" for everything. `leak_reason` says why leaks are allowed. With
    `expected`, the id that somebody was shown before, only that list is frozen.
    """

    name: str
    task: str = "classify"
    item: str = ""
    ratios: Ratios = (80, 10, 10)
    allow_leaks: bool = False
    leak_reason: str = ""
    expected: str = ""
    fill_known_good: bool = True


class DecidedSet(msgspec.Struct, frozen=True):
    """A set that can be learned from: the ids of its images in their order, the one that was chosen, its crop."""

    id: int
    members: tuple[int, ...]
    chosen: int
    crop: Box | None


class Material(msgspec.Struct, frozen=True):
    """Everything in the store that an arrangement rests on: images, (set, image id), {group: split}.

    Where `stamp` is still the same, nothing was written since. `decided` are the sets of `select`; `left_out` is
    {code: how many images, or sets, cannot be in a version}. `item` is the name of what is counted, `class_id`
    its class, None for everything. The images of sets have no label yet.
    """

    images: list[LabelledImage]
    set_members: list[tuple[int, int]]
    assignments: dict[str, Split]
    stamp: tuple[object, int, int] = (None, 0, 0)
    decided: list[DecidedSet] = []
    left_out: dict[str, int] = {}
    item: str = ""
    class_id: int | None = None

    def same_as(self, other: Material) -> bool:
        """Whether both hold the same, whenever they were gathered."""
        return self == msgspec.structs.replace(other, stamp=self.stamp)


def checked(wanted: Wanted) -> Wanted:
    """`wanted` with its name as it is kept. Raises UsageError for what cannot be built."""
    if wanted.task not in TASKS:
        raise UsageError(
            f"There is no task {wanted.task!r}.", hint=f"Use one of: {', '.join(TASKS)}.", code="task_unknown"
        )
    if wanted.item and wanted.task != "count":
        raise UsageError(f"An item is named for the task count, not for {wanted.task}.", code="item_without_count")
    return msgspec.structs.replace(wanted, name=datasets.checked_name(wanted.name))


def gather(db: sqlite3.Connection, task: str, item: str = "") -> Material:
    """What an arrangement rests on, as it is now (a store function). Raises NotFoundError for an unknown item."""
    material = Material([], datasets.set_members(db), datasets.assignments(db, task), datasets.stamp(db), item=item)
    if task == frozen_sets.TASK:
        return _of_sets(material, dataset_sources.choices(db), dataset_sources.members(db))
    if task == "count":
        return _of_counts(db, material)
    return msgspec.structs.replace(material, images=datasets.labelled(db, task))


def left_out_words(task: str, left_out: Mapping[str, int]) -> list[str]:
    """Why things are left out, for example `3 sets not decided yet`, the most first."""
    about, noun = (SETS_LEFT_OUT, "set") if task == frozen_sets.TASK else (count_truth.LEFT_OUT, "image")
    found = sorted(left_out.items(), key=lambda pair: (-pair[1], pair[0]))
    return [f"{number:,} {noun if number == 1 else noun + 's'} {about[code]}" for code, number in found if number]


def must_be_enough(task: str, images: Sequence[LabelledImage]) -> None:
    """Raise BinScoutError when there is nothing that could be learned."""
    if not images:
        sentence, hint = _NOTHING[task]
        raise BinScoutError(sentence, hint=hint, code="dataset_empty")
    names = {image.label for image in images}
    if task == "classify" and len(names) < 2:
        raise BinScoutError(
            f"All labelled images are {names.pop()!r}; a classifier needs at least two classes.",
            hint="Label images of another class too.",
            code="dataset_one_class",
        )


_NOTHING = {
    "classify": (
        "No image has a label yet, so there is nothing to learn from.",
        "Label images in the app, or import with --labels folder.",
    ),
    "select": (
        "No set has a chosen image beside another yet, so there is nothing to learn from.",
        "Keep an image of each set in Select, or with `binscout set choose SET IMAGE`.",
    ),
    "count": (
        "No image says how many things are in it, so there is nothing to learn from.",
        "Draw boxes in Label, enter numbers with `binscout label count`, or `binscout labels import` them.",
    ),
}


def _of_sets(material: Material, choices: Sequence[SetChoice], members: Mapping[int, LabelledImage]) -> Material:
    decided: dict[tuple[int, ...], DecidedSet] = {}
    left_out: Counter[str] = Counter()
    for choice in choices:
        why = why_not(choice)
        if why is None and choice.members in decided:
            why = "same_images"
        if why is None and choice.chosen is not None:
            decided[choice.members] = DecidedSet(choice.id, choice.members, choice.chosen, choice.crop)
        elif why is not None:
            left_out[why] += 1
    used = {image_id for one in decided.values() for image_id in one.members}
    images = [image for image_id, image in members.items() if image_id in used]
    return msgspec.structs.replace(material, images=images, decided=list(decided.values()), left_out=dict(left_out))


def why_not(choice: SetChoice) -> str | None:
    """The code of why nothing can be learned from a set, None where it can."""
    if choice.state != "done":
        return choice.state
    if choice.chosen not in choice.members:
        return "choice_unusable"
    return "too_few" if len(choice.members) < 2 else None


def _of_counts(db: sqlite3.Connection, material: Material) -> Material:
    item, class_id = counted_class(db, material.item) if material.item else ("", None)
    unlabelled, unusable = dataset_sources.uncounted(db)
    left_out = Counter({"unlabelled": unlabelled, "unusable": unusable})
    images = []
    for label in dataset_sources.counted(db):
        found = count_truth.truth(label, class_id)
        if isinstance(found, str):
            left_out[found] += 1
        else:
            words = count_truth.bucket(found.count)
            images.append(msgspec.structs.replace(label.image, label=words, detail=found))
    return msgspec.structs.replace(material, images=images, left_out=dict(+left_out), item=item, class_id=class_id)


def counted_class(db: sqlite3.Connection, name: str) -> tuple[str, int]:
    """(name, class) of an item that is labelled with a class, or of the class of that name. Raises NotFoundError."""
    item = items.by_name(db, name)
    if item is not None and item.class_id is not None:
        return item.name, item.class_id
    found = classes.find(db, name)
    return found.name, found.id
