"""Models, the gate's list and verdicts, and which model is active."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, NotFoundError, RefusedError
from binscout_tui.settings import GateSettings
from binscout_tui.store import events, journal


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


class KnownGood(msgspec.Struct, frozen=True):
    """An image of the gate's list and what a model must say of it."""

    image_id: int
    sha256: str
    expected: str
    must_pass: bool


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict stands on: it holds while model, known-good list, floors and active model are these."""

    model_hash: str
    list_hash: str
    floors_hash: str
    active_model_id: str | None


class Gate(Basis, frozen=True, kw_only=True):
    """A verdict: every check with its value and limit, and what it stands on.

    `dataset` is the id of the version that the model learned from, None where nobody knows.
    """

    id: int
    model_id: str
    passed: bool
    checks: list[dict[str, Any]]
    at: str
    dataset: str | None = None


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


def add(
    db: sqlite3.Connection, uid: int, model_id: str, *, run_id: str, task: str, sha256: str, size: int, card: Any
) -> None:
    """Enter a model; entering the same one again changes nothing."""
    db.execute(
        "INSERT INTO model VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (model_id, run_id, task, sha256, size, msgspec.json.encode(card).decode(), uid, utc_now()),
    )
    events.emit(db, "model", model_id)


def get(db: sqlite3.Connection, model_id: str) -> Model:
    """The model. Raises NotFoundError."""
    row = db.execute(f"{_SELECT} WHERE model.id = ?", (model_id,)).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no model {model_id!r}.", hint="`binscout models list` shows them.", code="no_model"
        )
    return _model(row)


def latest(db: sqlite3.Connection, task: str | None = None, limit: int = 50) -> list[Model]:
    """The newest models, newest first."""
    where, values = ("WHERE model.task = ?", (task,)) if task else ("", ())
    rows = db.execute(f"{_SELECT} {where} ORDER BY model.created_at DESC LIMIT ?", (*values, limit))
    return [_model(row) for row in rows]


def active(db: sqlite3.Connection, task: str) -> Model | None:
    """The model in use for `task`, or None."""
    row = db.execute(f"{_SELECT} WHERE active_model.task = ?", (task,)).fetchone()
    return _model(row) if row else None


def known_good(db: sqlite3.Connection, task: str) -> list[KnownGood]:
    """The gate's list in order of the images' arrival."""
    return [_known_good(row) for row in db.execute(f"{_LISTED} WHERE task = ? ORDER BY image_id", (task,))]


def known_good_entry(db: sqlite3.Connection, task: str, image_id: int) -> KnownGood | None:
    """What the gate's list says of the image, or None."""
    row = db.execute(
        f"{_LISTED} WHERE task = ? AND image_id = ?",
        (task, image_id),
    ).fetchone()
    return _known_good(row) if row else None


def add_known_good(
    db: sqlite3.Connection, uid: int, task: str, image_id: int, expected: str, *, must_pass: bool = False
) -> None:
    """Put an image on the gate's list, or change what is expected of it."""
    entry = known_good_entry(db, task, image_id)
    db.execute(
        "INSERT INTO known_good VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET expected = excluded.expected,"
        " must_pass = excluded.must_pass, uid = excluded.uid, at = excluded.at",
        (task, image_id, expected, must_pass, uid, utc_now()),
    )
    after = {"task": task, "expected": expected, "must_pass": must_pass}
    _note_known_good(db, uid, "change" if entry else "add", image_id, _state(task, entry), after)


def remove_known_good(db: sqlite3.Connection, uid: int, task: str, image_id: int) -> None:
    """Take an image off the gate's list. Raises NotFoundError when it is not on it."""
    entry = known_good_entry(db, task, image_id)
    if entry is None:
        raise NotFoundError(f"Image {image_id} is not on the known-good list.", code="not_listed")
    db.execute("DELETE FROM known_good WHERE task = ? AND image_id = ?", (task, image_id))
    _note_known_good(db, uid, "remove", image_id, _state(task, entry), {})


def _state(task: str, entry: KnownGood | None) -> dict[str, Any]:
    return {"task": task, "expected": entry.expected, "must_pass": entry.must_pass} if entry else {}


def _note_known_good(
    db: sqlite3.Connection, uid: int, action: str, image_id: int, before: dict[str, Any], after: dict[str, Any]
) -> None:
    decision = journal.Decision(area="known_good", action=action, target=image_id, before=before, after=after)
    journal.note(db, uid, decision)


def basis(db: sqlite3.Connection, model_id: str, floors: GateSettings) -> Basis:
    """What a verdict on the model would stand on now. Raises NotFoundError."""
    model = get(db, model_id)
    present = active(db, model.task)
    lines = sorted(f"{entry.sha256} {entry.must_pass:d} {entry.expected}" for entry in known_good(db, model.task))
    return Basis(
        model_hash=_hash([model.sha256, model.card]),
        list_hash=_hash(lines),
        floors_hash=_hash(floors),
        active_model_id=present.id if present else None,
    )


def _hash(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]


def add_gate(
    db: sqlite3.Connection,
    uid: int,
    model_id: str,
    *,
    passed: bool,
    checks: Sequence[Mapping[str, Any]],
    basis: Basis,
) -> int:
    """Write a verdict down with the basis it was given on, and return its id."""
    values = {
        "model_id": model_id,
        "passed": passed,
        "checks": msgspec.json.encode(checks).decode(),
        **msgspec.structs.asdict(basis),
        "uid": uid,
        "at": utc_now(),
    }
    marks = ", ".join(f":{name}" for name in values)
    cursor = db.execute(f"INSERT INTO gate ({', '.join(values)}) VALUES ({marks})", values)
    events.emit(db, "gate", model_id)
    return int(cursor.lastrowid or 0)


def last_gate(db: sqlite3.Connection, model_id: str) -> Gate | None:
    """The newest verdict on a model, or None when it never stood at the gate."""
    row = db.execute(
        "SELECT gate.*, run.dataset_id AS dataset FROM gate JOIN model ON model.id = model_id"
        " LEFT JOIN run ON run.id = model.run_id WHERE model_id = ? ORDER BY gate.id DESC LIMIT 1",
        (model_id,),
    ).fetchone()
    if row is None:
        return None
    values = {field: row[field] for field in Gate.__struct_fields__}
    values["passed"], values["checks"] = bool(row["passed"]), msgspec.json.decode(row["checks"])
    return Gate(**values)


def may_activate(db: sqlite3.Connection, model_id: str, floors: GateSettings, *, reason: str = "") -> int | None:
    """The id of the verdict that lets this model become active, None when a `reason` stands for it.

    Its newest verdict must be a pass, and stand on what is so now: this model, the known-good list, `floors`, and
    the model that is active. Raises RefusedError otherwise.
    """
    model = get(db, model_id)
    present = active(db, model.task)
    if present is not None and present.id == model_id:
        raise RefusedError(f"{model_id} is the active model already.", code="already_active")
    return None if reason.strip() else _valid_gate(db, model_id, basis(db, model_id, floors))


def activate(db: sqlite3.Connection, uid: int, model_id: str, floors: GateSettings, *, reason: str = "") -> Activation:
    """Make a model the active one of its task, in one transaction with history and journal.

    Raises RefusedError as `may_activate` does; then the active model stays.
    """
    gate_id = may_activate(db, model_id, floors, reason=reason)
    model = get(db, model_id)
    present = active(db, model.task)
    return _move(db, uid, model.task, model_id, present, action="activate", gate_id=gate_id, reason=reason.strip())


def previous(db: sqlite3.Connection, task: str) -> Model:
    """The model that was active before the present one. Raises RefusedError when there was none."""
    present = active(db, task)
    if present is None:
        raise RefusedError(f"No model is active for {task}.", code="none_active")
    stack = _stack(db, task)
    if len(stack) < 2:
        raise RefusedError(f"No model was active before {present.id}.", code="no_previous")
    return get(db, stack[-2])


def rollback(db: sqlite3.Connection, uid: int, task: str, to: str) -> Activation:
    """Go back to the model that was active before, which must be `to`.

    Raises RefusedError when there was none, ConflictError when it is another one by now; then the active one stays.
    """
    target = previous(db, task)
    if target.id != to:
        raise ConflictError(
            "Somebody else changed the active model meanwhile.", hint="Look at it and roll back again.", code="moved"
        )
    return _move(db, uid, task, to, active(db, task), action="rollback", gate_id=None, reason="")


def _stack(db: sqlite3.Connection, task: str) -> list[str]:
    """The models one could go back to, the present one last: activations push, rollbacks pop."""
    stack: list[str] = []
    for action, model_id in db.execute("SELECT action, model_id FROM activation WHERE task = ? ORDER BY id", (task,)):
        if action == "rollback":
            stack.pop()
        else:
            stack.append(model_id)
    return stack


def activations(db: sqlite3.Connection, task: str | None = None, limit: int = 50) -> list[Activation]:
    """The history of the alias, newest first."""
    where, values = ("WHERE task = ?", (task,)) if task else ("", ())
    rows = db.execute(f"SELECT * FROM activation {where} ORDER BY id DESC LIMIT ?", (*values, limit))
    return [Activation(**{field: row[field] for field in Activation.__struct_fields__}) for row in rows]


def _valid_gate(db: sqlite3.Connection, model_id: str, now: Basis) -> int:
    gate = last_gate(db, model_id)
    hint = f"Run `binscout gate {model_id}` and look at its checks."
    if gate is None:
        raise RefusedError(f"{model_id} has not stood at the gate.", hint=hint, code="no_gate")
    if not gate.passed:
        failed = ", ".join(check["name"] for check in gate.checks if not check["passed"])
        raise RefusedError(f"{model_id} did not pass the gate: {failed}.", hint=hint, code="gate_failed")
    for field, changed in _CHANGED.items():
        if getattr(gate, field) != getattr(now, field):
            raise RefusedError(f"{changed} since {model_id} passed the gate.", hint=hint, code="gate_stale")
    return gate.id


_CHANGED = {
    "model_hash": "The model changed",
    "list_hash": "The known-good list changed",
    "floors_hash": "The gate's floors changed",
    "active_model_id": "Another model became active",
}


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
    decision = journal.Decision(
        area="model",
        action=action,
        target=activation_id,
        before={"task": task, "model": previous},
        after={"task": task, "model": model_id, "gate": gate_id, "reason": reason},
    )
    journal.note(db, uid, decision)
    return activations(db, task, limit=1)[0]


_LISTED = "SELECT image_id, sha256, expected, must_pass FROM known_good JOIN image ON image.id = image_id"


def _known_good(row: sqlite3.Row) -> KnownGood:
    return KnownGood(row[0], row[1], row[2], bool(row[3]))


_SELECT = (
    "SELECT model.*, active_model.model_id IS NOT NULL AS active FROM model"
    " LEFT JOIN active_model ON active_model.model_id = model.id"
)


def _model(row: sqlite3.Row) -> Model:
    values = {field: row[field] for field in Model.__struct_fields__}
    values["card"], values["active"] = msgspec.json.decode(row["card"]), bool(row["active"])
    return Model(**values)
