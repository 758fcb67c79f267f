"""The gate, activation through it, and rollback."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from binscout_tui.engine.client import EngineClient
from binscout_tui.engine.protocol import PredictItem
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.names import one_line
from binscout_tui.learning.gate import GateBudget, GateCase, GateMeasured, GateVerdict, judge
from binscout_tui.operations.engines import engine, load, unchanged
from binscout_tui.settings import GateSettings
from binscout_tui.store import datasets, images, models, runs
from binscout_tui.store.images import Image
from binscout_tui.store.models import Activation, Basis, Gate, KnownGood, Model
from binscout_tui.workspace import LiveWorkspace

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Trial:
    """All that a verdict depends on, as it was at one moment; `leaked` are hashes of images that `model` learned."""

    model: Model
    active: Model | None
    listed: Sequence[tuple[KnownGood, Image]]
    leaked: set[str]
    basis: Basis


async def gate(workspace: LiveWorkspace, model_id: str) -> Gate:
    """Judge a model on the known-good images and write the verdict down; whatever is in doubt fails.

    Raises NotFoundError for an unknown model, RefusedError for viewers, BinScoutError when the engine cannot be had
    or a model's files are not those that training made.
    """
    workspace.user.must_be("operator", "Testing a model at the gate")
    trial = await workspace.db.read(_trial, model_id, workspace.settings.gate)
    verdict = await _judge(workspace, trial)
    await workspace.db.write(
        models.add_gate,
        workspace.user.uid,
        model_id,
        passed=verdict.passed,
        checks=[msgspec.to_builtins(check) for check in verdict.checks],
        basis=trial.basis,
    )
    written = await workspace.db.read(models.last_gate, model_id)
    if written is None:
        raise BinScoutError("The verdict was not written.", code="gate_lost")
    return written


async def activate(workspace: LiveWorkspace, model_id: str, *, reason: str = "") -> Activation:
    """Make a model active: only with a passed gate, or by an admin's typed reason.

    The engine loads and warms it up first; when that fails the model that is active stays so.
    Raises UsageError for a reason without words.
    """
    workspace.user.must_be("admin", "Activating a model")
    if reason and not (reason := one_line(reason)):
        raise UsageError("The reason has no words.", hint="Say why, or leave --reason away.", code="no_reason")
    floors = workspace.settings.gate
    await workspace.db.read(models.may_activate, model_id, floors, reason=reason)
    await load(workspace, await workspace.db.read(models.get, model_id))
    return await workspace.db.write(models.activate, workspace.user.uid, model_id, floors, reason=reason)


async def rollback(workspace: LiveWorkspace, task: str = "classify") -> Activation:
    """Go back to the model that was active before; when the engine cannot load it, the active one stays so."""
    workspace.user.must_be("admin", "Rolling a model back")
    target = await workspace.db.read(models.previous, task)
    await load(workspace, target)
    return await workspace.db.write(models.rollback, workspace.user.uid, task, target.id)


def _trial(db: sqlite3.Connection, model_id: str, floors: GateSettings) -> Trial:
    model = models.get(db, model_id)
    listed = [(entry, images.get(db, entry.image_id)) for entry in models.known_good(db, model.task)]
    return Trial(
        model=model,
        active=models.active(db, model.task),
        listed=listed,
        leaked=_leaked(db, model, listed),
        basis=models.basis(db, model_id, floors),
    )


def _leaked(db: sqlite3.Connection, model: Model, listed: Sequence[tuple[KnownGood, Image]]) -> set[str]:
    """Known-good images that the model saw in training or was tuned on; all of them where nobody knows."""
    if model.run_id is None:
        return {entry.sha256 for entry, _ in listed}
    return datasets.hashes(db, runs.get(db, model.run_id).dataset_id, ("train", "val"))


async def _judge(workspace: LiveWorkspace, trial: Trial) -> GateVerdict:
    async with engine(workspace) as client:
        cases, measured = await _cases(workspace, client, trial.model, trial.listed)
        rival = None
        if trial.active is not None and trial.active.id != trial.model.id:
            rival, _ = await _cases(workspace, client, trial.active, trial.listed)
    floors = workspace.settings.gate
    return judge(
        cases,
        floors,
        classes=trial.model.card["classes"],
        active=rival,
        leaked=trial.leaked,
        budget=GateBudget(seconds_per_image=floors.max_seconds_per_image, memory_bytes=floors.max_memory_mb * MEBIBYTE),
        measured=measured,
    )


async def _cases(
    workspace: LiveWorkspace, client: EngineClient, model: Model, listed: Sequence[tuple[KnownGood, Image]]
) -> tuple[list[GateCase], GateMeasured]:
    unchanged(workspace, model)
    if not listed:
        return [], GateMeasured()
    items = [PredictItem(image.id, workspace.paths.original(image), sha256=image.sha256) for _, image in listed]
    # The first answer waits for the model to be loaded, which is not what a prediction costs.
    _ = [line async for line in client.predict(model.id, items[:1], sha256=model.sha256)]
    begun = time.perf_counter()
    answers = {line.id: line async for line in client.predict(model.id, items, sha256=model.sha256)}
    seconds = (time.perf_counter() - begun) / len(listed)
    cases = [
        GateCase(
            image=entry.sha256,
            expected=entry.expected,
            predicted=answers[image.id].label,
            score=answers[image.id].score,
            must_pass=entry.must_pass,
            error=answers[image.id].error,
        )
        for entry, image in listed
    ]
    return cases, GateMeasured(seconds_per_image=seconds, memory_bytes=await _memory(client, model.id))


async def _memory(client: EngineClient, model_id: str) -> int | None:
    """Bytes that the loaded model takes, as the engine says; None when it does not."""
    health = await client.health() or {}
    return next((model["memory_bytes"] for model in health.get("models", []) if model["id"] == model_id), None)
