"""The lines of a dataset version as a training reads them (store functions)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.items import CountItem, DatasetItem, Item, SetImage, SetItem
from binscout_tui.store import datasets, frozen_sets
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.images import Image
from binscout_tui.workspace import Paths


def run_items(db: sqlite3.Connection, paths: Paths, version: Dataset) -> Sequence[Item]:
    """The lines of any version.

    Raises BinScoutError when files of the version are known to have changed or gone, or images of its sets are purged.
    """
    found = datasets.items(db, version.id)
    lost = [image.name for _, image in found if image.health != "ok"]
    if version.task == frozen_sets.TASK:
        sets = frozen_sets.of(db, version.id)
        known = {image.sha256: image for _, image in found}
        lost += [f"{sha256[:12]}…" for one in sets for sha256 in one.members if sha256 not in known]
        _must_be_there(lost)
        return [_set_item(paths, one, [known[sha256] for sha256 in one.members]) for one in sets]
    _must_be_there(lost)
    make = _count_item if version.task == "count" else _class_item
    return [make(paths, item, image) for item, image in found]


def _must_be_there(lost: Sequence[str]) -> None:
    if lost:
        raise BinScoutError(
            f"{len(lost)} images of the dataset have changed or gone since it was frozen (for example {lost[0]}).",
            hint="Put the files back and run `binscout images check`, or build a new version.",
            code="dataset_lost",
        )


def _class_item(paths: Paths, item: datasets.Item, image: Image) -> Item:
    return DatasetItem(
        sha256=item.sha256,
        path=os.fspath(paths.original(image)),
        label=item.label,
        split=item.split,
        group=item.source_group,
        family=image.family or None,
    )


def _count_item(paths: Paths, item: datasets.Item, image: Image) -> Item:
    detail = item.detail or datasets.Counted(0)
    return CountItem(
        sha256=item.sha256,
        path=os.fspath(paths.original(image)),
        count=detail.count,
        split=item.split,
        group=item.source_group,
        points=[((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in detail.boxes],
        boxes=list(detail.boxes),
        complete=detail.complete,
        family=image.family or None,
    )


def _set_item(paths: Paths, one: frozen_sets.FrozenSet, members: Sequence[Image]) -> Item:
    return SetItem(
        key=one.key,
        images=[SetImage(sha256=image.sha256, path=os.fspath(paths.original(image))) for image in members],
        chosen=one.chosen,
        split=one.split,
        group=one.source_group,
        crop=one.crop,
        family=members[one.chosen].family or None,
    )
