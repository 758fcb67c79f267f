"""The job that examines images in place after a quick import: decoding, previews, and what turns out to be damaged."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.jobs.control import reconcile
from binscout_tui.jobs.launch import launch
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations.examining import Examined, Previews, enqueue, examine_waiting
from binscout_tui.operations.importing import decode_limits
from binscout_tui.store import jobs
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

LOOK_S = 0.2
NICENESS = 10  # what a person looks at now is decoded by others, and they go first


def examine(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Examine all that waits. Raises CancelledError; what was examined until then stays so."""
    os.nice(NICENESS)
    result = examine_waiting(workspace, decode_limits(workspace.settings.importing), heart.beat, job.id)
    if result.stopped:
        raise CancelledError
    return msgspec.to_builtins(result)  # type: ignore[no-any-return]


def ended(workspace: Workspace, job_id: int, on_progress: Callable[[int, int], None]) -> Examined:
    """Wait for the job and return what became of the images. Raises BinScoutError when it did not do its work."""
    while (job := workspace.db.read(jobs.get, job_id)).is_open:
        on_progress(job.done, job.total)
        time.sleep(LOOK_S)
        workspace.db.write(reconcile, workspace.paths.root)
    if job.state != "done":
        raise BinScoutError(
            f"The job {job_id} is {job.state}. {job.error or ''}".rstrip(),
            hint=f"`binscout jobs retry {job_id}` goes on where it stopped.",
            code=f"job_{job.state}",
        )
    return msgspec.convert(job.result, Examined)


def begin(db: sqlite3.Connection, root: Path, uid: int) -> Previews | None:
    """Have a process examine what waits (a store function); None when nothing does."""
    previews = enqueue(db, uid)
    if previews is not None and jobs.get(db, previews.job).state == "queued":
        launch(root, previews.job)
    return previews
