"""What the names of files tell of pictures and sidecars that have lost each other, folder by folder. Pure."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from binscout_tui.operations.files.sidecars import Sorted, is_image, sort_names
from binscout_tui.operations.sidecars.near_names import nearest

Kind = Literal[
    "case_mismatch",
    "near_name",
    "orphan_sidecar",
    "orphan_image",
    "duplicate_caption",
    "near_caption",
    "empty_caption",
    "unreadable",
    "long_caption",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Fix = Literal["", "rename", "pair", "hold"]
FIXES: Mapping[Kind, Fix] = {"case_mismatch": "rename", "near_name": "pair", "orphan_sidecar": "hold"}
"""What can be done about a kind of finding; about all others only a person can."""
LONGEST = 1000
"""Characters of a caption above which it is told of, unless another number is given."""
CAPTIONS = frozenset({".txt", ".caption", ".json"})
"""Suffixes of files that may hold a caption."""
_SURE = frozenset({".xmp", ".aae", ".caption", ".decision", ".cropped", ".txt"})
"""Suffixes that files beside pictures have for the sake of one picture."""
_OF_ALL = frozenset(
    {"readme", "license", "notes", "index", "info", "classes", "labels", "data", "dataset", "metadata", "captions"}
    | {"annotations", "_annotations", "_annotations.coco", "instances", "requirements", "urls"}
)
"""Names without suffix of files that tell of a whole folder."""


class Names(msgspec.Struct, frozen=True):
    """The names of the regular files of one folder."""

    folder: Path
    names: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with `path`; `others` are what it has to do with, `target` a name that would mend it."""

    kind: Kind
    path: Path
    others: tuple[Path, ...] = ()
    target: Path | None = None
    says: str = ""

    @property
    def fix(self) -> Fix:
        """What can be done about it, empty where nothing can."""
        return FIXES.get(self.kind, "")

    @property
    def key(self) -> str:
        """What tells it from all other findings."""
        return f"{self.kind} {self.path}"


def of_names(found: Names) -> list[Finding]:
    """What the names of a folder tell: pictures and sidecars that have lost each other."""
    there = sort_names(found.names)
    mended = _by_case(there, found.names)
    left = [name for name in there.orphans if name not in mended]
    alone = [name for family in there.families if not family.sidecars for name in family.images]
    taken = {image for image, _ in mended.values()}
    near = nearest(left, [name for name in alone if name not in taken])
    findings = [
        _renamed(found.folder, "case_mismatch", name, image, target) for name, (image, target) in mended.items()
    ]
    findings += [_renamed(found.folder, "near_name", name, *near[name]) for name in left if name in near]
    beside = {_suffix(name) for family in there.families for name in family.sidecars}
    findings += [
        Finding(kind="orphan_sidecar", path=found.folder / name)
        for name in left
        if name not in near and there.families and _is_of_one(name, beside)
    ]
    if any(family.sidecars for family in there.families):
        meant = taken | {image for image, _ in near.values()}
        findings += [Finding(kind="orphan_image", path=found.folder / name) for name in alone if name not in meant]
    return findings


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By kind, what can be mended first, then by path."""
    rank = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(findings, key=lambda one: (rank[one.kind], bytes(one.path)))


def may_be_boxes(one: Finding) -> bool:
    """Whether only its text tells that a sidecar without a picture is none."""
    return one.kind == "orphan_sidecar" and _suffix(one.path.name) == ".txt"


def caption_names(names: Sequence[str]) -> Iterator[str]:
    """The names in a folder of sidecars that have a picture and may hold a caption."""
    for family in sort_names(names).families:
        yield from (name for name in family.sidecars if _suffix(name) in CAPTIONS)


def _is_of_one(name: str, beside: Collection[str]) -> bool:
    """Whether a file was made for one picture; `beside` are the suffixes of sidecars of other pictures there."""
    if is_image(_stem(name)):
        return True
    return _stem(name).casefold() not in _OF_ALL and _suffix(name) in {*_SURE, *beside}


def _by_case(there: Sorted, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """{sidecar: (its picture, the name that it should have)} where names differ in case or composition only."""
    images = [name for family in there.families for name in family.images]
    whole, stems = _index(images, lambda name: name), _index(images, _stem)
    known, found = set(names), {}
    for name in there.orphans:
        suffix = name[len(_stem(name)) :]
        for index, spelled in ((whole, lambda image: image), (stems, _stem)):
            same = index.get(_folded(_stem(name)), [])
            if len(same) == 1 and spelled(same[0]) + suffix not in known:
                found[name] = (same[0], spelled(same[0]) + suffix)
                break
    return found


def _index(images: Sequence[str], part: Callable[[str], str]) -> dict[str, list[str]]:
    index: defaultdict[str, list[str]] = defaultdict(list)
    for name in images:
        index[_folded(part(name))].append(name)
    return dict(index)


def _renamed(folder: Path, kind: Kind, name: str, image: str, target: str) -> Finding:
    return Finding(kind=kind, path=folder / name, others=(folder / image,), target=folder / target)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122 - a Path for each of many names costs


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122
