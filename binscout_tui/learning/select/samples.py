"""The sets of a dataset that can be used, by split, over one array of distinct pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import SetImage, SetItem
from binscout_tui.learning.select.boxes import Boxes
from binscout_tui.learning.splits import SPLITS, Split


@dataclass(frozen=True, slots=True)
class ChoiceSet:
    """One usable set: `rows` (n,) are its pictures, of which `rows[chosen]` was kept.

    `images[i]` is the image of `rows[i]`. `crop` (4,) is None where nobody cut the choice.
    """

    item: SetItem
    rows: NDArray[np.intp]
    images: Sequence[SetImage]
    chosen: int
    crop: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Samples:
    """Usable sets by split, and why others are not: `left_out` is {set key: reason}."""

    sets: Mapping[Split, Sequence[ChoiceSet]]
    left_out: Mapping[str, str]
    unreadable: Mapping[Split, Sequence[dict[str, str]]]


def distinct(items: Sequence[SetItem]) -> list[SetImage]:
    """Every image once, in order; sets may share some."""
    return list({image.sha256: image for item in items for image in item.images}.values())


def arrange(items: Sequence[SetItem], images: Sequence[SetImage], failures: Mapping[int, str]) -> Samples:
    """The sets over `images` without pictures that cannot be read (`failures`, by index).

    A set is left out when its choice cannot be read, or fewer than two of its pictures can.
    """
    rows = {image.sha256: row for row, image in enumerate(images)}
    sets: dict[Split, list[ChoiceSet]] = {split: [] for split in SPLITS}
    left_out: dict[str, str] = {}
    for item in items:
        found = _usable(item, rows, failures)
        if isinstance(found, str):
            left_out[item.key] = found
        else:
            sets[item.split].append(found)
    return Samples(sets, left_out, {split: _unreadable(items, split, rows, failures) for split in SPLITS})


def _usable(item: SetItem, rows: Mapping[str, int], failures: Mapping[int, str]) -> ChoiceSet | str:
    good = [place for place, image in enumerate(item.images) if rows[image.sha256] not in failures]
    if item.chosen not in good:
        return "the chosen image cannot be read"
    if len(good) < 2:
        return "fewer than two of its images can be read"
    images = [item.images[place] for place in good]
    crop = None if item.crop is None else np.array(item.crop, np.float64)
    return ChoiceSet(
        item, np.array([rows[image.sha256] for image in images], np.intp), images, good.index(item.chosen), crop
    )


def _unreadable(
    items: Sequence[SetItem], split: Split, rows: Mapping[str, int], failures: Mapping[int, str]
) -> list[dict[str, str]]:
    paths = {
        image.path: failures[rows[image.sha256]]
        for item in items
        if item.split == split
        for image in item.images
        if rows[image.sha256] in failures
    }
    return [{"path": path, "reason": reason} for path, reason in paths.items()]


def require_sets(samples: Samples) -> None:
    """BinScoutError `dataset_unreadable` when nothing is left to learn from or to choose by."""
    needed: tuple[Split, Split] = ("train", "val")
    for split in needed:
        if not samples.sets[split]:
            raise BinScoutError(
                f"None of the sets of the {split} split can be read ({len(samples.left_out)} are left out in all).",
                hint="Look at the log for the files, restore or remove them, and build the dataset again.",
                code="dataset_unreadable",
            )


def cropped(sets: Sequence[ChoiceSet]) -> tuple[list[ChoiceSet], NDArray[np.intp], Boxes]:
    """The sets whose choice was cut, the rows (K,) of their choices, and the crops (K, 4)."""
    found = [one for one in sets if one.crop is not None]
    rows = np.array([one.rows[one.chosen] for one in found], np.intp)
    boxes = np.array([one.crop for one in found], np.float64).reshape(-1, 4)
    return found, rows, boxes
