"""Asking the active model for sets: about sets of the workspace, whose answers are kept as suggestions, and files."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from binscout_tui.engine.answers import SetLine
from binscout_tui.engine.client import SetPicture, SetToJudge
from binscout_tui.operations.engines import engine, unchanged
from binscout_tui.store import models, sets, suggestions
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import Image
from binscout_tui.store.models import Model
from binscout_tui.store.sets import ImageSet
from binscout_tui.workspace import LiveWorkspace

TASK = "select"
LEAST = 2


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of one set: the place of the picture to keep, shares of 1, a crop of it, whether it is sure."""

    chosen: int
    scores: list[float]
    crop: Box | None
    confident: bool


async def active(workspace: LiveWorkspace) -> Model | None:
    """The active model for sets, or None."""
    return await workspace.db.read(models.active, TASK)


def candidates(found: ImageSet) -> list[Image]:
    """The images of a set that can be chosen and were not ruled out."""
    return [
        one for one in found.images if one.trashed_at is None and one.withheld is None and one.id not in found.ruled_out
    ]


async def suggest_for(workspace: LiveWorkspace, model: Model, set_id: int) -> bool:
    """Write down what the model says of a set of which it has said nothing yet; whether anything was written.

    A model that is not sure says nothing. Raises BinScoutError when it cannot be asked, or could not look at the set.
    """
    if not await workspace.db.read(suggestions.missing, model.id, [set_id]):
        return False
    found = candidates(await workspace.db.read(sets.get, set_id))
    usable = [one for one in found if one.health == "ok" and one.examined]
    if len(usable) < LEAST:
        return False
    pictures = [SetPicture(workspace.paths.original(one), one.sha256) for one in usable]
    line = await ask(workspace, model, pictures)
    if line.error is not None or line.chosen is None or not line.confident:
        return False
    image, score = usable[line.chosen], line.scores[line.chosen]
    return await workspace.db.write(_put, set_id, model, image.id, min(1.0, max(0.0, score)), line.crop)


async def ask(workspace: LiveWorkspace, model: Model, pictures: Sequence[SetPicture]) -> SetLine:
    """The model's answer on one set. Raises BinScoutError."""
    unchanged(workspace, model)
    async with engine(workspace) as client:
        lines = [line async for line in client.suggest(model.id, [SetToJudge(0, pictures)], sha256=model.sha256)]
    return lines[0]


def _put(db: sqlite3.Connection, set_id: int, model: Model, image_id: int, score: float, crop: Box | None) -> bool:
    """False when it was said meanwhile, or the image can be chosen no longer."""
    if set_id not in suggestions.missing(db, model.id, [set_id]):
        return False
    if image_id not in {one.id for one in candidates(sets.get(db, set_id))}:
        return False
    suggestions.put(db, set_id, model.id, image_id, score, crop)
    return True
