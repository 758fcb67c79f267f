"""The alias `active`: it moves through a valid verdict or a typed reason, and back."""

from __future__ import annotations

import sqlite3

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, RefusedError
from binscout_tui.settings import GateSettings
from binscout_tui.store import gates, journal, model_rows
from binscout_tui.store.model_rows import Model


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """One move of the alias `active`."""

    id: int
    task: str
    model_id: str | None
    previous_model_id: str | None
    action: str
    reason: str
    uid: int
    at: str


def activate(db: sqlite3.Connection, uid: int, model_id: str, floors: GateSettings, *, reason: str = "") -> Activation:
    """Make a model the active one of its task, in one transaction with history and journal.

    Raises RefusedError as `may_activate` does; then the active model stays.
    """
    gate_id = gates.may_activate(db, model_id, floors, reason=reason)
    model = model_rows.get(db, model_id)
    present = model_rows.active(db, model.task)
    return _move(db, uid, model.task, model_id, present, action="activate", gate_id=gate_id, reason=reason.strip())


def previous(db: sqlite3.Connection, task: str) -> Model:
    """The model that was active before the present one. Raises RefusedError when there was none."""
    present = model_rows.active(db, task)
    if present is None:
        raise RefusedError(f"No model is active for {task}.", code="none_active")
    behind = stack(db, task)
    if len(behind) < 2:
        raise RefusedError(f"No model was active before {present.id}.", code="no_previous")
    return model_rows.get(db, behind[-2])


def rollback(db: sqlite3.Connection, uid: int, task: str, to: str) -> Activation:
    """Go back to the model that was active before, which must be `to`.

    Raises RefusedError when there was none, ConflictError when it is another one by now; then the active one stays.
    """
    target = previous(db, task)
    if target.id != to:
        raise ConflictError(
            "Somebody else changed the active model meanwhile.", hint="Look at it and roll back again.", code="moved"
        )
    return _move(db, uid, task, to, model_rows.active(db, task), action="rollback", gate_id=None, reason="")


def stack(db: sqlite3.Connection, task: str) -> list[str]:
    """The models one could go back to, the present one last: activations push, rollbacks pop."""
    found: list[str] = []
    for action, model_id in db.execute("SELECT action, model_id FROM activation WHERE task = ? ORDER BY id", (task,)):
        if action == "rollback":
            found.pop()
        else:
            found.append(model_id)
    return found


def activations(db: sqlite3.Connection, task: str | None = None, limit: int = 50) -> list[Activation]:
    """The history of the alias, newest first."""
    where, values = ("WHERE task = ?", (task,)) if task else ("", ())
    rows = db.execute(f"SELECT * FROM activation {where} ORDER BY id DESC LIMIT ?", (*values, limit))
    return [Activation(**{field: row[field] for field in Activation.__struct_fields__}) for row in rows]


def _move(
    db: sqlite3.Connection,
    uid: int,
    task: str,
    model_id: str,
    present: Model | None,
    *,
    action: str,
    gate_id: int | None,
    reason: str,
) -> Activation:
    previous = present.id if present else None
    cursor = db.execute(
        "INSERT INTO activation (task, model_id, previous_model_id, action, gate_id, reason, uid, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (task, model_id, previous, action, gate_id, reason, uid, utc_now()),
    )
    activation_id = int(cursor.lastrowid or 0)
    db.execute(
        "INSERT INTO active_model VALUES (?, ?, ?) ON CONFLICT (task) DO UPDATE SET model_id = excluded.model_id,"
        " activation_id = excluded.activation_id",
        (task, model_id, activation_id),
    )
    # What is active is not beside the active one any more.
    db.execute("DELETE FROM shadow_model WHERE task = ? AND model_id = ?", (task, model_id))
    decision = journal.Decision(
        area="model",
        action=action,
        target=activation_id,
        before={"task": task, "model": previous},
        after={"task": task, "model": model_id, "gate": gate_id, "reason": reason},
    )
    journal.note(db, uid, decision)
    return activations(db, task, limit=1)[0]
