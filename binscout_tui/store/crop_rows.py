"""The crops that can be rendered: those of the choices of sets, and free boxes on images."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.store import images, sets
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import HIDDEN_SETS, SEEN, Image


class CropRow(msgspec.Struct, frozen=True, kw_only=True):
    """One box, normalised to the upright picture; `set_key` is empty for a free box, `item` where none is named."""

    image: Image
    box: Box
    set_key: str
    item: str


def of_sets(db: sqlite3.Connection, set_ids: Sequence[int] | None = None) -> tuple[list[CropRow], int]:
    """(the crops of these sets' choices, or of those of all sets that are done; how many have a choice without a crop).

    Raises NotFoundError for a set that is not there.
    """
    found: list[CropRow] = []
    without = 0
    if set_ids is None:
        set_ids = sets.ids(db, "done")
    for set_id in dict.fromkeys(set_ids):
        row = db.execute(
            "SELECT image_set.key AS set_key, chosen_image_id, image_id, x1, y1, x2, y2, NULL AS item FROM image_set"
            " LEFT JOIN crop ON crop.set_id = image_set.id"
            f" WHERE image_set.id = ? AND image_set.id NOT IN ({HIDDEN_SETS})",
            (set_id,),
        ).fetchone()
        if row is None:
            raise NotFoundError(f"There is no set {set_id} in this workspace.", code="no_set")
        if row["image_id"] is not None:
            found.append(_row(db, row))
        else:
            without += row["chosen_image_id"] is not None
    return found, without


def free(db: sqlite3.Connection) -> list[CropRow]:
    """Every box that belongs to no set, by image and place."""
    rows = db.execute(
        "SELECT '' AS set_key, image_id, x1, y1, x2, y2, item.name AS item FROM crop"
        " JOIN image ON image.id = crop.image_id LEFT JOIN item ON item.id = crop.item_id"
        f" WHERE set_id IS NULL AND {SEEN}"
        " ORDER BY image_id, y1, x1, y2, x2, item"
    ).fetchall()
    return [_row(db, row) for row in rows]


def _row(db: sqlite3.Connection, row: Any) -> CropRow:
    return CropRow(
        image=images.get(db, row["image_id"]),
        box=(row["x1"], row["y1"], row["x2"], row["y2"]),
        set_key=row["set_key"],
        item=row["item"] or "",
    )
