"""What the label screen reads and writes, one store call a user action."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from binscout_tui.store import images, journal, labels, models, places, predictions
from binscout_tui.store.images import Image
from binscout_tui.store.labels import Label, LabelClass
from binscout_tui.store.predictions import Prediction

AREA = "label"
TASK = "classify"
Which = Literal["unlabelled", "skipped"]
"""Which images are gone over."""


class Candidate(msgspec.Struct, frozen=True):
    """An image to label, what was said of it, and what the active model says."""

    image: Image
    label: Label | None
    prediction: Prediction | None


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the screen needs to open: where the person was, and what there is."""

    place: int | None
    suggestions: bool
    which: Which
    trail: list[int]
    classes: list[LabelClass]
    counts: dict[str, int]
    model_id: str | None


class Verdict(msgspec.Struct, frozen=True):
    """One decision on one image; `name` is the class when `state` is `class`."""

    state: Literal["class", "empty", "skipped"]
    name: str | None = None

    @property
    def words(self) -> str:
        """The decision for people."""
        return self.name or ("nothing there" if self.state == "empty" else "skipped")


def start(db: sqlite3.Connection, uid: int) -> Start:
    """Where this person was, the last images they decided on (oldest first), and the state of everything."""
    place = places.get(db, uid, AREA) or {}
    model = models.active(db, TASK)
    recent = [entry.target for entry in journal.history(db, area=AREA, limit=200) if entry.uid == uid]
    return Start(
        place=place.get("image"),
        suggestions=bool(place.get("suggestions", True)),
        which="skipped" if place.get("which") == "skipped" else "unlabelled",
        trail=list(dict.fromkeys(recent))[::-1],
        classes=labels.classes(db),
        counts=labels.counts(db),
        model_id=model.id if model else None,
    )


def look(db: sqlite3.Connection, image_id: int, model_id: str | None) -> Candidate:
    """One image as it is now. Raises NotFoundError."""
    return Candidate(
        images.get(db, image_id),
        labels.get(db, image_id),
        predictions.get(db, image_id, model_id) if model_id else None,
    )


def ahead(
    db: sqlite3.Connection, after: int, model_id: str | None, limit: int, which: Which = "unlabelled"
) -> list[Candidate]:
    """The next images to go over after image `after` in order of arrival; from the first one again at the end."""
    found = labels.queue(db, after=after, limit=limit, which=which)
    if not found and after:
        found = [image_id for image_id in labels.queue(db, limit=limit, which=which) if image_id < after]
    return [look(db, image_id, model_id) for image_id in found]


def decide(
    db: sqlite3.Connection,
    uid: int,
    image_id: int,
    verdict: Verdict,
    suggested: dict[str, Any] | None,
    place: dict[str, Any],
) -> None:
    """Commit a decision and the place that follows it together. Raises what `labels.set_label` raises."""
    labels.set_label(db, uid, image_id, verdict.name, state=verdict.state, suggested=suggested)
    places.keep(db, uid, AREA, place)


def trash(db: sqlite3.Connection, uid: int, image_id: int, place: dict[str, Any]) -> None:
    """Move an image to the trash and commit the place that follows together."""
    images.trash(db, uid, [image_id])
    places.keep(db, uid, AREA, place)
