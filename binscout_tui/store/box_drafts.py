"""Boxes that somebody has drawn on an image and not kept yet: a draft for each person and image."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from binscout_tui.store import places
from binscout_tui.store.box_labels import Boxes, LabelBox, boxes_state

_PREFIX = "boxes:"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn and which box was active; `base` is the state of the image's boxes on which it was begun."""

    boxes: tuple[LabelBox, ...]
    active: int | None = None
    base: dict[str, Any] = {}

    def is_of(self, kept: Boxes) -> bool:
        """Whether nobody changed the kept boxes since."""
        return self.base == base_of(kept)


def base_of(kept: Boxes) -> dict[str, Any]:
    """The state that a draft on these boxes begins with."""
    return boxes_state([(one.box, one.class_id) for one in kept.boxes], kept.state)


def keep(db: sqlite3.Connection, uid: int, kept: Boxes, boxes: Sequence[LabelBox], active: int | None) -> None:
    """Remember what is drawn on the image of `kept`."""
    draft = Draft(boxes=tuple(boxes), active=active, base=base_of(kept))
    places.keep(db, uid, f"{_PREFIX}{kept.image_id}", draft)


def get(db: sqlite3.Connection, uid: int, image_id: int) -> Draft | None:
    """The draft of this person on the image, or None."""
    found = places.get(db, uid, f"{_PREFIX}{image_id}")
    return None if found is None else msgspec.convert(found, Draft)


def drop(db: sqlite3.Connection, uid: int, image_id: int) -> None:
    """Forget the draft: it was kept, or given up."""
    places.forget(db, uid, f"{_PREFIX}{image_id}")
