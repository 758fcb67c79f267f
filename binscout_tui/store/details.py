"""Everything that is known of one image, in one reading."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.store import images, journal, named, reviews, sets, texts
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.named import COLLECTION, TAG, Name

MOST = 50
"""Rows of one kind that are told of an image."""
AREAS = (
    *("label", "boxes", "counts", "crops", "crop_queue", "trash", "star", "title"),
    *(TAG.area, COLLECTION.area, "review", "note"),
)
"""Areas of the journal whose targets are images, and which tell of no other image."""


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of an image: the state, the class where that is `class`, who and when."""

    state: str
    name: str | None
    by: str
    at: str


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says; `error` instead of a label when it had none."""

    model: str
    task: str
    active: bool
    label: str | None
    score: float | None
    unknown: bool
    error: str | None
    at: str


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A kept crop, normalised to the upright picture: of a set's choice, or free, perhaps for an item."""

    box: tuple[float, float, float, float]
    set_id: int | None
    item: str | None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a class there are, or with None of anything: drawn as boxes, or counted by a person."""

    name: str | None
    count: int


class InSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set that it is in, and whether it is the chosen one there."""

    id: int
    name: str
    state: str
    images: int
    chosen: bool


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How it was captured."""

    id: int
    state: str
    source: str | None
    compartment: str | None
    item: str | None
    attempt: int
    codes: list[str]
    reason: str
    at: str


class InVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A data set version that holds it."""

    id: str
    name: str
    task: str
    split: str
    label: str


class Gated(msgspec.Struct, frozen=True, kw_only=True):
    """A list of known-good images that it is on."""

    task: str
    must_pass: bool


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """An image with all that people, models and its file say of it; lists have up to 50 rows.

    `boxes` and `counts` are numbers by class; `box_state` is None where nobody looked for things. `meta` is what its
    file says of itself, None where that was not read.
    """

    image: Image
    title: str
    prompt: str
    label: Labelled | None
    tags: tuple[Name, ...]
    collections: tuple[Name, ...]
    predictions: tuple[Predicted, ...]
    crops: tuple[Cut, ...]
    box_state: str | None
    boxes: tuple[Counted, ...]
    counts: tuple[Counted, ...]
    sets: tuple[InSet, ...]
    captures: tuple[Taken, ...]
    versions: tuple[InVersion, ...]
    known_good: tuple[Gated, ...]
    review: bool
    note: str
    added_by: str
    meta: dict[str, Any] | None


def details(db: sqlite3.Connection, image_id: int) -> Details:
    """All of it. Raises NotFoundError, also for an image that is concealed."""
    image = images.get(db, image_id)
    text, remarks = texts.get(db, image_id), reviews.get(db, image_id)
    meta = db.execute("SELECT data FROM image_meta WHERE image_id = ?", (image_id,)).fetchone()
    state = db.execute("SELECT state FROM box_label WHERE image_id = ?", (image_id,)).fetchone()
    return Details(
        image=image,
        title=text.title,
        prompt=text.prompt,
        label=_label(db, image_id),
        tags=tuple(named.of_image(db, TAG, image_id)[:MOST]),
        collections=tuple(named.of_image(db, COLLECTION, image_id)[:MOST]),
        predictions=_predictions(db, image_id),
        crops=crops_of(db, image_id),
        box_state=state[0] if state else None,
        boxes=_counted(db, "SELECT class_id, count(*) AS found FROM label_box WHERE image_id = ? GROUP BY 1", image_id),
        counts=_counted(db, "SELECT class_id, count AS found FROM label_count WHERE image_id = ?", image_id),
        sets=_sets(db, image_id),
        captures=_captures(db, image_id),
        versions=_versions(db, image.sha256),
        known_good=_known_good(db, image_id),
        review=remarks.review,
        note=remarks.note,
        added_by=_name(db, image.added_by),
        meta=json.loads(meta[0]) if meta else None,
    )


def history(db: sqlite3.Connection, image_id: int, limit: int = 100) -> list[tuple[Entry, str]]:
    """The newest decisions about an image, the newest first, each with who decided. Raises NotFoundError.

    Tags and collections stand there by their names; what is concealed is in none of them.
    """
    images.get(db, image_id)
    marks = ", ".join("?" * len(AREAS))
    rows = db.execute(
        f"SELECT * FROM journal WHERE target = ? AND area IN ({marks}) ORDER BY id DESC LIMIT ?",
        (image_id, *AREAS, limit),
    )
    people = dict(db.execute("SELECT uid, name FROM user").fetchall())
    visible = {kind.area: {one.id: one.name for one in named.listed(db, kind)} for kind in (TAG, COLLECTION)}
    found = []
    for entry in map(journal.entry_of, rows):
        told = _named(entry, visible[entry.area]) if entry.area in visible else entry
        if told.before != told.after:
            found.append((told, people.get(entry.uid, "")))
    return found


def _named(entry: Entry, names: Mapping[int, str]) -> Entry:
    before, after = (
        {"in": [names[one] for one in state.get("in", ()) if one in names]} for state in (entry.before, entry.after)
    )
    return msgspec.structs.replace(entry, before=before, after=after)


def _name(db: sqlite3.Connection, uid: int) -> str:
    row = db.execute("SELECT name FROM user WHERE uid = ?", (uid,)).fetchone()
    return row[0] if row else ""


def _label(db: sqlite3.Connection, image_id: int) -> Labelled | None:
    row = db.execute(
        "SELECT state, class.name, user.name AS person, at FROM label JOIN user USING (uid)"
        " LEFT JOIN class ON class.id = class_id WHERE image_id = ?",
        (image_id,),
    ).fetchone()
    return Labelled(state=row[0], name=row[1], by=row[2], at=row[3]) if row else None


def _predictions(db: sqlite3.Connection, image_id: int) -> tuple[Predicted, ...]:
    """Those of active models first, then the newest."""
    rows = db.execute(
        "SELECT prediction.model_id, model.task, EXISTS (SELECT 1 FROM active_model WHERE model_id = model.id)"
        " AS active, label, score, unknown, error, at FROM prediction JOIN model ON model.id = prediction.model_id"
        " WHERE image_id = ? ORDER BY active DESC, at DESC, 1 LIMIT ?",
        (image_id, MOST),
    )
    return tuple(
        Predicted(
            model=row[0],
            task=row[1],
            active=bool(row[2]),
            label=row[3],
            score=row[4],
            unknown=bool(row[5]),
            error=row[6],
            at=row[7],
        )
        for row in rows
    )


def crops_of(db: sqlite3.Connection, image_id: int) -> tuple[Cut, ...]:
    """The kept crops of an image: those of sets first, then as they were drawn."""
    rows = db.execute(
        "SELECT x1, y1, x2, y2, set_id, item.name FROM crop LEFT JOIN item ON item.id = crop.item_id"
        " WHERE image_id = ? ORDER BY set_id IS NULL, crop.id LIMIT ?",
        (image_id, MOST),
    )
    return tuple(Cut(box=tuple(row[:4]), set_id=row[4], item=row[5]) for row in map(tuple, rows))


def _counted(db: sqlite3.Connection, sql: str, image_id: int) -> tuple[Counted, ...]:
    rows = db.execute(
        f"SELECT class.name, found FROM ({sql}) LEFT JOIN class ON class.id = class_id"
        f" ORDER BY class_id IS NOT NULL, found DESC, 1 LIMIT {MOST}",
        (image_id,),
    )
    return tuple(Counted(name=row[0], count=row[1]) for row in rows)


def _sets(db: sqlite3.Connection, image_id: int) -> tuple[InSet, ...]:
    rows = db.execute(
        "SELECT image_set.id, name, state, (SELECT count(*) FROM set_member AS other JOIN image ON image.id ="
        f" other.image_id WHERE other.set_id = image_set.id AND {images.LIVE}), chosen_image_id"
        " FROM set_member JOIN image_set ON image_set.id = set_id WHERE set_member.image_id = ?"
        f" AND NOT {sets.IS_HIDDEN} ORDER BY 1 LIMIT ?",
        (image_id, MOST),
    )
    return tuple(InSet(id=row[0], name=row[1], state=row[2], images=row[3], chosen=row[4] == image_id) for row in rows)


def _captures(db: sqlite3.Connection, image_id: int) -> tuple[Taken, ...]:
    rows = db.execute(
        "SELECT capture.id, capture.state, capture_source.name, compartment.code, item.name, attempt, codes,"
        " capture.reason, capture.added_at FROM capture LEFT JOIN capture_source ON capture_source.id = source_id"
        " LEFT JOIN compartment ON compartment.id = compartment_id LEFT JOIN item ON item.id = capture.item_id"
        " WHERE image_id = ? ORDER BY capture.id DESC LIMIT ?",
        (image_id, MOST),
    )
    return tuple(
        Taken(
            id=row[0],
            state=row[1],
            source=row[2],
            compartment=row[3],
            item=row[4],
            attempt=row[5],
            codes=json.loads(row[6]),
            reason=row[7],
            at=row[8],
        )
        for row in rows
    )


def _versions(db: sqlite3.Connection, sha256: str) -> tuple[InVersion, ...]:
    rows = db.execute(
        "SELECT dataset.id, dataset.name, dataset.task, split, label FROM dataset_item"
        " JOIN dataset ON dataset.id = dataset_id WHERE sha256 = ? ORDER BY dataset.created_at DESC LIMIT ?",
        (sha256, MOST),
    )
    return tuple(InVersion(id=row[0], name=row[1], task=row[2], split=row[3], label=row[4]) for row in rows)


def _known_good(db: sqlite3.Connection, image_id: int) -> tuple[Gated, ...]:
    rows = db.execute("SELECT task, must_pass FROM known_good WHERE image_id = ? ORDER BY task", (image_id,))
    return tuple(Gated(task=row[0], must_pass=bool(row[1])) for row in rows)
