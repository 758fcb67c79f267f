"""Asking the active model: about images of the workspace, and about files from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from binscout_tui.engine.protocol import PredictionLine, PredictItem
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.engines import engine
from binscout_tui.store import models, predictions
from binscout_tui.store.models import Model
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import LiveWorkspace

BATCH = 256
Progress = Callable[[int, int], None]


async def predict_unlabelled(workspace: LiveWorkspace, on_progress: Progress | None = None) -> int:
    """Write down what the active model says of every unlabelled image it has not seen; returns how many.

    Raises BinScoutError when no model is active or the engine cannot be had.
    """
    model = await active_model(workspace)
    done = 0
    async with engine(workspace) as client:
        while waiting := await workspace.db.read(predictions.missing, model.id, BATCH):
            items = [PredictItem(id=image.id, path=workspace.paths.original(image)) for image in waiting]
            found = [_prediction(line, model) async for line in client.predict(model.id, items)]
            await workspace.db.write(predictions.keep, found)
            done += len(found)
            if on_progress:
                on_progress(done, 0)
    return done


async def predict_paths(workspace: LiveWorkspace, paths: Sequence[Path]) -> list[dict[str, Any]]:
    """What the active model says of files, in the order given; a file that cannot be read has `error`."""
    model = await active_model(workspace)
    async with engine(workspace) as client:
        items = [PredictItem(id=i, path=path.absolute()) for i, path in enumerate(paths)]
        lines = {line.id: line async for line in client.predict(model.id, items, deadline_s=600)}
    return [_answer(path, lines[i]) for i, path in enumerate(paths)]


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


def _answer(path: Path, line: PredictionLine) -> dict[str, Any]:
    failed = line.error is not None
    return {
        "path": display_name(path),
        "label": None if failed else line.label,
        "score": None if failed else round(line.score, 4),
        "unknown": line.unknown,
        "error": line.error,
    }
