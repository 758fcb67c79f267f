"""Asking the active model: about images of the workspace, and about files from anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.engine.protocol import DEADLINE, PredictionLine, PredictItem
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded, Limits, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Skipped, scan
from binscout_tui.operations.engines import engine, unchanged
from binscout_tui.operations.importing import decode_limits
from binscout_tui.store import models, predictions
from binscout_tui.store.models import Model
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import LiveWorkspace

BATCH = 256
LATE = "The engine was too busy to look at it."
Progress = Callable[[int, int], None]


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """How many images got a suggestion, and how many none because they could not be read or not in time."""

    predicted: int
    failed: int


async def predict_unlabelled(workspace: LiveWorkspace, on_progress: Progress | None = None) -> Predicted:
    """Write down what the active model says of every unlabelled image of which it has said nothing yet.

    Images that failed before are tried again. Raises BinScoutError when no model is active or the engine cannot be
    had, RefusedError for viewers.
    """
    workspace.user.must_be("operator", "Keeping suggestions")
    model = await active_model(workspace)
    unchanged(workspace, model)
    predicted = failed = last = 0
    async with engine(workspace) as client:
        while waiting := await workspace.db.read(predictions.missing, model.id, after=last, limit=BATCH):
            items = [PredictItem(one.id, workspace.paths.original(one), sha256=one.sha256) for one in waiting]
            lines = [line async for line in client.predict(model.id, items, sha256=model.sha256)]
            # A deadline says nothing of the image.
            found = [_prediction(line, model) for line in lines if line.error != DEADLINE]
            await workspace.db.write(predictions.keep, found)
            wrong = sum(line.error is not None for line in lines)
            predicted, failed, last = predicted + len(lines) - wrong, failed + wrong, waiting[-1].id
            if on_progress:
                on_progress(predicted + failed, 0)
    return Predicted(predicted=predicted, failed=failed)


async def predict_paths(workspace: LiveWorkspace, paths: Sequence[Path]) -> list[dict[str, Any]]:
    """What the active model says of files and of all pictures in folders; what cannot be read has `error`.

    Every file is decoded in a guarded worker first: the engine, which serves everybody, only opens what came through.
    """
    model = await active_model(workspace)
    unchanged(workspace, model)
    outcomes = await asyncio.to_thread(examined, paths, decode_limits(workspace.settings.importing))
    items = [
        PredictItem(number, outcome.path.absolute(), sha256=outcome.sha256)
        for number, outcome in enumerate(outcomes)
        if isinstance(outcome, Decoded)
    ]
    async with engine(workspace) as client:
        lines = {line.id: line async for line in client.predict(model.id, items, sha256=model.sha256, deadline_s=600)}
    return [_answer(outcome, lines.get(number)) for number, outcome in enumerate(outcomes)]


def examined(paths: Sequence[Path], limits: Limits) -> list[Outcome]:
    """What became of every file at or below `paths`, in the order in which they are found."""
    entries = [entry for entry in scan(paths) if not isinstance(entry, Skipped)]
    with DecodePool(None, limits) as pool:
        decoded = pool.run(entry.path for entry in entries if not isinstance(entry, Rejected))
        return [entry if isinstance(entry, Rejected) else next(decoded) for entry in entries]


async def active_model(workspace: LiveWorkspace, task: str = "classify") -> Model:
    """The model in use. Raises BinScoutError when there is none."""
    model = await workspace.db.read(models.active, task)
    if model is None:
        raise BinScoutError(
            f"No model is active for {task}.",
            hint="Train one, then `binscout gate MODEL` and `binscout activate MODEL`.",
            code="none_active",
        )
    return model


def _prediction(line: PredictionLine, model: Model) -> Prediction:
    failed = line.error is not None
    return Prediction(
        image_id=int(line.id),
        model_id=model.id,
        label=None if failed else line.label,
        score=None if failed else line.score,
        unknown=line.unknown,
        error=line.error,
    )


def _answer(outcome: Outcome, line: PredictionLine | None) -> dict[str, Any]:
    error = outcome.reason if isinstance(outcome, Rejected) else line.error if line else LATE
    said = line if error is None else None
    return {
        "path": display_name(outcome.path),
        "label": said.label if said else None,
        "score": round(said.score, 4) if said else None,
        "unknown": said.unknown if said else False,
        "error": LATE if error == DEADLINE else error,
    }
