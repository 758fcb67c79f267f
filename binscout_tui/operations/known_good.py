"""The gate's list of images whose truth is certain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.store import datasets, images, labels, models
from binscout_tui.store.images import Image
from binscout_tui.store.users import User


def add(db: sqlite3.Connection, user: User, task: str, image_ids: Iterable[int], *, must_pass: bool) -> int:
    """Put labelled images on the list and say how many (a store function).

    The group of each is for testing from then on. Raises UsageError for an image without a class, RefusedError for
    one that models may have learned from, and for who may not change the list; then none is added.
    """
    user.must_be("operator", "Changing the known-good list")
    added = 0
    for image_id in image_ids:
        image = images.get(db, image_id)
        images.must_be_accepted(image)
        images.must_be_examined(image)
        label = labels.get(db, image_id)
        if label is None or label.name is None:
            raise UsageError(f"Image {image_id} has no class, so nothing can be expected of it.", code="no_label")
        _may_change(db, user, task, image_id, label.name, must_pass=must_pass)
        _keep_for_testing(db, task, image)
        models.add_known_good(db, user.uid, task, image_id, label.name, must_pass=must_pass)
        added += 1
    return added


def remove(db: sqlite3.Connection, user: User, task: str, image_ids: Iterable[int]) -> None:
    """Take images off the list (a store function). Raises NotFoundError or RefusedError; then all stay."""
    user.must_be("admin", "Taking images off the known-good list")
    for image_id in image_ids:
        models.remove_known_good(db, user.uid, task, image_id)


def _may_change(
    db: sqlite3.Connection, user: User, task: str, image_id: int, expected: str, *, must_pass: bool
) -> None:
    """An entry that asks for less, or for something else, is a weaker gate."""
    entry = models.known_good_entry(db, task, image_id)
    if entry is None:
        return
    if entry.must_pass and not must_pass:
        user.must_be("admin", f"No longer insisting on image {image_id}")
    if entry.expected != expected:
        user.must_be("admin", f"Expecting {expected} instead of {entry.expected} of image {image_id}")


def _keep_for_testing(db: sqlite3.Connection, task: str, image: Image) -> None:
    """Write down that the image's group is for testing. Raises RefusedError when it is for training already."""
    split = datasets.assignments(db, task).get(image.source_group)
    if split in ("train", "val"):
        raise RefusedError(
            f"Image {image.id} is of a group that models learn from ({split}), so it cannot test them.",
            hint="Choose an image of the test split, or one of a new photo.",
            code="learned_from",
        )
    datasets.keep_assignments(db, task, {image.source_group: "test"})
