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
    job = workspace.db.insist(jobs.begin, job_id, os.getpid(), process.started(os.getpid()))

    def end(state: jobs.EndState, *, error: str | None = None, result: Mapping[str, Any] | None = None) -> None:
        # A job may have put another database in place of the one in which it began.
        workspace.db.insist(jobs.finish_this, job, state, error=error, result=result)

    try:
        result = _work(job.kind)(workspace, job, Heart(workspace, job))
    except CancelledError:
        end("cancelled")
        return False
    except BinScoutError as error:
        end("failed", error=f"{error.sentence} {error.hint}".strip())
        return False
    except Exception as error:
        traceback.print_exc()
        end("failed", error=f"{type(error).__name__}: {error}")
        raise
    end("done", result=result)
    if job.kind == "backup":
        _sweep(workspace)
    return True


def _sweep(workspace: Workspace) -> None:
    """Let undo copies of restores go whose days have passed: where no app is ever open, backups still run."""
    from binscout_tui.operations.backups import undoing

    undoing.sweep(workspace)


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
    if kind == "export":
        from binscout_tui.jobs.export import run_export

        return run_export
    if kind == "vectors":
        from binscout_tui.jobs.vectors import make_vectors

        return make_vectors
    if kind == "duplicates":
        from binscout_tui.jobs.duplicates import find_duplicates

        return find_duplicates
    if kind == "shadow":
        from binscout_tui.jobs.shadow import shadow

        return shadow
    if kind == "rollback":
        from binscout_tui.jobs.rollback import rollback

        return rollback
    if kind == "backup":
        from binscout_tui.jobs.backup import backup

        return backup
    if kind == "restore":
        from binscout_tui.jobs.restore import restore

        return restore
    if kind == "backup-verify":
        from binscout_tui.jobs.backup_verify import look

        return look
    if kind == "backup-repair":
        from binscout_tui.jobs.backup_verify import repair

        return repair
    if kind == "backup-prune":
        from binscout_tui.jobs.backup_prune import prune

        return prune
    if kind == "backup-drill":
        from binscout_tui.jobs.backup_drill import prove

        return prove
    raise BinScoutError(f"This program does not know jobs of the kind {kind!r}.", code="job_kind")
