"""What the label screen reads and writes, one store call a user action."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.labelling.checks import CheckKind
from binscout_tui.labelling.orders import REST
from binscout_tui.store import (
    images,
    journal,
    label_checks,
    label_queue,
    label_rates,
    labels,
    models,
    places,
    predictions,
    reviews,
    suspects,
)
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.label_checks import Check
from binscout_tui.store.label_queue import Order, Wanted
from binscout_tui.store.labels import Label, LabelClass
from binscout_tui.store.predictions import Prediction
from binscout_tui.store.reviews import Remarks
from binscout_tui.store.suspects import Suspect

AREA = "label"
TASK = "classify"
TRAIL = 200
LOOK_BACK = 50_000
"""Journal rows in which the person's last decisions are looked for."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An image to label, what was said of it, and what the active model says.

    `suspect` where its label is probably wrong and the suspects are gone over. With `check` the answer checks the
    person: then `label` is what they answered already, and nothing else of the image is known here.
    """

    image: Image
    label: Label | None
    prediction: Prediction | None
    remarks: Remarks = Remarks()
    suspect: Suspect | None = None
    check: Check | None = None

    @property
    def kind(self) -> CheckKind | None:
        """What kind of check it is; None for an ordinary image."""
        return None if self.check is None else "gold" if self.check.kind == "gold" else "again"

    @property
    def state(self) -> str:
        """`unlabelled`, `class`, `empty` or `skipped`."""
        return "unlabelled" if self.label is None else self.label.state


class Step(msgspec.Struct, frozen=True):
    """An image on the way that `back` walks, and the check that it was."""

    image_id: int
    check: Check | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person is: the image on the desk, and how they go on.

    `anchor` is the image from which the order goes on, another one while a check is on the desk; `left` says where each
    other order was left.
    """

    image: int | None = None
    check: Check | None = None
    anchor: int = 0
    suggestions: bool = True
    order: Order = "unlabelled"
    filter: str = ""
    left: dict[Order, int] = {}


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the screen needs to open: where the person was, and what there is."""

    place: Place
    trail: list[Step]
    classes: list[LabelClass]
    counts: dict[str, int]
    golds: int
    model_id: str | None
    taken: list[bool]


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
    model = models.active(db, TASK)
    return Start(
        place=kept_place(places.get(db, uid, AREA)),
        trail=trail(db, uid),
        classes=labels.classes(db),
        counts=labels.counts(db),
        golds=label_checks.golds(db, uid),
        model_id=model.id if model else None,
        taken=label_rates.recently_taken(db, uid, model.id) if model else [],
    )


def kept_place(kept: Any) -> Place:
    """The place that was kept; what cannot be understood of it counts as nowhere."""
    if isinstance(kept, dict) and kept.get("which") == "skipped":
        kept = {**kept, "order": "skipped"}
    try:
        return msgspec.convert(kept or {}, Place)
    except msgspec.ValidationError:
        return Place()


def trail(db: sqlite3.Connection, uid: int) -> list[Step]:
    """The last images that this person decided on, oldest first, each where it was decided on last."""
    rows = db.execute(
        "SELECT * FROM journal NOT INDEXED WHERE id > (SELECT coalesce(max(id), 0) - ? FROM journal)"
        " AND uid = ? AND area IN (?, ?, 'suspect') ORDER BY id DESC LIMIT ?",
        (LOOK_BACK, uid, AREA, label_checks.AREA, TRAIL),
    )
    steps: dict[int, Step] = {}
    for entry in (journal.entry_of(row) for row in rows):
        check = label_checks.check_of(entry)
        image_id = check.image_id if check else entry.target
        steps.setdefault(image_id, Step(image_id, check))
    return list(steps.values())[::-1]


def look(db: sqlite3.Connection, image_id: int, wanted: Wanted) -> Candidate:
    """One image as it is now. Raises NotFoundError."""
    return Candidate(
        image=images.get(db, image_id),
        label=labels.get(db, image_id),
        prediction=predictions.get(db, image_id, wanted.model_id) if wanted.model_id else None,
        remarks=reviews.get(db, image_id),
        suspect=suspects.get(db, image_id) if wanted.order == "suspects" else None,
    )


def look_check(db: sqlite3.Connection, check: Check, wanted: Wanted) -> Candidate:
    """An image as it is shown to check the person: without its label, and a labelled one without a suggestion too."""
    hints = wanted.model_id is not None and check.kind == "gold"
    return Candidate(
        image=images.get(db, check.image_id),
        label=label_checks.given(db, check),
        prediction=predictions.get(db, check.image_id, wanted.model_id or "") if hints else None,
        check=check,
    )


def step(db: sqlite3.Connection, taken: Step, wanted: Wanted) -> Candidate | None:
    """What stands at a step of the way; None where the image is gone."""
    try:
        return look_check(db, taken.check, wanted) if taken.check else look(db, taken.image_id, wanted)
    except NotFoundError:
        return None


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the next images are checks, and which images must not be shown for one now."""

    drawn: Sequence[CheckKind | None] = ()
    avoid: Collection[int] = ()


def ahead(
    db: sqlite3.Connection,
    after: int,
    wanted: Wanted,
    limit: int,
    *,
    including: bool = False,
    slots: Slots | None = None,
    chance: random.Random | None = None,
) -> list[Candidate]:
    """The next images to go over after image `after`, 0 for the beginning, and `including` it where that is said.

    Orders that images leave when they are labelled begin again at their end. Checks are slipped in at `slots`.
    """
    place = label_queue.spot(db, wanted, after) if after else None
    begin = label_queue.BEGINNING if place is None else label_queue.before(wanted, place) if including else place
    found = label_queue.page(db, wanted, after=begin, limit=limit)
    if not found and place is not None and wanted.order in REST:
        found = label_queue.page(db, wanted, limit=limit)
    ordinary = [look(db, image_id, wanted) for image_id in found if including or image_id != after]
    return ordinary if slots is None or chance is None else _mixed(db, wanted, ordinary, slots, chance)


def _mixed(
    db: sqlite3.Connection, wanted: Wanted, ordinary: Sequence[Candidate], slots: Slots, chance: random.Random
) -> list[Candidate]:
    """The ordinary images with checks between them; never one behind the last."""
    rest, mixed = list(ordinary), list[Candidate]()
    avoid = {*slots.avoid, *(one.image.id for one in ordinary)}
    for kind in slots.drawn:
        if not rest:
            break
        check = _check(db, wanted.uid, kind, avoid, chance) if kind else None
        mixed.append(rest.pop(0) if check is None else look_check(db, check, wanted))
        avoid.add(mixed[-1].image.id)
    return mixed + rest


def _check(
    db: sqlite3.Connection, uid: int, kind: CheckKind, avoid: Collection[int], chance: random.Random
) -> Check | None:
    pick = label_checks.pick_gold if kind == "gold" else label_checks.pick_labelled
    return pick(db, uid, avoid, chance)


def decide(
    db: sqlite3.Connection,
    uid: int,
    candidate: Candidate,
    verdict: Verdict,
    suggested: dict[str, Any] | None,
    place: Place,
) -> int | None:
    """Commit a decision and the place that follows it together; the id of an answer, None for a label.

    Raises what `labels.set_label` raises.
    """
    image_id, answer = candidate.image.id, None
    if candidate.check is not None:
        answer = label_checks.answer(db, uid, candidate.check, verdict.name, verdict.state)
    elif candidate.suspect is not None and verdict.name == candidate.suspect.label:
        # Whoever gives the label once more says that it is right.
        suspects.dismiss(db, uid, [image_id])
    else:
        labels.set_label(db, uid, image_id, verdict.name, state=verdict.state, suggested=suggested)
    places.keep(db, uid, AREA, place)
    return answer


def dismiss(db: sqlite3.Connection, uid: int, image_id: int, place: Place) -> None:
    """Say that a suspect label is right and commit the place that follows together. Raises NotFoundError."""
    suspects.dismiss(db, uid, [image_id])
    places.keep(db, uid, AREA, place)


def trash(db: sqlite3.Connection, uid: int, image_id: int, place: Place) -> None:
    """Move an image to the trash and commit the place that follows together."""
    images.trash(db, uid, [image_id])
    places.keep(db, uid, AREA, place)


def tallies(db: sqlite3.Connection) -> tuple[list[LabelClass], dict[str, int]]:
    """The classes, and how many images have which word on them."""
    return labels.classes(db), labels.counts(db)


def step_of(entry: Entry) -> Step:
    """The image that a journal row of the label screen is about."""
    check = label_checks.check_of(entry)
    return Step(check.image_id, check) if check else Step(entry.target)
