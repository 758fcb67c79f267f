"""The gate's list of images whose truth is certain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from binscout_tui.errors import UsageError
from binscout_tui.store import images, labels, models


def add(db: sqlite3.Connection, uid: int, task: str, image_ids: Iterable[int], *, must_pass: bool) -> int:
    """Put labelled images on the list and say how many (a store function).

    Raises UsageError for an image without a class; then none is added.
    """
    added = 0
    for image_id in image_ids:
        images.get(db, image_id)
        label = labels.get(db, image_id)
        if label is None or label.name is None:
            raise UsageError(f"Image {image_id} has no class, so nothing can be expected of it.", code="no_label")
        models.add_known_good(db, uid, task, image_id, label.name, must_pass=must_pass)
        added += 1
    return added


def remove(db: sqlite3.Connection, uid: int, task: str, image_ids: Iterable[int]) -> None:
    """Take images off the list (a store function). Raises NotFoundError; then all stay."""
    for image_id in image_ids:
        models.remove_known_good(db, uid, task, image_id)
