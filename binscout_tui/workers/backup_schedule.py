"""When backups run by themselves, asked and set beside the event loop: systemctl and crontab take their time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from binscout_tui.workspace import LiveWorkspace

if TYPE_CHECKING:
    from binscout_tui.operations.backups.scheduling import Done, Schedule, Texts


async def status(workspace: LiveWorkspace) -> Schedule:
    """How backups are scheduled."""
    from binscout_tui.operations.backups import scheduling

    return await asyncio.to_thread(scheduling.status, workspace)


async def texts(workspace: LiveWorkspace, target: str, on: str) -> Texts:
    """What would be installed. Raises UsageError, NotFoundError, RefusedError."""
    from binscout_tui.operations.backups import scheduling

    return await asyncio.to_thread(scheduling.texts, workspace, target, on)


async def install(workspace: LiveWorkspace, kind: str, target: str, on: str) -> Done:
    """Install it. Raises RefusedError, UsageError, StorageError."""
    from binscout_tui.operations.backups import scheduling

    return await asyncio.to_thread(scheduling.install, workspace, "cron" if kind == "cron" else "systemd", target, on)


async def remove(workspace: LiveWorkspace) -> Done:
    """Take it away. Raises RefusedError, StorageError."""
    from binscout_tui.operations.backups import scheduling

    return await asyncio.to_thread(scheduling.remove, workspace)
