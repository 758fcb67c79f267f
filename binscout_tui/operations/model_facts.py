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
    """Delete a model's files and what it predicted; how many bytes that freed. Its run, verdicts and history stay.

    Raises RefusedError for who is no admin and for a model that is needed, NotFoundError, StorageError.
    """
    size = workspace.db.write(forget, workspace.user, model_id)
    remove_files(workspace.paths, model_id)
    return size


def forget(db: sqlite3.Connection, user: User, model_id: str) -> int:
    """Write down that a model is deleted; the bytes of its weights (a store function). Raises as `delete`."""
    user.must_be("admin", "Deleting a model")
    model = models.get(db, model_id)
    why = needed_by(db, model)
    if why is not None:
        raise RefusedError(why, hint="Only what nothing needs can be deleted.", code="model_needed")
    models.delete(db, user.uid, model_id)
    return model.bytes


def remove_files(paths: Paths, model_id: str) -> None:
    """Remove the folder of a model that was forgotten. Raises StorageError."""
    folder = paths.model(model_id)
    aside = folder.with_name(f".deleted-{folder.name}")
    try:
        if folder.is_dir():
            folder.rename(aside)
            shutil.rmtree(aside)
    except OSError as error:
        raise StorageError(
            f"{model_id} is no model any more, but its files in {folder} could not be removed: {error.strerror}.",
            hint="Remove them by hand.",
            code="model_left",
        ) from error


def write_note(workspace: Workspace, model_id: str, text: str) -> Model:
    """Write a line about a model. Raises RefusedError for viewers, NotFoundError, UsageError."""
    workspace.user.must_be("operator", "Writing a note")
    return workspace.db.write(models.write_note, workspace.user.uid, model_id, text)
