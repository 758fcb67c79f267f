"""A model that is asked beside the active one: what both said of images that nobody had labelled. Never suggestions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import RefusedError
from binscout_tui.store import events, journal, model_rows, predictions
from binscout_tui.store.images import LIVE, Image, from_row
from binscout_tui.store.model_rows import Model
from binscout_tui.store.predictions import Prediction

TASK = "classify"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What both models said of one image; a label None means unknown. `truth` is what a person said since.

    `truth` is a class, '' where there is none of the classes, None where nobody said anything yet.
    """

    image_id: int
    name: str
    active: str | None
    active_score: float
    shadow: str | None
    shadow_score: float
    truth: str | None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many images both spoke of, of how many the same, how many are labelled since, and who had those right."""

    n: int
    agree: int
    labelled: int
    active_right: int
    shadow_right: int
    both_right: int


def set_shadow(db: sqlite3.Connection, uid: int, model_id: str) -> Model:
    """Ask this model beside the active one of its task from now on. Raises NotFoundError, RefusedError."""
    model = model_rows.get(db, model_id)
    if model.task != TASK:
        raise RefusedError(
            f"{model_id} is for {model.task}; only models for {TASK} answer beside the active one.", code="shadow_task"
        )
    active = model_rows.active(db, model.task)
    if active is None or active.id == model_id:
        why = "is the active model itself" if active else f"has no active model of {model.task} beside it"
        raise RefusedError(f"{model_id} {why}, so there is nothing to compare.", code="no_rival")
    before = shadow(db, model.task)
    db.execute(
        "INSERT INTO shadow_model VALUES (?, ?, ?, ?) ON CONFLICT (task) DO UPDATE SET model_id = excluded.model_id,"
        " uid = excluded.uid, at = excluded.at",
        (model.task, model_id, uid, utc_now()),
    )
    _told(db, uid, before, model)
    return model


def end_shadow(db: sqlite3.Connection, uid: int, task: str = TASK) -> bool:
    """Ask none beside the active model any more; False when none was asked. What was said stays."""
    before = shadow(db, task)
    if before is None:
        return False
    db.execute("DELETE FROM shadow_model WHERE task = ?", (task,))
    _told(db, uid, before, None)
    return True


def shadow(db: sqlite3.Connection, task: str = TASK) -> Model | None:
    """The model that is asked beside the active one, or None."""
    row = db.execute("SELECT model_id FROM shadow_model WHERE task = ?", (task,)).fetchone()
    return model_rows.get(db, row[0]) if row else None


def waiting(db: sqlite3.Connection, model_id: str, active_id: str, *, after: int = 0, limit: int = 100) -> list[Image]:
    """Unlabelled live images above `after` of which the active model has said something and the other nothing yet."""
    rows = db.execute(
        "SELECT image.* FROM prediction JOIN image ON image.id = prediction.image_id"
        " LEFT JOIN label ON label.image_id = image.id"
        f" WHERE prediction.model_id = ? AND prediction.error IS NULL AND image.id > ? AND {LIVE}"
        " AND health = 'ok' AND examined = 1 AND (label.image_id IS NULL OR label.state = 'skipped')"
        " AND NOT EXISTS (SELECT 1 FROM shadow_answer WHERE shadow_answer.image_id = image.id AND model_id = ?"
        "  AND active_model_id = ?)"
        " ORDER BY image.id LIMIT ?",
        (active_id, after, model_id, active_id, limit),
    )
    return [from_row(row) for row in rows]


def keep(db: sqlite3.Connection, found: Sequence[Prediction], active_id: str) -> int:
    """Write down what the shadow said beside what the active model says; how many."""
    kept = 0
    for one in found:
        active = predictions.get(db, one.image_id, active_id)
        if active is None or active.error is not None or active.label is None:
            continue  # it was taken back meanwhile
        db.execute(
            "INSERT OR REPLACE INTO shadow_answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(one.image_id, one.model_id, one.label, one.score, one.unknown, one.error),
                *(active_id, active.label, active.score, active.unknown, utc_now()),
            ),
        )
        kept += 1
    if kept:
        events.emit(db, "shadow", found[0].model_id)
    return kept


def pairs(db: sqlite3.Connection, model_id: str, active_id: str) -> list[Pair]:
    """What both said of every image that is still there, in order of arrival."""
    rows = db.execute(f"{_PAIRS} ORDER BY image_id", (model_id, active_id))
    return [Pair(**{field: row[field] for field in Pair.__struct_fields__}) for row in rows]


def tally(db: sqlite3.Connection, model_id: str, active_id: str) -> Tally:
    """`pairs` in numbers, which are there at once however many images there are."""
    row = db.execute(
        "SELECT count(*) AS n, coalesce(sum(active IS shadow), 0) AS agree, count(truth) AS labelled,"
        " coalesce(sum(truth IS NOT NULL AND active IS nullif(truth, '')), 0) AS active_right,"
        " coalesce(sum(truth IS NOT NULL AND shadow IS nullif(truth, '')), 0) AS shadow_right,"
        " coalesce(sum(truth IS NOT NULL AND active IS nullif(truth, '') AND shadow IS nullif(truth, '')), 0)"
        f" AS both_right FROM ({_PAIRS})",
        (model_id, active_id),
    ).fetchone()
    return Tally(**{field: row[field] for field in Tally.__struct_fields__})


_PAIRS = (
    "SELECT image_id, image.name, active_score, score AS shadow_score,"
    " CASE active_unknown WHEN 0 THEN active_label END AS active,"
    " CASE unknown WHEN 0 THEN shadow_answer.label END AS shadow,"
    " (SELECT CASE state WHEN 'class' THEN class.name WHEN 'empty' THEN '' END FROM label"
    "  LEFT JOIN class ON class.id = class_id WHERE label.image_id = image.id) AS truth"
    f" FROM shadow_answer JOIN image ON image.id = image_id WHERE model_id = ? AND active_model_id = ? AND {LIVE}"
    " AND error IS NULL"
)


def failures(db: sqlite3.Connection, model_id: str, active_id: str) -> int:
    """Of how many images the shadow could say nothing."""
    row = db.execute(
        "SELECT count(*) FROM shadow_answer WHERE model_id = ? AND active_model_id = ? AND error IS NOT NULL",
        (model_id, active_id),
    ).fetchone()
    return int(row[0])


def _told(db: sqlite3.Connection, uid: int, before: Model | None, after: Model | None) -> None:
    states = [{"model": one.id, "task": one.task} if one else {} for one in (before, after)]
    decision = journal.Decision(area="model", action="shadow", target=0, before=states[0], after=states[1])
    journal.note(db, uid, decision)
