"""The gate's verdicts, and what they stand on."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import RefusedError
from binscout_tui.settings import GateSettings
from binscout_tui.store import events, known_good, model_rows
from binscout_tui.store.images import HIDDEN, HIDDEN_SETS

State = Literal["pass", "fail", "error"]
LEAST_OF_NAME = 12
"""Digits of a hash that a check tells at least."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict stands on: it holds while model, known-good list, floors and active model are these."""

    model_hash: str
    list_hash: str
    floors_hash: str
    active_model_id: str | None


class Gate(Basis, frozen=True, kw_only=True):
    """A verdict: every check with its value and limit, and what it stands on.

    `dataset` is the id of the version that the model learned from, None where nobody knows. `broken` are samples that
    the active model had right, but for hidden ones, `replay` what the model said of a few samples.
    """

    id: int
    model_id: str
    passed: bool
    checks: list[dict[str, Any]]
    at: str
    dataset: str | None = None
    state: State = "fail"
    broken: list[str] = []
    replay: list[dict[str, Any]] = []


def basis(db: sqlite3.Connection, model_id: str, floors: GateSettings) -> Basis:
    """What a verdict on the model would stand on now. Raises NotFoundError."""
    model = model_rows.get(db, model_id)
    present = model_rows.active(db, model.task)
    lines = sorted(known_good.line(entry) for entry in known_good.listed(db, model.task, concealed=True))
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
    state: State | None = None,
    broken: Sequence[str] = (),
    replay: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Write a verdict down with the basis it was given on, and return its id. What passed has the state `pass`."""
    told = "pass" if passed else "error" if state == "error" else "fail"
    values = {
        "model_id": model_id,
        "passed": passed,
        "state": told,
        "checks": msgspec.json.encode(checks).decode(),
        "broken": msgspec.json.encode(list(broken)).decode(),
        "replay": msgspec.json.encode(list(replay)).decode(),
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
        "SELECT gate.*, run.dataset_id AS dataset, model.task AS of_task FROM gate JOIN model ON model.id = model_id"
        " LEFT JOIN run ON run.id = model.run_id WHERE model_id = ? ORDER BY gate.id DESC LIMIT 1",
        (model_id,),
    ).fetchone()
    if row is None:
        return None
    values = {field: row[field] for field in Gate.__struct_fields__}
    values["passed"] = bool(row["passed"])
    for field in ("checks", "broken", "replay"):
        values[field] = msgspec.json.decode(row[field])
    # What was hidden since is named no more either.
    values["broken"] = [name for name in values["broken"] if not _is_hidden(db, name)]
    hidden = known_good.hidden(db, row["of_task"])
    values["checks"] = [without_names(check, hidden) for check in values["checks"]]
    return Gate(**values)


def without_names(check: dict[str, Any], hidden: Iterable[str]) -> dict[str, Any]:
    """A check whose words do not name what is hidden, by its hash, of which a verdict tells numbers only."""
    said = check.get("detail", "")
    for name in hidden:
        said = re.sub(f"{re.escape(name[:LEAST_OF_NAME])}[0-9a-f]*", "a hidden one", said)
    return {**check, "detail": said} if said else check


def _is_hidden(db: sqlite3.Connection, name: str) -> bool:
    """Whether `image 12` or `set 4` may not be seen now."""
    kind, _, number = name.partition(" ")
    sql = f"SELECT 1 FROM image WHERE id = ? AND withheld = '{HIDDEN}'"
    if kind == "set":
        sql = f"SELECT 1 WHERE ? IN ({HIDDEN_SETS})"
    return db.execute(sql, (int(number),)).fetchone() is not None if number.isdigit() else False


def may_activate(db: sqlite3.Connection, model_id: str, floors: GateSettings, *, reason: str = "") -> int | None:
    """The id of the verdict that lets this model become active, None when a `reason` stands for it.

    Its newest verdict must be a pass, and stand on what is so now: this model, the known-good list, `floors`, and
    the model that is active. Raises RefusedError otherwise.
    """
    model = model_rows.get(db, model_id)
    present = model_rows.active(db, model.task)
    if present is not None and present.id == model_id:
        raise RefusedError(f"{model_id} is the active model already.", code="already_active")
    return None if reason.strip() else _valid_gate(db, model_id, basis(db, model_id, floors))


def _valid_gate(db: sqlite3.Connection, model_id: str, now: Basis) -> int:
    gate = last_gate(db, model_id)
    hint = f"Run `binscout gate {model_id}` and look at its checks."
    if gate is None:
        raise RefusedError(f"{model_id} has not stood at the gate.", hint=hint, code="no_gate")
    if gate.state == "error":
        said = next((check["detail"] for check in gate.checks if not check["passed"]), "")
        raise RefusedError(f"The gate could not test {model_id}: {said}", hint=hint, code="gate_error")
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
