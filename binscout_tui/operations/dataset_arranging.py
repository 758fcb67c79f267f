"""Which image of a dataset version is in which split: by group, without leaks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter

import msgspec

from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.operations.dataset_material import DecidedSet, Material, Wanted, must_be_enough
from binscout_tui.operations.lookalikes import linked
from binscout_tui.operations.splitting import assign, merged_groups
from binscout_tui.store import datasets, frozen_sets
from binscout_tui.store.datasets import Item, LabelledImage
from binscout_tui.store.frozen_sets import FrozenSet
from binscout_tui.wording import counted

CHOSEN, OTHER = "chosen", "other"
"""The labels of the images of a version of decided sets."""
Tell = Callable[[str], None]
"""Hears what is being done; what it raises ends the work."""


class Leak(msgspec.Struct, frozen=True):
    """Two images, nearly the same or of one set, that are in different splits."""

    first: int
    second: int
    splits: tuple[Split, Split]


class Arrangement(msgspec.Struct, frozen=True):
    """One line for each of `images`, in their order, and the id of the version that they make.

    `images` are those of `material`, but for sets that cannot be in one split. `ordered` are the same lines in the
    order of their hashes, `counts` is {label: {split: images}}, `sets` are the lines of `select`.
    """

    material: Material
    version: str
    images: list[LabelledImage]
    items: list[Item]
    ordered: list[Item]
    counts: dict[str, dict[str, int]]
    leaks: list[Leak]
    sets: list[FrozenSet] = []
    left_out: dict[str, int] = {}

    @property
    def samples(self) -> dict[str, int]:
        """{split: what is learned from}: sets for `select`, else images."""
        return frozen_sets.counted(self.sets) if self.sets else split_sizes(self.counts)


def arrange(material: Material, wanted: Wanted, tell: Tell = lambda _: None) -> Arrangement:
    """The split of every image. Raises BinScoutError for nothing to learn from, RefusedError for leaks."""
    images = material.images
    must_be_enough(wanted.task, images)
    tell("comparing pictures")
    belonging = [*linked([image.phash for image in images]), *_same_set(material)]
    tell("splitting")
    groups, known = merged_groups([image.group for image in images], belonging, _known_splits(material))
    whole, left_out = _whole_sets(material, groups, wanted.task)
    images = _labelled(images, whole)
    splits = _splits(material, whole, groups, known, wanted)
    tell("looking for leaks")
    leaks = [
        Leak(images[a].id, images[b].id, (one, other))
        for a, b in sorted(set(belonging))
        if (one := splits.get(a)) is not None and (other := splits.get(b)) is not None and one != other
    ]
    items = [Item(images[i].sha256, images[i].label, split, groups[i], images[i].detail) for i, split in splits.items()]
    refuse_leaks(leaks, wanted)
    _all_splits(items, wanted.task)
    ordered = sorted(items, key=attrgetter("sha256"))
    sets = _frozen(whole, dict(zip((images[i].id for i in splits), items, strict=True)))
    return Arrangement(
        material=material,
        version=_version(wanted.task, material.item, ordered, sets),
        images=[images[i] for i in splits],
        items=items,
        ordered=ordered,
        counts=datasets.counted(items),
        leaks=leaks,
        sets=sets,
        left_out=left_out,
    )


def refuse_leaks(leaks: Sequence[Leak], wanted: Wanted) -> None:
    """Raise RefusedError when there are leaks that nobody allowed."""
    if leaks and not wanted.allow_leaks:
        raise RefusedError(
            f"{counted(len(leaks), 'pair')} of nearly the same picture or of one set would lie in different splits"
            f" (for example images {leaks[0].first} and {leaks[0].second}).",
            hint="Trash one of each pair, or build with --allow-leaks.",
            code="dataset_leak",
        )


def split_sizes(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """{split: images} of {label: {split: images}}."""
    return {split: sum(splits[split] for splits in counts.values()) for split in SPLITS}


def largest_group(items: Sequence[Item]) -> int:
    """How many images the largest group has."""
    return max(Counter(item.source_group for item in items).values())


def _splits(
    material: Material, whole: Sequence[DecidedSet], groups: Sequence[str], known: Mapping[str, Split], wanted: Wanted
) -> dict[int, Split]:
    """{index of an image: its split}, in the order of the images; sets are dealt as a whole."""
    images = material.images
    if wanted.task != frozen_sets.TASK:
        hashes = [image.sha256 for image in images]
        found = assign(groups, [image.label for image in images], known, wanted.ratios, hashes)
        return dict(enumerate(found))
    index = {image.id: i for i, image in enumerate(images)}
    keys = [frozen_sets.key_of([images[index[i]].sha256 for i in one.members]) for one in whole]
    of_sets = [groups[index[one.chosen]] for one in whole]
    kinds = ["uncut" if one.crop is None else "cut" for one in whole]
    dealt = dict(zip(of_sets, assign(of_sets, kinds, known, wanted.ratios, keys), strict=True))
    used = sorted({index[image_id] for one in whole for image_id in one.members})
    return {i: dealt[groups[i]] for i in used}


def _whole_sets(material: Material, groups: Sequence[str], task: str) -> tuple[list[DecidedSet], dict[str, int]]:
    """(sets whose images are of one group, what is left out): others stand between known splits."""
    if task != frozen_sets.TASK:
        return [], material.left_out
    of = {image.id: group for image, group in zip(material.images, groups, strict=True)}
    whole = [one for one in material.decided if len({of[image_id] for image_id in one.members}) == 1]
    parted = len(material.decided) - len(whole)
    return whole, material.left_out | ({"parted": parted} if parted else {})


def _frozen(whole: Sequence[DecidedSet], items: Mapping[int, Item]) -> list[FrozenSet]:
    """The lines of sets in the order of their keys; `items` are the lines of images by id."""
    found = []
    for one in whole:
        hashes = tuple(items[image_id].sha256 for image_id in one.members)
        line = items[one.chosen]
        found.append(
            FrozenSet(
                key=frozen_sets.key_of(hashes),
                members=hashes,
                chosen=one.members.index(one.chosen),
                split=line.split,
                source_group=line.source_group,
                crop=one.crop,
            )
        )
    return sorted(found, key=attrgetter("key"))


def _labelled(images: list[LabelledImage], whole: Sequence[DecidedSet]) -> list[LabelledImage]:
    """The images of sets with what was decided of them; others as they are. One that was ever chosen is so."""
    if not whole:
        return images
    chosen = {one.chosen for one in whole}
    return [msgspec.structs.replace(image, label=CHOSEN if image.id in chosen else OTHER) for image in images]


def _version(task: str, item: str, ordered: Sequence[Item], sets: Sequence[FrozenSet]) -> str:
    return frozen_sets.content_id(sets) if task == frozen_sets.TASK else datasets.content_id(task, ordered, item)


def _all_splits(items: Sequence[Item], task: str) -> None:
    missing = set(SPLITS) - {item.split for item in items}
    if missing:
        what, advice = _TOO_FEW[task]
        raise BinScoutError(
            f"{what} come from too few source photos to fill {' and '.join(sorted(missing))}.",
            hint=advice,
            code="dataset_too_small",
        )


_TOO_FEW = {
    "classify": ("The labelled images", "Label images from at least three different photos or sets of each class."),
    "select": ("The decided sets", "Decide on sets from at least three different photos or sessions."),
    "count": ("The counted images", "Count in images from at least three different photos or sessions."),
}


def _same_set(material: Material) -> list[tuple[int, int]]:
    """Pairs of indices that connect those members of each set that are in the material."""
    index = {image.id: i for i, image in enumerate(material.images)}
    present = [(set_id, index[image_id]) for set_id, image_id in material.set_members if image_id in index]
    return [(a, b) for (first, a), (second, b) in pairwise(present) if first == second]


def _known_splits(material: Material) -> dict[str, Split]:
    """The splits that groups have already; a new group with a known-good image is for testing only."""
    reserved: dict[str, Split] = {image.group: "test" for image in material.images if image.known_good}
    return reserved | material.assignments
