"""The gate, activation through it, and rollback."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from binscout_tui.engine.client import EngineClient
from binscout_tui.engine.protocol import PredictItem
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.gate import GateBudget, GateCase, GateFloors, GateMeasured, judge
from binscout_tui.operations.engines import engine
from binscout_tui.settings import GateSettings
from binscout_tui.store import datasets, images, models, runs
from binscout_tui.store.models import Activation, Gate, KnownGood, Model
from binscout_tui.workspace import LiveWorkspace


async def gate(workspace: LiveWorkspace, model_id: str) -> Gate:
    """Judge a model on the known-good images and write the verdict down; whatever is in doubt fails.

    Raises NotFoundError for an unknown model, BinScoutError when the engine cannot be had.
    """
    read = workspace.db.read
    model = await read(models.get, model_id)
    entries = await read(models.known_good, model.task)
    present = await read(models.active, model.task)
    async with engine(workspace) as client:
        cases, measured = await _cases(workspace, client, model_id, entries)
        rival = None
        if present is not None and present.id != model_id:
            rival, _ = await _cases(workspace, client, present.id, entries)
    settings = workspace.settings.gate
    verdict = judge(
        cases,
        _floors(settings),
        classes=model.card["classes"],
        active=rival,
        leaked=await _leaked(workspace, model, entries),
        budget=GateBudget(seconds_per_image=settings.max_seconds_per_image, memory_bytes=settings.max_memory_mb << 20),
        measured=measured,
    )
    await workspace.db.write(
        models.add_gate,
        workspace.user.uid,
        model_id,
        passed=verdict.passed,
        checks=[msgspec.to_builtins(check) for check in verdict.checks],
        judged_on=models.list_hash(entries),
        active_model_id=present.id if present else None,
    )
    written = await read(models.last_gate, model_id)
    if written is None:
        raise BinScoutError("The verdict was not written.", code="gate_lost")
    return written


async def activate(workspace: LiveWorkspace, model_id: str, *, reason: str = "") -> Activation:
    """Make a model active: only with a passed gate, or by an admin's typed reason.

    The engine loads and warms it up first; when that fails the model that is active stays so.
    """
    workspace.user.must_be("admin", "Activating a model")
    await workspace.db.read(models.may_activate, model_id, reason=reason)
    async with engine(workspace) as client:
        await client.load(model_id)
    return await workspace.db.write(models.activate, workspace.user.uid, model_id, reason=reason)


async def rollback(workspace: LiveWorkspace, task: str = "classify") -> Activation:
    """Go back to the model that was active before."""
    workspace.user.must_be("admin", "Rolling a model back")
    done = await workspace.db.write(models.rollback, workspace.user.uid, task)
    async with engine(workspace) as client:
        await client.load(str(done.model_id))
    return done


async def _cases(
    workspace: LiveWorkspace, client: EngineClient, model_id: str, entries: Sequence[KnownGood]
) -> tuple[list[GateCase], GateMeasured]:
    if not entries:
        return [], GateMeasured()
    items = []
    for entry in entries:
        image = await workspace.db.read(images.get, entry.image_id)
        items.append(PredictItem(id=entry.image_id, path=workspace.paths.original(image)))
    # The first answer waits for the model to be loaded, which is not what a prediction costs.
    _ = [line async for line in client.predict(model_id, items[:1])]
    begun = time.perf_counter()
    answers = {line.id: line async for line in client.predict(model_id, items)}
    seconds = (time.perf_counter() - begun) / len(entries)
    cases = [
        GateCase(
            image=entry.sha256,
            expected=entry.expected,
            predicted=answers[entry.image_id].label,
            score=answers[entry.image_id].score,
            must_pass=entry.must_pass,
            error=answers[entry.image_id].error,
        )
        for entry in entries
    ]
    return cases, GateMeasured(seconds_per_image=seconds, memory_bytes=await _memory(client, model_id))


async def _memory(client: EngineClient, model_id: str) -> int | None:
    """Bytes that the loaded model takes, as the engine says; None when it does not."""
    health = await client.health() or {}
    return next((model["memory_bytes"] for model in health.get("models", []) if model["id"] == model_id), None)


async def _leaked(workspace: LiveWorkspace, model: Model, entries: Sequence[KnownGood]) -> set[str]:
    """Known-good images that the model saw in training or was tuned on."""
    if model.run_id is None:
        return {entry.sha256 for entry in entries}
    run = await workspace.db.read(runs.get, model.run_id)
    return await workspace.db.read(datasets.hashes, run.dataset_id, ("train", "val"))


def _floors(settings: GateSettings) -> GateFloors:
    return GateFloors(
        overall=settings.overall,
        per_class=settings.per_class,
        min_images=settings.min_images,
        min_per_class=settings.min_per_class,
        max_drop=settings.max_drop,
    )
