"""What the list of models asks: each model with its run's figures, its verdict, and why it may not be activated."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from binscout_tui.errors import RefusedError
from binscout_tui.settings import GateSettings
from binscout_tui.store import models, runs
from binscout_tui.store.models import Activation, Gate, Model


class Shelved(msgspec.Struct, frozen=True, kw_only=True):
    """A model with what is known of it; `refusal` says why the gate keeps it from being activated, None when not.

    `summary` holds the figures on the test split and those of the baselines, as the run wrote them.
    """

    model: Model
    summary: dict[str, Any]
    gate: Gate | None
    refusal: str | None
    made_by: str


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """All models, newest first, and the moves of the alias `active`, newest first, with who made them."""

    models: list[Shelved]
    activations: list[tuple[Activation, str]]
    tasks_with_previous: set[str]


def shelf(db: sqlite3.Connection, floors: GateSettings) -> Shelf:
    """Everything that the list of models shows; `floors` are those that a verdict must have been given on."""
    names = dict(db.execute("SELECT uid, name FROM user").fetchall())
    makers = dict(db.execute("SELECT id, uid FROM model").fetchall())
    history = models.activations(db)
    return Shelf(
        models=[_shelved(db, model, floors, names.get(makers[model.id], "")) for model in models.latest(db)],
        activations=[(move, names.get(move.uid, "")) for move in history],
        tasks_with_previous=_tasks_with_previous(db),
    )


def _tasks_with_previous(db: sqlite3.Connection) -> set[str]:
    """Tasks whose active model has one before it: activations push, rollbacks pop."""
    rows = db.execute(
        "SELECT task FROM activation GROUP BY task HAVING sum(CASE action WHEN 'rollback' THEN -1 ELSE 1 END) >= 2"
    )
    return {row[0] for row in rows}


def _shelved(db: sqlite3.Connection, model: Model, floors: GateSettings, made_by: str) -> Shelved:
    refusal = None
    try:
        models.may_activate(db, model.id, floors)
    except RefusedError as error:
        refusal = error.sentence
    summary = runs.get(db, model.run_id).metrics if model.run_id else None
    return Shelved(
        model=model,
        summary=summary or {},
        gate=models.last_gate(db, model.id),
        refusal=refusal,
        made_by=made_by,
    )
