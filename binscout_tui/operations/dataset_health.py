"""What is wrong with a dataset version, as findings that say what to do: pure rules over stored facts.

Nothing here opens a picture; `read_files` looks at the bytes where somebody asks for that.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.learning.splits import SPLITS
from binscout_tui.operations import dataset_material
from binscout_tui.operations.lookalikes import Pair, clusters, linked
from binscout_tui.operations.originals import hash_of
from binscout_tui.store import dataset_pages, datasets, frozen_sets
from binscout_tui.store.dataset_pages import Fact, State
from binscout_tui.wording import counted

Level = Literal["problem", "warning", "note"]
Kind = Literal[
    "leak",
    "parted_group",
    "gone",
    "missing",
    "changed",
    "unreadable",
    "conflict",
    "trashed",
    "withheld",
    "unexamined",
    "tiny_class",
    "no_split",
    "relabelled",
    "duplicates",
    "few",
]
FEW = 10
"""With fewer training pictures than this a class is learned badly."""
STATES: dict[State, tuple[Level, str, str]] = {
    "gone": ("problem", "were purged", "They cannot come back; build a new version."),
    "missing": ("problem", "have lost their files", "Put the files back, then `binscout images check`."),
    "changed": ("problem", "have files with other bytes", "Put the files back, then `binscout images check`."),
    "unreadable": ("problem", "cannot be decoded", "Import sound files, or build a new version without them."),
    "trashed": ("warning", "are in the trash", "Restore them, or build a new version without them."),
    "withheld": ("warning", "are captures that were not accepted", "Accept them, or build a new version."),
    "unexamined": ("warning", "wait to be decoded", "`binscout images examine --wait`"),
}
SHOWN = frozenset({"ok", "missing", "changed", "unexamined"})
"""Images in these states count, so that they may be shown."""
ABOUT_LEAKS = "Trash one of each pair and build again: figures on val and test are too good."
ABOUT_CONFLICTS = "Look at them together and give them one class; else the model is told two things of one picture."


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `number` of them in all; `images` are the ids of those that can be looked at.

    Those that belong together stand one after the other.
    """

    kind: Kind
    level: Level
    title: str
    advice: str
    number: int
    images: list[int] = []


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A version's findings, the worst first; `read` when the files were read and not only what is stored of them."""

    id: str
    name: str
    images: int
    read: bool
    findings: list[Finding]

    @property
    def problems(self) -> int:
        """How many findings are problems."""
        return sum(finding.level == "problem" for finding in self.findings)


class Material(msgspec.Struct, frozen=True):
    """Everything stored that the findings on a version rest on."""

    dataset: datasets.Dataset
    facts: list[Fact]
    set_members: list[tuple[int, int]]


def gather(db: sqlite3.Connection, name: str) -> Material:
    """What the findings rest on, as it is now (a store function). Raises NotFoundError."""
    dataset = datasets.find(db, name)
    facts = dataset_pages.facts(db, dataset.id)
    if dataset.task != "classify":
        otherwise = _said_otherwise(db, dataset)
        facts = [msgspec.structs.replace(fact, now=None if fact.sha256 in otherwise else fact.label) for fact in facts]
    return Material(dataset, facts, datasets.set_members(db))


def _said_otherwise(db: sqlite3.Connection, dataset: datasets.Dataset) -> set[str]:
    """The hashes of images of which a version of sets or counts says something else than people do today."""
    try:
        today = dataset_material.gather(db, dataset.task, dataset.item)
    except NotFoundError:  # what was counted has another name: nothing can be compared
        return set()
    hashes = {image.id: image.sha256 for image in today.images}
    if dataset.task == frozen_sets.TASK:
        now = {
            (tuple(hashes[image_id] for image_id in one.members), one.members.index(one.chosen), one.crop)
            for one in today.decided
        }
        changed = [one for one in frozen_sets.of(db, dataset.id) if (one.members, one.chosen, one.crop) not in now]
        return {sha256 for one in changed for sha256 in one.members}
    counted_now = {image.sha256: image.detail for image in today.images}
    lines = datasets.items(db, dataset.id)
    return {item.sha256 for item, _ in lines if counted_now.get(item.sha256) != item.detail}


def examine(material: Material, *, read: bool = False) -> Health:
    """All findings on a version, as a pure function."""
    return Health(
        id=material.dataset.id,
        name=material.dataset.name,
        images=len(material.facts),
        read=read,
        findings=findings(material.facts, material.set_members, material.dataset.task),
    )


def findings(facts: Sequence[Fact], set_members: Sequence[tuple[int, int]], task: str = "classify") -> list[Finding]:
    """Everything that is wrong with these lines, the worst first."""
    alike = linked([fact.phash for fact in facts])
    found = [
        *leaks(facts, [*alike, *_same_set(facts, set_members)]),
        *_states(facts),
        *([*_conflicts(facts, alike), *_classes(facts)] if task == "classify" else _few(facts, task)),
        *_relabelled(facts, task),
        # The candidates of a set are meant to be alike.
        *(_duplicates(facts, alike) if task != frozen_sets.TASK else []),
    ]
    order: list[Level] = ["problem", "warning", "note"]
    return sorted(found, key=lambda finding: order.index(finding.level))


def leaks(facts: Sequence[Fact], belonging: Iterable[Pair]) -> list[Finding]:
    """Pictures that belong together, and groups, that lie in several splits."""
    across = sorted({pair for pair in belonging if facts[pair[0]].split != facts[pair[1]].split})
    found = []
    if across:
        title = f"{_pairs(len(across))} nearly the same or of one set in different splits"
        found.append(_of_clusters("leak", "problem", title, ABOUT_LEAKS, facts, across, len(across)))
    splits: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        splits[fact.group].add(fact.split)
    parted = {group for group, places in splits.items() if len(places) > 1}
    if parted:
        members = sorted((fact.group, fact.image_id) for fact in facts if fact.group in parted and _shown(fact))
        title = f"{counted(len(parted), 'group')} in more than one split, for example {min(parted)}"
        images = [image_id for _, image_id in members if image_id is not None]
        found.append(_finding("parted_group", "problem", title, ABOUT_LEAKS, len(parted), images))
    return found


def read_files(
    root: Path, facts: Sequence[Fact], paths: dict[int, Path], tell: Callable[[int, int], None]
) -> list[Fact]:
    """`facts` with what their originals are now: each file that should be there is read and its bytes are hashed.

    `paths` are those of the originals, absolute or relative to `root`; `tell` hears (done, total).
    """
    seen = []
    for done, fact in enumerate(facts):
        tell(done, len(facts))
        path = paths.get(fact.image_id or 0)
        seen.append(fact if path is None else msgspec.structs.replace(fact, state=_read(root / path, fact)))
    tell(len(facts), len(facts))
    return seen


def _read(path: Path, fact: Fact) -> State:
    try:
        if hash_of(path) != fact.sha256:
            return "changed"
    except OSError:
        return "missing"
    return "ok" if fact.state in ("missing", "changed") else fact.state


def _states(facts: Sequence[Fact]) -> list[Finding]:
    found = []
    for state, (level, words, advice) in STATES.items():
        concerned = [fact for fact in facts if fact.state == state]
        if concerned:
            title = f"{counted(len(concerned), 'image')} {words}"
            found.append(_finding(state, level, title, advice, len(concerned), _ids(concerned)))
    return found


def _ids(facts: Iterable[Fact]) -> list[int]:
    """Those that can be looked at, in order of arrival."""
    return sorted(fact.image_id for fact in facts if fact.image_id is not None and _shown(fact))


def _conflicts(facts: Sequence[Fact], alike: Sequence[Pair]) -> list[Finding]:
    pairs = [(a, b) for a, b in alike if facts[a].label != facts[b].label]
    if not pairs:
        return []
    title = f"{_pairs(len(pairs))} nearly the same with different classes"
    return [_of_clusters("conflict", "warning", title, ABOUT_CONFLICTS, facts, pairs, len(pairs))]


def _duplicates(facts: Sequence[Fact], alike: Sequence[Pair]) -> list[Finding]:
    pairs = [(a, b) for a, b in alike if facts[a].split == facts[b].split]
    if not pairs:
        return []
    images = sum(len(cluster) - 1 for cluster in clusters(pairs))
    title = f"{counted(images, 'image')} nearly the same as another of their split"
    advice = "They add little; copies of a photo can go to the trash."
    return [_of_clusters("duplicates", "note", title, advice, facts, pairs, images)]


def _classes(facts: Sequence[Fact]) -> list[Finding]:
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    members: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        numbers[fact.label][fact.split] += 1
        members[fact.label].append(fact)
    return class_findings(numbers, lambda label: _ids(members[label]))


def class_findings(counts: Mapping[str, Mapping[str, int]], members: Callable[[str], list[int]]) -> list[Finding]:
    """The classes that are too few to learn or to judge, by {class: {split: images}}; `members` are ids of a class."""
    found = []
    for label in sorted(counts):
        numbers = {split: counts[label].get(split, 0) for split in SPLITS}
        missing = [split for split in SPLITS if not numbers[split]]
        if missing:
            title = f"{label} has no image in {' and '.join(missing)}"
            advice = "Label images of it from more photos, and build again."
            found.append(_finding("no_split", "warning", title, advice, len(missing), members(label)))
        elif numbers["train"] < FEW:
            title = f"{label} has only {counted(numbers['train'], 'training image')}"
            advice = f"Label more of it, {FEW} at the least."
            found.append(_finding("tiny_class", "warning", title, advice, numbers["train"], members(label)))
    return found


def _few(facts: Sequence[Fact], task: str) -> list[Finding]:
    """Sets, each with one chosen image, or counted images that are too few to learn from."""
    noun = "set" if task == frozen_sets.TASK else "image"
    training = [fact for fact in facts if fact.split == "train" and (noun == "image" or fact.label == "chosen")]
    if len(training) >= FEW:
        return []
    title = f"only {counted(len(training), noun)} to train on"
    return [_finding("few", "warning", title, f"{FEW} at the least.", len(training), _ids(training))]


def _relabelled(facts: Sequence[Fact], task: str = "classify") -> list[Finding]:
    changed = [fact for fact in facts if fact.now != fact.label and fact.image_id is not None]
    if not changed:
        return []
    title = f"{counted(len(changed), 'image')} {_OTHERWISE[task]} today"
    advice = "Build again to take the labels of today."
    return [_finding("relabelled", "note", title, advice, len(changed), _ids(changed))]


_OTHERWISE = {
    "classify": "with another label",
    "select": "in sets that are others, or decided otherwise,",
    "count": "counted or boxed otherwise",
}


def _same_set(facts: Sequence[Fact], set_members: Sequence[tuple[int, int]]) -> list[Pair]:
    index = {fact.image_id: i for i, fact in enumerate(facts)}
    present = [(set_id, index[image_id]) for set_id, image_id in set_members if image_id in index]
    return [(min(a, b), max(a, b)) for (first, a), (second, b) in pairwise(present) if first == second]


def _of_clusters(
    kind: Kind, level: Level, title: str, advice: str, facts: Sequence[Fact], pairs: Iterable[Pair], number: int
) -> Finding:
    members = [facts[index] for cluster in clusters(pairs) for index in cluster]
    images = [fact.image_id for fact in members if fact.image_id is not None and _shown(fact)]
    return _finding(kind, level, title, advice, number, images)


def _finding(kind: str, level: Level, title: str, advice: str, number: int, images: list[int]) -> Finding:
    return Finding(
        kind=msgspec.convert(kind, Kind), level=level, title=title, advice=advice, number=number, images=images
    )


def _shown(fact: Fact) -> bool:
    return fact.state in SHOWN


def _pairs(number: int) -> str:
    return f"{counted(number, 'pair')} of pictures"
