"""What the list of models asks: each model with its run's figures, its verdict, and why it may not be activated."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

import msgspec

from binscout_tui.errors import RefusedError
from binscout_tui.settings import GateSettings
from binscout_tui.store import datasets, models, runs, shadows
from binscout_tui.store.models import Activation, Gate, Model


class Shelved(msgspec.Struct, frozen=True, kw_only=True):
    """A model with what is known of it; `refusal` says why the gate keeps it from being activated, None when not.

    `summary` holds the figures on the test split and those of the baselines, as the run wrote them. `dataset` is the id
    of the version that it learned from, `images` how many it has in each split;
    `needed` says why the model may not be deleted.
    """

    model: Model
    summary: dict[str, Any]
    gate: Gate | None
    refusal: str | None
    made_by: str
    dataset: str = ""
    dataset_name: str = ""
    images: dict[str, int] = {}
    is_shadow: bool = False
    needed: str | None = None


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """All models, newest first, and the moves of the alias `active`, newest first, with who made them."""

    models: list[Shelved]
    activations: list[tuple[Activation, str]]
    tasks_with_previous: set[str]

    @property
    def shadows(self) -> list[Model]:
        """The models that are asked beside the active ones."""
        return [one.model for one in self.models if one.is_shadow]


def shelf(db: sqlite3.Connection, floors: GateSettings) -> Shelf:
    """Everything that the list of models shows; `floors` are those that a verdict must have been given on."""
    names = dict(db.execute("SELECT uid, name FROM user").fetchall())
    history = models.activations(db)
    return Shelf(
        models=[_shelved(db, model, floors) for model in models.latest(db)],
        activations=[(move, names.get(move.uid, "")) for move in history],
        tasks_with_previous=_tasks_with_previous(db),
    )


def _tasks_with_previous(db: sqlite3.Connection) -> set[str]:
    """Tasks whose active model has one before it: activations push, rollbacks pop."""
    rows = db.execute(
        "SELECT task FROM activation GROUP BY task HAVING sum(CASE action WHEN 'rollback' THEN -1 ELSE 1 END) >= 2"
    )
    return {row[0] for row in rows}


def one(db: sqlite3.Connection, model_id: str, floors: GateSettings) -> Shelved:
    """The same of one model. Raises NotFoundError."""
    return _shelved(db, models.get(db, model_id), floors)


def _shelved(db: sqlite3.Connection, model: Model, floors: GateSettings) -> Shelved:
    refusal = None
    try:
        models.may_activate(db, model.id, floors)
    except RefusedError as error:
        refusal = error.sentence
    run = runs.get(db, model.run_id) if model.run_id else None
    maker = db.execute("SELECT name FROM user JOIN model USING (uid) WHERE model.id = ?", (model.id,)).fetchone()
    beside = shadows.shadow(db, model.task)
    return Shelved(
        model=model,
        summary={"task": model.task} | ((run.metrics if run else None) or {}),
        gate=models.last_gate(db, model.id),
        refusal=refusal,
        made_by=maker[0] if maker else "",
        dataset=run.dataset_id if run else "",
        dataset_name=run.dataset_name if run else "",
        images=_images(db, run.dataset_id) if run else {},
        is_shadow=beside is not None and beside.id == model.id,
        needed=needed_by(db, model),
    )


def _images(db: sqlite3.Connection, dataset_id: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for splits in datasets.find(db, dataset_id).counts.values():
        counts.update(splits)
    return dict(counts)


def needed_by(db: sqlite3.Connection, model: Model) -> str | None:
    """Why a model may not be deleted, in a sentence, or None."""
    if model.active:
        return f"{model.id} is the active model of {model.task}."
    if model.id in models.stack(db, model.task):
        return f"{model.id} was active before: a rollback may come back to it."
    beside = shadows.shadow(db, model.task)
    if beside is not None and beside.id == model.id:
        return f"{model.id} is asked beside the active model; end that first."
    return None
