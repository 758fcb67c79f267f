"""What can be frozen for the tasks `select` and `count`: decided sets, and images in which people counted.

Images with classes, for `classify`, are in `store.datasets`.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from binscout_tui.store.box_labels import BoxState
from binscout_tui.store.boxes import Box
from binscout_tui.store.datasets import LabelledImage
from binscout_tui.store.images import HIDDEN_SETS, LIVE, unsigned
from binscout_tui.store.sets import SetState

USABLE = f"{LIVE} AND health = 'ok' AND examined = 1"
"""What a version can have: an image that counts, whose file is as it was, and that was decoded."""


class SetChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A set and what was decided of it: the ids of those of its members that are usable, in their order."""

    id: int
    state: SetState
    members: tuple[int, ...]
    chosen: int | None
    crop: Box | None


class CountLabel(msgspec.Struct, frozen=True, kw_only=True):
    """What people said of the number of things in an image; `class_id` is the class of the whole image.

    `boxes` are (box, class id or None), `counts` {class id or None for everything: number}.
    """

    image: LabelledImage
    class_id: int | None
    state: BoxState | None
    boxes: tuple[tuple[Box, int | None], ...]
    counts: dict[int | None, int]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is to build of: images with a class, decided sets, images with boxes or counts.

    `classes` are the names of those that are boxed or counted somewhere, in order.
    """

    classify: int
    select: int
    count: int
    classes: tuple[str, ...]


def choices(db: sqlite3.Connection) -> list[SetChoice]:
    """Every set in the order of ids, of whatever state."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    rows = db.execute(
        f"SELECT set_id, image_id FROM set_member JOIN image ON image.id = image_id WHERE {USABLE}"
        " ORDER BY set_id, position"
    )
    for set_id, image_id in rows:
        members[set_id].append(image_id)
    found = db.execute(
        "SELECT image_set.id, state, chosen_image_id, x1, y1, x2, y2 FROM image_set"
        " LEFT JOIN crop ON crop.set_id = image_set.id"
        f" WHERE image_set.id NOT IN ({HIDDEN_SETS}) ORDER BY image_set.id"
    )
    return [
        SetChoice(
            id=row[0],
            state=row[1],
            members=tuple(members[row[0]]),
            chosen=row[2],
            crop=None if row[3] is None else (row[3], row[4], row[5], row[6]),
        )
        for row in found
    ]


def members(db: sqlite3.Connection) -> dict[int, LabelledImage]:
    """{id: image} of every usable image that stands in a set, in order of arrival; none has a label yet.

    The group of an image is that of `set_groups`.
    """
    rows = db.execute(
        f"SELECT image.id, sha256, coalesce({_FOLDER}, source_group), phash,"
        " EXISTS (SELECT 1 FROM known_good_member WHERE image_id = image.id) FROM image"
        f" WHERE {USABLE} AND EXISTS (SELECT 1 FROM set_member WHERE image_id = image.id) ORDER BY image.id"
    )
    return {row[0]: _image(row) for row in rows}


def set_groups(db: sqlite3.Connection, image_ids: Sequence[int]) -> dict[int, str]:
    """{id: group for the task `select`}: the set, where a folder made it, else the source of the image.

    A source is told by the name of the file and the folder above its own. In a folder that is a set, `1.jpg` is
    another thing than `1.jpg` in the next.
    """
    rows = db.execute(
        f"SELECT image.id, coalesce({_FOLDER}, source_group) FROM image WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(image_ids)),),
    )
    return dict(rows.fetchall())


def counted(db: sqlite3.Connection, image_ids: Sequence[int] | None = None) -> list[CountLabel]:
    """Every usable image of which somebody said boxes or a count, or that somebody passed by, in order of arrival.

    With `image_ids` only those of them.
    """
    among = "" if image_ids is None else "AND image.id IN (SELECT value FROM json_each(?))"
    rows = db.execute(
        f"SELECT {_COLUMNS}, EXISTS (SELECT 1 FROM known_good_count WHERE image_id = image.id),"
        " label.class_id, box_label.state,"
        " (SELECT json_group_array(json_array(x1, y1, x2, y2, class_id)) FROM (SELECT * FROM label_box"
        "  WHERE label_box.image_id = image.id ORDER BY y1, x1, y2, x2, coalesce(class_id, 0))),"
        " (SELECT json_group_array(json_array(class_id, count)) FROM label_count WHERE image_id = image.id)"
        " FROM image LEFT JOIN box_label ON box_label.image_id = image.id"
        f" LEFT JOIN label ON label.image_id = image.id WHERE {USABLE} AND {_SAID} {among} ORDER BY image.id",
        () if image_ids is None else (json.dumps(list(image_ids)),),
    )
    return [
        CountLabel(
            image=_image(row),
            class_id=row[5],
            state=row[6],
            boxes=tuple(((x1, y1, x2, y2), label) for x1, y1, x2, y2, label in json.loads(row[7])),
            counts=dict(json.loads(row[8])),
        )
        for row in rows
    ]


def uncounted(db: sqlite3.Connection) -> tuple[int, int]:
    """(images of which nobody said anything of that kind, images with it whose file is lost or not decoded yet)."""
    row = db.execute(
        f"SELECT sum(({USABLE}) AND NOT {_SAID}), sum(NOT ({USABLE}) AND {_SAID}) FROM image WHERE {LIVE}"
    ).fetchone()
    return int(row[0] or 0), int(row[1] or 0)


def offer(db: sqlite3.Connection) -> Offer:
    """How much there is for each task, without looking at the rules of each."""
    classify = db.execute("SELECT coalesce(sum(images), 0) FROM class").fetchone()[0]
    done = f"SELECT count(*) FROM image_set WHERE state = 'done' AND id NOT IN ({HIDDEN_SETS})"
    select = db.execute(done).fetchone()[0]
    count = db.execute(f"SELECT count(*) FROM image WHERE {LIVE} AND {_SAID} AND NOT {_ONLY_SKIPPED}").fetchone()[0]
    names = db.execute(
        "SELECT name FROM class WHERE id IN (SELECT class_id FROM label_box UNION SELECT class_id FROM label_count)"
        " ORDER BY name"
    )
    return Offer(classify=classify, select=select, count=count, classes=tuple(row[0] for row in names))


_FOLDER = (
    "(SELECT 'set ' || substr(min(key), 1, 16) FROM set_member JOIN image_set ON image_set.id = set_id"
    " WHERE image_id = image.id AND kind = 'folder')"
)
_COUNTED = "EXISTS (SELECT 1 FROM label_count WHERE label_count.image_id = image.id)"
_SAID = f"(EXISTS (SELECT 1 FROM box_label WHERE box_label.image_id = image.id) OR {_COUNTED})"
_ONLY_SKIPPED = (
    "(EXISTS (SELECT 1 FROM box_label WHERE box_label.image_id = image.id AND box_label.state = 'skipped')"
    f" AND NOT {_COUNTED})"
)
_COLUMNS = "image.id, image.sha256, image.source_group, image.phash"


def _image(row: sqlite3.Row) -> LabelledImage:
    return LabelledImage(
        id=row[0], sha256=row[1], label="", group=row[2], phash=unsigned(row[3]), known_good=bool(row[4])
    )
