"""The process of one job: `binscout job run ID`."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError
from binscout_tui.jobs import process
from binscout_tui.store import jobs
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

# A busy or full disk must not end hours of work.
NOT_NOW = frozenset({"busy", "disk_full", "disk_error"})


class CancelledError(Exception):
    """Somebody asked the job to stop, and it has stopped."""


class Heart:
    """How a job's work says that it lives, how far it is, and learns that it should stop."""

    def __init__(self, workspace: Workspace, job: Job) -> None:
        self._workspace = workspace
        self._job = job

    def beat(self, done: int, total: int, message: str) -> bool:
        """Tell the others; True when the job should stop. What cannot be told now is told at the next beat."""
        try:
            return self._workspace.db.write(jobs.beat, self._job.id, done, total, message)
        except BinScoutError as error:
            if error.code not in NOT_NOW:
                raise
            print(f"{utc_now()} not told: {error.sentence}", flush=True)
            return False


Work = Callable[[Workspace, Job, Heart], Mapping[str, Any]]


def run(workspace: Workspace, job_id: int) -> bool:
    """Do the job; True when it is done. Every end is written into the table: done, failed with why, or cancelled."""
    write = workspace.db.insist
    job = write(jobs.begin, job_id, os.getpid(), process.started(os.getpid()))
    try:
        result = _work(job.kind)(workspace, job, Heart(workspace, job))
    except CancelledError:
        write(jobs.finish, job_id, "cancelled")
        return False
    except BinScoutError as error:
        write(jobs.finish, job_id, "failed", error=f"{error.sentence} {error.hint}".strip())
        return False
    except Exception as error:
        traceback.print_exc()
        write(jobs.finish, job_id, "failed", error=f"{type(error).__name__}: {error}")
        raise
    write(jobs.finish, job_id, "done", result=result)
    return True


def _work(kind: str) -> Work:
    if kind == "train":
        from binscout_tui.jobs.train import train

        return train
    if kind == "previews":
        from binscout_tui.jobs.previews import examine

        return examine
    if kind == "suspects":
        from binscout_tui.jobs.suspects import suspects

        return suspects
    if kind == "shadow":
        from binscout_tui.jobs.shadow import shadow

        return shadow
    raise BinScoutError(f"This program does not know jobs of the kind {kind!r}.", code="job_kind")
