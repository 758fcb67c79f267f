"""Writing down which image of a set to keep, before anybody looks at it.

The active model for sets speaks where there is one and it is sure, else the rule `sharpest`, each by its name. The rule
proposes no crop. A suggestion is never taken by itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.imaging.grouping.focus import shares
from binscout_tui.operations import choosing
from binscout_tui.operations.choosing import candidates
from binscout_tui.operations.looking import focus_at
from binscout_tui.store import sets, suggestions
from binscout_tui.store.images import Image
from binscout_tui.workspace import LiveWorkspace, Paths, Workspace

SHARPEST = "sharpest"
LEAST = 2
BATCH = 100
Key = TypeVar("Key")
Scores = dict[int, float | None]
Progress = Callable[[int, int], None]


async def for_set(workspace: LiveWorkspace, set_id: int) -> bool:
    """Write down what the active model says of a set, else what the rule says; whether anything was written.

    Nobody is asked twice. False as well where fewer than two candidates can be looked at. Where the model cannot be
    asked the rule speaks, by its name. The rule reads the pictures in a thread.
    """
    model = await choosing.active(workspace)
    with suppress(BinScoutError):  # `binscout suggest --set` says why
        if model is not None and await choosing.suggest_for(workspace, model, set_id):
            return True
    if not await workspace.db.read(suggestions.missing, SHARPEST, [set_id]):
        return False
    found = await workspace.db.read(sets.get, set_id)
    scores = await asyncio.to_thread(scores_of, workspace.paths, candidates(found))
    return await workspace.db.write(_keep, {set_id: scores}) == 1


def for_sets(
    workspace: Workspace, set_ids: Iterable[int] | None = None, on_progress: Progress = lambda done, total: None
) -> int:
    """What the rule says of all pending sets, or of those with `set_ids`; no model is asked.

    Returns how many got a suggestion. What is done stays.
    """
    waiting = workspace.db.read(suggestions.missing, SHARPEST, set_ids)
    written = 0
    for start in range(0, len(waiting), BATCH):
        scores: dict[int, Scores] = {}
        for number, set_id in enumerate(waiting[start : start + BATCH], 1):
            with suppress(NotFoundError):  # hidden or gone meanwhile
                scores[set_id] = scores_of(workspace.paths, candidates(workspace.db.read(sets.get, set_id)))
            on_progress(start + number, len(waiting))
        written += workspace.db.write(_keep, scores)
    return written


def scores_of(paths: Paths, images: Sequence[Image]) -> Scores:
    """The shares of a set's images by id, None for what has no preview that can be read."""
    focus = [focus_at(paths.previews, one.sha256) for one in images]
    return dict(zip((one.id for one in images), shares(focus), strict=True))


def best_of(scores: Mapping[Key, float | None]) -> Key | None:
    """The key with the highest score, the first of equals; None where there are not two to compare."""
    known = {key: score for key, score in scores.items() if score is not None}
    return max(known, key=lambda key: known[key]) if len(known) >= LEAST else None


def _keep(db: sqlite3.Connection, scores: dict[int, Scores]) -> int:
    """Write down the best of each set that still waits for it; how many."""
    waiting = suggestions.missing(db, SHARPEST, scores)
    written = 0
    for set_id in waiting:
        best = best_of(scores[set_id])
        if best is not None:
            suggestions.put(db, set_id, SHARPEST, best, scores[set_id][best] or 0.0)
            written += 1
    return written
