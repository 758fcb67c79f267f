"""The job that asks a second model beside the active one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from binscout_tui.jobs.launch import launch
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations import shadowing
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import LiveWorkspace, Workspace


def shadow(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Ask about all that waits. Raises CancelledError; what was said by then stays."""
    stopped = False

    def stop(done: int) -> bool:
        nonlocal stopped
        stopped = heart.beat(done, 0, f"{done} images looked at beside the active model")
        return stopped

    said = asyncio.run(_follow(workspace.paths.root, stop))
    if stopped:
        raise CancelledError
    return {"said": said}


async def _follow(root: Path, stop: shadowing.Stop) -> int:
    live = await LiveWorkspace.open(root)
    try:
        return await shadowing.follow(live, stop)
    finally:
        await live.close()


async def start(workspace: LiveWorkspace) -> int | None:
    """Start that job where a shadow is set and something waits for it; its id."""
    if workspace.user.role == "viewer":
        return None
    job_id = await workspace.db.write(shadowing.enqueue, workspace.user.uid)
    if job_id is not None:
        await asyncio.to_thread(launch, workspace.paths.root, job_id)
    return job_id
