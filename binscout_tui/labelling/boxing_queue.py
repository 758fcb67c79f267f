"""What the screen of boxes reads and writes, one store call a user action."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.store import (
    box_drafts,
    box_labels,
    classes,
    filters,
    images,
    journal,
    labels,
    models,
    places,
    predictions,
)
from binscout_tui.store.box_drafts import Draft
from binscout_tui.store.box_labels import Boxes, LabelBox, LabelCount
from binscout_tui.store.classes import ClassRow
from binscout_tui.store.images import Image
from binscout_tui.store.labels import LabelClass

AREA = "boxes"
AREAS = (box_labels.BOXES, box_labels.COUNTS)
"""What undo walks here."""
COUNTING = "count"
"""The task of the models that count."""
Which = Literal["unlabelled", "skipped", "all"]
ORDERS: tuple[Which, ...] = ("unlabelled", "skipped", "all")
_SIFTED = 200


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """Which images are gone over: by what is known of their boxes, and those that a filter lets through."""

    which: Which = "unlabelled"
    filter: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An image with what was said of the things in it, this person's draft, and what the model counted."""

    image: Image
    kept: Boxes
    counts: tuple[LabelCount, ...]
    draft: Draft | None
    model_count: int | None

    @property
    def is_stale(self) -> bool:
        """Whether somebody changed the kept boxes since the draft was begun."""
        return self.draft is not None and not self.draft.is_of(self.kept)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the screen needs to open."""

    place: int | None
    going: Going
    trail: list[int]
    counts: dict[str, int]
    words: Words


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The classes that can be said, all that ever were, by id, and the model that counts."""

    usable: list[LabelClass]
    known: dict[int, ClassRow]
    model_id: str | None


def start(db: sqlite3.Connection, uid: int) -> Start:
    """Where this person was, the last images they decided on (oldest first), and the state of everything."""
    place: Any = places.get(db, uid, AREA)
    place = place if isinstance(place, dict) else {}
    recent = [entry for area in AREAS for entry in journal.history(db, area=area, limit=200) if entry.uid == uid]
    recent.sort(key=lambda entry: -entry.id)
    which = place.get("which")
    return Start(
        place=place.get("image"),
        going=Going(which=which if which in ORDERS else "unlabelled", filter=str(place.get("filter") or "")),
        trail=list(dict.fromkeys(entry.target for entry in recent))[::-1],
        counts=box_labels.tally(db),
        words=words(db),
    )


def words(db: sqlite3.Connection) -> Words:
    """The classes and the model as they are now."""
    model = models.active(db, COUNTING)
    return Words(
        usable=labels.classes(db),
        known={one.id: one for one in classes.all_classes(db, archived=True)},
        model_id=model.id if model else None,
    )


def look(db: sqlite3.Connection, uid: int, image_id: int, model_id: str | None) -> Candidate | None:
    """One image as it is now, None when it does not count any longer."""
    try:
        image = images.get(db, image_id)
    except NotFoundError:
        return None
    if not image.is_live:
        return None
    return Candidate(
        image=image,
        kept=box_labels.get(db, image_id),
        counts=box_labels.counts(db, image_id),
        draft=box_drafts.get(db, uid, image_id),
        model_count=model_count(db, image_id, model_id),
    )


def model_count(db: sqlite3.Connection, image_id: int, model_id: str | None) -> int | None:
    """How many things the model counted in an image, None when it said no number."""
    found = predictions.get(db, image_id, model_id) if model_id else None
    return int(found.label) if found is not None and found.label is not None and found.label.isdecimal() else None


def ahead(db: sqlite3.Connection, going: Going, *, after: int = 0, limit: int = 50, back: bool = False) -> list[Image]:
    """The next images to go over after image `after`, or before it; on at the other end where there are none."""
    found = ids(db, going.which, going.filter, after=after, limit=limit, back=back)
    if not found and not back and after:
        found = [image_id for image_id in ids(db, going.which, going.filter, limit=limit) if image_id < after]
    return [image for image_id in found if (image := images.get(db, image_id)).is_live]


def ids(
    db: sqlite3.Connection, which: str, text: str = "", *, after: int = 0, limit: int = 50, back: bool = False
) -> list[int]:
    """Ids of images in one state of their boxes (`unlabelled`, a state, `all`) that the filter `text` lets through.

    Those after image `after` in order of arrival, with `back` those before it. Raises FilterError.
    """
    if not text:
        return box_labels.queue(db, after=after, limit=limit, which=which, back=back)
    wanted, found = filters.parse(text), list[int]()
    beyond = after or None
    while len(found) < limit:
        page = filters.page(db, wanted, beyond=beyond, limit=_SIFTED, order="newest" if back else "oldest")
        found += _sifted(db, page, which)
        if len(page) < _SIFTED:
            break
        beyond = page[-1]
    return found[:limit]


def _sifted(db: sqlite3.Connection, image_ids: Sequence[int], which: str) -> list[int]:
    if which == "all":
        return list(image_ids)
    states = box_labels.states(db, image_ids)
    return [one for one in image_ids if (states.get(one) or "unlabelled") == which]


def decide(
    db: sqlite3.Connection, uid: int, image_id: int, boxes: Sequence[LabelBox] | None, place: dict[str, Any]
) -> bool:
    """Commit all boxes of an image, or with None that it is skipped, and the place that follows; the draft is over.

    Whether anything changed. Raises what `box_labels.set_boxes` raises; then nothing changed.
    """
    if boxes is None:
        changed = box_labels.skip(db, uid, image_id)
    else:
        changed = box_labels.set_boxes(db, uid, image_id, boxes)
        box_drafts.drop(db, uid, image_id)
    places.keep(db, uid, AREA, place)
    return changed is not None


def keep_draft(db: sqlite3.Connection, uid: int, kept: Boxes, boxes: Sequence[LabelBox], active: int | None) -> None:
    """Remember what is drawn; None of it where it is what is kept."""
    draft = sorted((*one.box, one.class_id or 0) for one in boxes)
    if draft == sorted((*one.box, one.class_id or 0) for one in kept.boxes):
        box_drafts.drop(db, uid, kept.image_id)
    else:
        box_drafts.keep(db, uid, kept, boxes, active)
