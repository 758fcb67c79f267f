"""The workspace's inference process, as operations use it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from binscout_tui.engine.client import EngineClient
from binscout_tui.engine.model_files import changed
from binscout_tui.learning.card import CARD_FILE
from binscout_tui.store.models import Model
from binscout_tui.workspace import LiveWorkspace


@asynccontextmanager
async def engine(workspace: LiveWorkspace) -> AsyncIterator[EngineClient]:
    """A client of the engine; the engine is started when something is asked of it and stays afterwards."""
    client = EngineClient(workspace.paths.root, workspace.settings.engine)
    try:
        yield client
    finally:
        await client.close()


async def stop(workspace: LiveWorkspace) -> bool:
    """Stop the engine; False when none ran. Raises RefusedError for viewers, BinScoutError."""
    workspace.user.must_be("operator", "Stopping the engine")
    async with engine(workspace) as client:
        return await client.stop()


def unchanged(workspace: LiveWorkspace, model: Model) -> None:
    """Raise BinScoutError (`model_changed`) unless the card in the model's folder is the one in the store.

    The weights are compared by the engine; the card decides what their numbers mean.
    """
    try:
        card = json.loads((workspace.paths.model(model.id) / CARD_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise changed(model.id, f"{CARD_FILE} cannot be read ({error})") from error
    if card != model.card:
        raise changed(model.id, f"{CARD_FILE} is not the one that training wrote")
