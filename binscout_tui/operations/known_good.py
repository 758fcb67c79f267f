"""The gate's lists of what is certain: images with their class or the number of things in them, and decided sets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.learning.gating.classify import NOTHING
from binscout_tui.operations import count_truth
from binscout_tui.operations.dataset_material import SETS_LEFT_OUT, counted_class, why_not
from binscout_tui.store import classes, dataset_sources, datasets, frozen_sets, images, labels
from binscout_tui.store import known_good as lists
from binscout_tui.store.images import Image
from binscout_tui.store.users import User


def add(db: sqlite3.Connection, user: User, task: str, ids: Iterable[int], *, must_pass: bool, item: str = "") -> int:
    """Put labelled images, or the decided sets with these ids for `select`, on the list and say how many.

    `item` names what was counted, "" for everything. The group of each image is for testing from then on (a store
    function). Raises UsageError for what nobody decided on, RefusedError for what models may have learned from, and for
    who may not change the list; then none is added.
    """
    user.must_be("operator", "Changing the known-good list")
    added = 0
    for one in ids:
        if task == frozen_sets.TASK:
            _add_set(db, user, one, must_pass=must_pass)
        elif task == "count":
            _add_count(db, user, _image(db, one), item, must_pass=must_pass)
        else:
            _add_class(db, user, task, _image(db, one), must_pass=must_pass)
        added += 1
    return added


def remove(db: sqlite3.Connection, user: User, task: str, ids: Iterable[int]) -> None:
    """Take images, or sets, off the list (a store function). Raises NotFoundError or RefusedError; then all stay."""
    user.must_be("admin", "Taking images off the known-good list")
    for one in ids:
        if task == frozen_sets.TASK:
            lists.remove_known_set(db, user.uid, one)
        else:
            lists.remove_known_good(db, user.uid, task, one)


def _image(db: sqlite3.Connection, image_id: int) -> Image:
    image = images.get(db, image_id)
    images.must_be_accepted(image)
    images.must_be_examined(image)
    return image


def _add_class(db: sqlite3.Connection, user: User, task: str, image: Image, *, must_pass: bool) -> None:
    label = labels.get(db, image.id)
    expected = NOTHING if label is not None and label.state == "empty" else label.name if label else None
    if expected is None:
        raise UsageError(f"Image {image.id} has no class, so nothing can be expected of it.", code="no_label")
    entry = lists.known_good_entry(db, task, image.id)
    if entry is not None:
        _may_loosen(user, f"image {image.id}", entry.must_pass, must_pass)
        _may_expect(user, image.id, entry.expected or "nothing", expected or "nothing")
    _keep_for_testing(db, task, image.id, image.source_group)
    lists.add_known_good(db, user.uid, task, image.id, expected, must_pass=must_pass)


def _add_count(db: sqlite3.Connection, user: User, image: Image, item: str, *, must_pass: bool) -> None:
    class_id = counted_class(db, item)[1] if item else None
    label = next(iter(dataset_sources.counted(db, [image.id])), None)
    truth = "unlabelled" if label is None else count_truth.truth(label, class_id)
    if isinstance(truth, str):
        raise UsageError(f"Image {image.id} is one of those {count_truth.LEFT_OUT[truth]}.", code="no_count")
    entry = lists.known_count(db, image.id)
    if entry is not None:
        _may_loosen(user, f"image {image.id}", entry.must_pass, must_pass)
        _may_expect(user, image.id, str(entry.count), str(truth.count))
        name = classes.get(db, class_id).name if class_id else None
        if entry.item != name:
            what = f"Counting {name or 'everything'} instead of {entry.item or 'everything'} in image {image.id}"
            user.must_be("admin", what)
    _keep_for_testing(db, "count", image.id, image.source_group)
    lists.add_known_count(db, user.uid, image.id, truth.count, class_id=class_id, must_pass=must_pass)


def _add_set(db: sqlite3.Connection, user: User, set_id: int, *, must_pass: bool) -> None:
    choice = next((one for one in dataset_sources.choices(db) if one.id == set_id), None)
    if choice is None:
        raise NotFoundError(f"There is no set {set_id} in this workspace.", code="no_set")
    why = why_not(choice)
    if why is not None or choice.chosen is None:
        raise UsageError(f"Set {set_id} is one of those {SETS_LEFT_OUT[why or 'pending']}.", code="not_decided")
    members = [images.get(db, image_id) for image_id in choice.members]
    key = frozen_sets.key_of([image.sha256 for image in members])
    chosen = choice.members.index(choice.chosen)
    entry = lists.known_set(db, key)
    if entry is not None:
        _may_loosen(user, f"set {set_id}", entry.must_pass, must_pass)
        if (entry.chosen, entry.crop) != (chosen, choice.crop):
            user.must_be("admin", f"Expecting another choice or crop of set {set_id}")
    for image_id, group in dataset_sources.set_groups(db, choice.members).items():
        _keep_for_testing(db, frozen_sets.TASK, image_id, group)
    lists.add_known_set(db, user.uid, key, choice.members, chosen, set_id=set_id, crop=choice.crop, must_pass=must_pass)


def _may_loosen(user: User, what: str, before: bool, after: bool) -> None:
    """An entry that asks for less is a weaker gate."""
    if before and not after:
        user.must_be("admin", f"No longer insisting on {what}")


def _may_expect(user: User, image_id: int, before: str, after: str) -> None:
    """An entry that asks for something else may be a weaker gate."""
    if before != after:
        user.must_be("admin", f"Expecting {after} instead of {before} of image {image_id}")


def _keep_for_testing(db: sqlite3.Connection, task: str, image_id: int, group: str) -> None:
    """Write down that the image's group is for testing. Raises RefusedError when it is for training already."""
    split = datasets.assignments(db, task).get(group)
    if split in ("train", "val"):
        raise RefusedError(
            f"Image {image_id} is of a group that models learn from ({split}), so it cannot test them.",
            hint="Choose an image of the test split, or one of a new photo.",
            code="learned_from",
        )
    datasets.keep_assignments(db, task, {group: "test"})
