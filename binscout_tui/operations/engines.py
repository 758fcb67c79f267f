"""The workspace's inference process, as operations use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from binscout_tui.engine.client import EngineClient
from binscout_tui.workspace import LiveWorkspace


@asynccontextmanager
async def engine(workspace: LiveWorkspace) -> AsyncIterator[EngineClient]:
    """A client of the engine; the engine is started when something is asked of it and stays afterwards."""
    client = EngineClient(workspace.paths.root, workspace.settings.engine)
    try:
        yield client
    finally:
        await client.close()
