"""Everything that is known of a model, and what is done to one beside gate and activation."""

from __future__ import annotations

import shutil
import sqlite3
from typing import Any

import msgspec

from binscout_tui.errors import RefusedError, StorageError
from binscout_tui.learning.tasks import Figure, find_task
from binscout_tui.settings import GateSettings
from binscout_tui.store import models, shelf
from binscout_tui.store.models import Activation, Gate, Model
from binscout_tui.store.shelf import needed_by
from binscout_tui.store.users import User
from binscout_tui.workspace import Paths, Workspace

RUN_WEIGHTS = ("model.safetensors", "checkpoint.pt")
"""What a run keeps of the weights of its model."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A figure on the test split with its 95 % interval, and those of the baselines; None where it is not known."""

    name: str
    words: str
    value: float | None
    ci95: tuple[float, float] | None
    baselines: dict[str, float]
    higher_is_better: bool
    share: bool


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A model with its data, figures, verdict and history.

    `images` counts those of the data set by split; `needed_by` says why it may not be deleted, None when it may.
    """

    model: Model
    made_by: str
    preset: str
    dataset: str
    dataset_name: str
    images: dict[str, int]
    seed: int | None
    code_version: str
    figures: list[Fact]
    gate: Gate | None
    activations: list[Activation]
    is_shadow: bool
    needed_by: str | None


def facts(db: sqlite3.Connection, model_id: str, floors: GateSettings) -> Facts:
    """All that is known of a model (a store function). Raises NotFoundError."""
    shelved = shelf.one(db, model_id, floors)
    model, card = shelved.model, shelved.model.card
    return Facts(
        model=model,
        made_by=shelved.made_by,
        preset=str(card.get("preset", "")),
        dataset=shelved.dataset,
        dataset_name=shelved.dataset_name,
        images=shelved.images,
        seed=card.get("seed"),
        code_version=str(card.get("code_version", "")),
        figures=figures(model.task, shelved.summary),
        gate=shelved.gate,
        activations=[one for one in models.activations(db, model.task, limit=1000) if one.model_id == model_id],
        is_shadow=shelved.is_shadow,
        needed_by=shelved.needed,
    )


def figures(task: str, summary: dict[str, Any]) -> list[Fact]:
    """The figures of a run's summary that are known, the primary one first. Pure."""
    metrics, baselines = summary.get("metrics") or {}, summary.get("baselines") or {}
    found = [_fact(figure, metrics, baselines) for figure in find_task(task).figures]
    return [one for one in found if one.value is not None]


def _fact(figure: Figure, metrics: dict[str, Any], baselines: dict[str, dict[str, Any]]) -> Fact:
    value, interval = _value(metrics, figure.name)
    beside = {name: number for name, one in baselines.items() if (number := _value(one, figure.name)[0]) is not None}
    return Fact(
        name=figure.name,
        words=figure.words,
        value=value,
        ci95=interval,
        baselines=beside,
        higher_is_better=figure.higher_is_better,
        share=figure.share,
    )


def _value(found: dict[str, Any], name: str) -> tuple[float | None, tuple[float, float] | None]:
    """A figure of an evaluation in the layout of today, or of the first reports, which had an accuracy alone."""
    entry = (found.get("figures") or {}).get(name)
    if entry is None:
        entry = {"value": found.get(name), "ci95": found.get("ci95") if name == "accuracy" else None}
    value, interval = entry.get("value"), entry.get("ci95")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None, None
    return float(value), (float(interval[0]), float(interval[1])) if interval else None


def delete(workspace: Workspace, model_id: str) -> int:
    """Delete a model's files, also the weights in its run, and what it predicted; how many bytes that freed.

    The run with card and report, the verdicts and the history stay.

    Raises RefusedError for who is no admin and for a model that is needed, NotFoundError, StorageError.
    """
    return remove_files(workspace.paths, workspace.db.write(forget, workspace.user, model_id))


def forget(db: sqlite3.Connection, user: User, model_id: str) -> Model:
    """Write down that a model is deleted; what it was (a store function). Raises as `delete`."""
    user.must_be("admin", "Deleting a model")
    model = models.get(db, model_id)
    why = needed_by(db, model)
    if why is not None:
        raise RefusedError(why, hint="Only what nothing needs can be deleted.", code="model_needed")
    models.delete(db, user.uid, model_id)
    return model


def remove_files(paths: Paths, model: Model) -> int:
    """Remove the folder of a model that was forgotten, and the weights in its run; the bytes. Raises StorageError."""
    folder = paths.model(model.id)
    aside = folder.with_name(f".deleted-{folder.name}")
    in_run = [paths.run(model.run_id) / name for name in RUN_WEIGHTS] if model.run_id is not None else []
    try:
        if folder.is_dir():
            folder.rename(aside)
        files = [path for path in (*aside.rglob("*"), *in_run) if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        for path in files:
            path.unlink()
        if aside.is_dir():
            shutil.rmtree(aside)
    except OSError as error:
        raise StorageError(
            f"{model.id} is no model any more, but {error.filename} could not be removed: {error.strerror}.",
            hint="Remove it by hand.",
            code="model_left",
        ) from error
    return size


def write_note(workspace: Workspace, model_id: str, text: str) -> Model:
    """Write a line about a model. Raises RefusedError for viewers, NotFoundError, UsageError."""
    workspace.user.must_be("operator", "Writing a note")
    return workspace.db.write(models.write_note, workspace.user.uid, model_id, text)
