"""Following a job on a store of backups from the command line: a bar, and Ctrl-C that asks the job to stop."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from binscout_tui.cli.session import BAR, Session
from binscout_tui.errors import BinScoutError

if TYPE_CHECKING:
    from binscout_tui.store.jobs import Job
    from binscout_tui.workspace import Workspace

LOOK_S = 0.1
EXIT_INTERRUPTED = 130


def started(workspace: Workspace, job_id: int) -> int:
    """Start the process of a queued job; its id."""
    from binscout_tui.jobs.launch import launch

    launch(workspace.paths.root, job_id)
    return job_id


def followed(workspace: Workspace, job_id: int, *, quiet: bool = False) -> Job:
    """Show how far a job is until it has ended, and return it.

    Ctrl-C asks it to stop and waits until it has; a second one leaves it alone. Raises BinScoutError when it did not
    do its work, `interrupted` when it was stopped from here.
    """
    from binscout_tui.store import jobs

    bar = _Bar() if sys.stderr.isatty() and not quiet else None
    asked = False
    job = workspace.db.read(jobs.get, job_id)
    try:
        while True:
            try:
                job = _looked(workspace, job, bar)
                if not job.is_open:
                    break
                time.sleep(LOOK_S)
            except KeyboardInterrupt:
                if asked:
                    raise
                asked = True
                if workspace.db.read(jobs.same, job).is_open:
                    workspace.db.write(jobs.ask_cancel, job.id)
    finally:
        if bar is not None:
            bar.close()
    if job.state == "done":
        return job
    raise _not_done(job, asked=asked)


def _looked(workspace: Workspace, job: Job, bar: _Bar | None) -> Job:
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.store import jobs

    workspace.give_way()
    workspace.db.write(reconcile, workspace.paths.root)
    now = workspace.db.read(jobs.same, job)
    if bar is not None:
        bar.show(now)
    return now


def _not_done(job: Job, *, asked: bool) -> BinScoutError:
    from binscout_tui.jobs.control import again

    if asked and job.state == "cancelled":
        stopped = BinScoutError(f"Stopped; {_left(job)}.", code="interrupted")
        stopped.exit_code = EXIT_INTERRUPTED
        return stopped
    # Which items a run holds is only known once its records are here: the same command may not help.
    hint = "" if _scope(job) == "items" else again(job)
    return BinScoutError(
        f"The job {job.id} is {job.state}. {job.error or ''}".rstrip(), hint=hint, code=f"job_{job.state}"
    )


def _left(job: Job) -> str:
    """What is left of work that was stopped."""
    scope = _scope(job)
    if job.kind == "backup-drill" or scope == "folder":
        return "nothing of it is left"
    if scope in ("everything", "database"):
        return "nothing was changed here, and what was fetched is kept for the next time"
    return "what was done until then is kept"


def _scope(job: Job) -> str:
    """What a restore brings back, "" where the job is none."""
    return str(job.payload["scope"]["kind"]) if job.kind == "restore" else ""


def begun(ours: Session, job_id: int, what: str) -> None:
    """The answer where nobody waits."""
    answer: dict[str, Any] = {"job": job_id, "state": "queued"}
    ours.answer(answer, f"Job {job_id} {what} in its own process; `binscout jobs show {job_id}` says how far it is.")


class _Bar:
    """One line on standard error."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, job: Job) -> None:
        filled = min(BAR, BAR * job.done // job.total) if job.total else 0
        line = f"{'▓' * filled}{'░' * (BAR - filled)} {job.message or 'starting'}"
        if line != self._shown:
            self._shown = line
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    def close(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
