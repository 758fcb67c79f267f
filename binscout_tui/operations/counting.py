"""Asking the active count model about files from anywhere."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from binscout_tui.engine.protocol import DEADLINE, PredictItem
from binscout_tui.errors import RefusedError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded, Outcome, Rejected
from binscout_tui.operations.engines import engine, unchanged
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.predicting import LATE, active_model, examined
from binscout_tui.store import datasets, runs
from binscout_tui.store.models import Model
from binscout_tui.workspace import LiveWorkspace

TASK = "count"


async def count_paths(workspace: LiveWorkspace, paths: Sequence[Path], item: str = "") -> list[dict[str, Any]]:
    """How many things the active model counts in files and in all pictures in folders; what failed has `error`.

    `doubt` says that the covered area speaks of quite another number (`by_area`): look at the picture.
    Every file is decoded in a guarded worker first. `item` says what is to be counted. Raises RefusedError
    (`wrong_item`) when the active model did not learn to count that, BinScoutError when no model is active.
    """
    model = await active_model(workspace, TASK)
    if item:
        _must_count(model, item, await workspace.db.read(item_of, model))
    unchanged(workspace, model)
    outcomes = await asyncio.to_thread(examined, paths, decode_limits(workspace.settings.importing))
    items = [
        PredictItem(number, outcome.path.absolute(), sha256=outcome.sha256)
        for number, outcome in enumerate(outcomes)
        if isinstance(outcome, Decoded)
    ]
    async with engine(workspace) as client:
        lines = {line.id: line async for line in client.count(model.id, items, sha256=model.sha256, deadline_s=600)}
    return [_answer(outcome, lines.get(number), model) for number, outcome in enumerate(outcomes)]


def item_of(db: sqlite3.Connection, model: Model) -> str | None:
    """What a model learned to count, '' for everything, None where nobody knows (a store function)."""
    return None if model.run_id is None else datasets.find(db, runs.get(db, model.run_id).dataset_id).item


def _must_count(model: Model, item: str, learned: str | None) -> None:
    if item == learned:
        return
    what = {None: "something that nobody wrote down", "": "everything that it sees"}.get(learned, learned)
    raise RefusedError(
        f"The active model {model.id} counts {what}, not {item}.",
        hint=f"Leave --item away, or train one on `binscout dataset build NAME --task count --item {item}`.",
        code="wrong_item",
    )


def _answer(outcome: Outcome, line: Any, model: Model) -> dict[str, Any]:
    error = outcome.reason if isinstance(outcome, Rejected) else line.error if line else LATE
    said = line if error is None else None
    return {
        "path": display_name(outcome.path),
        "count": said.count if said else None,
        "points": [[round(x, 5), round(y, 5), round(score, 4)] for x, y, score in said.points] if said else [],
        "by_area": round(said.by_area, 2) if said and said.by_area is not None else None,
        "doubt": said.doubt if said else None,
        "model": model.id,
        "error": LATE if error == DEADLINE else error,
    }
