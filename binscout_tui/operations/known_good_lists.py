"""Filling the gate's lists from the test split of a version, which no training sees, where a list is empty."""

from __future__ import annotations

import sqlite3
from collections import Counter

from binscout_tui.operations.dataset_arranging import Arrangement
from binscout_tui.store import frozen_sets, known_good

PER_CLASS = 8
MOST_SETS = 32


def fill(db: sqlite3.Connection, uid: int, task: str, arrangement: Arrangement) -> int:
    """How many images, or sets, a list got that was empty before (a store function)."""
    if not known_good.is_empty(db, task):
        return 0
    return _sets(db, uid, arrangement) if task == frozen_sets.TASK else _images(db, uid, task, arrangement)


def _images(db: sqlite3.Connection, uid: int, task: str, arrangement: Arrangement) -> int:
    """Images of classes, or of numbers, that a model can learn: it could never know others."""
    items = arrangement.items
    learned = {item.label for item in items if item.split == "train"}
    taken: Counter[str] = Counter()
    for image, item in sorted(zip(arrangement.images, items, strict=True), key=lambda pair: pair[1].sha256):
        if item.split != "test" or item.label not in learned or taken[item.label] >= PER_CLASS:
            continue
        taken[item.label] += 1
        if item.detail is None:
            known_good.add_known_good(db, uid, task, image.id, item.label)
        else:
            class_id = arrangement.material.class_id
            known_good.add_known_count(db, uid, image.id, item.detail.count, class_id=class_id)
    return taken.total()


def _sets(db: sqlite3.Connection, uid: int, arrangement: Arrangement) -> int:
    ids = {image.sha256: image.id for image in arrangement.images}
    set_ids = {one.members: one.id for one in arrangement.material.decided}
    tested = [one for one in arrangement.sets if one.split == "test"][:MOST_SETS]
    for one in tested:
        members = tuple(ids[sha256] for sha256 in one.members)
        known_good.add_known_set(db, uid, one.key, members, one.chosen, set_id=set_ids[members], crop=one.crop)
    return len(tested)
