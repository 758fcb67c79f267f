"""Trained models: entering, finding, noting and deleting them, and which one is active for a task."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, journal
from binscout_tui.store.names import LONGEST, composed, is_printable


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A trained model; `sha256` is that of its weights file, `active` whether it is the one in use for its task."""

    id: str
    run_id: str | None
    task: str
    sha256: str
    bytes: int
    card: dict[str, Any]
    created_at: str
    active: bool
    note: str = ""


def add(
    db: sqlite3.Connection, uid: int, model_id: str, *, run_id: str, task: str, sha256: str, size: int, card: Any
) -> None:
    """Enter a model; entering the same one again changes nothing."""
    db.execute(
        "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (model_id, run_id, task, sha256, size, msgspec.json.encode(card).decode(), uid, utc_now()),
    )
    events.emit(db, "model", model_id)


def get(db: sqlite3.Connection, model_id: str) -> Model:
    """The model. Raises NotFoundError, also for one that was deleted."""
    row = db.execute(f"{_SELECT} WHERE model.id = ?", (model_id,)).fetchone()
    hint = "`binscout models list` shows them."
    if row is None:
        raise NotFoundError(f"There is no model {model_id!r}.", hint=hint, code="no_model")
    if row["deleted_at"] is not None:
        raise NotFoundError(
            f"The model {model_id} was deleted on {row['deleted_at'][:10]}.", hint=hint, code="no_model"
        )
    return _model(row)


def latest(db: sqlite3.Connection, task: str | None = None, limit: int = 50) -> list[Model]:
    """The newest models, newest first."""
    where, values = ("AND model.task = ?", (task,)) if task else ("", ())
    rows = db.execute(
        f"{_SELECT} WHERE deleted_at IS NULL {where} ORDER BY model.created_at DESC LIMIT ?", (*values, limit)
    )
    return [_model(row) for row in rows]


def active(db: sqlite3.Connection, task: str) -> Model | None:
    """The model in use for `task`, or None."""
    row = db.execute(f"{_SELECT} WHERE active_model.task = ?", (task,)).fetchone()
    return _model(row) if row else None


def write_note(db: sqlite3.Connection, uid: int, model_id: str, text: str) -> Model:
    """Write a line about a model; an empty text takes it away. Raises NotFoundError, UsageError."""
    before = get(db, model_id)
    note = composed(text) if text.strip() else ""
    if note and not (is_printable(note) and len(note) <= LONGEST):
        raise UsageError(f"A note is one line of up to {LONGEST} printable characters.", code="bad_note")
    db.execute("UPDATE model SET note = ? WHERE id = ?", (note, model_id))
    _told(db, uid, "note", {"model": model_id, "note": before.note}, {"model": model_id, "note": note})
    return get(db, model_id)


def delete(db: sqlite3.Connection, uid: int, model_id: str) -> None:
    """Write down that a model is gone, with what it predicted and suggested; its verdicts and activations stay told.

    Whether it may go is for the caller to know. Raises NotFoundError.
    """
    model = get(db, model_id)
    db.execute("DELETE FROM prediction WHERE model_id = ?", (model_id,))
    db.execute("DELETE FROM set_suggestion WHERE by = ?", (model_id,))
    db.execute("DELETE FROM shadow_answer WHERE ? IN (model_id, active_model_id)", (model_id,))
    db.execute("UPDATE model SET deleted_at = ?, deleted_by = ? WHERE id = ?", (utc_now(), uid, model_id))
    _told(db, uid, "delete", {"model": model_id, "task": model.task, "sha256": model.sha256}, {})


def _told(db: sqlite3.Connection, uid: int, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    journal.note(db, uid, journal.Decision(area="model", action=action, target=0, before=before, after=after))


_SELECT = (
    "SELECT model.*, active_model.model_id IS NOT NULL AS active FROM model"
    " LEFT JOIN active_model ON active_model.model_id = model.id"
)


def _model(row: sqlite3.Row) -> Model:
    values = {field: row[field] for field in Model.__struct_fields__}
    values["card"], values["active"] = msgspec.json.decode(row["card"]), bool(row["active"])
    return Model(**values)
