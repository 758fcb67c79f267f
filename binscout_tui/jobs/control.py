"""Jobs whose process died, or never began, are found and go on where they stopped."""

from __future__ import annotations

import shlex
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from binscout_tui.clock import to_text
from binscout_tui.errors import RefusedError
from binscout_tui.jobs.launch import launch
from binscout_tui.jobs.process import is_alive
from binscout_tui.store import events, jobs
from binscout_tui.store.jobs import Job

MOST_ATTEMPTS = 5
# A process begins its job within a second or two; a queued job that is older lost its process.
BEGINS_WITHIN = timedelta(seconds=30)
EVENTS_KEPT = timedelta(days=1)
ONCE = frozenset({"restore", "rollback"})
"""What somebody confirmed by typing a word: it is not begun again by itself, who knows how much later."""
CONFIRMED = {
    "restore": "binscout backup restore",
    "rollback": "binscout backup rollback",
    "backup-prune": "binscout backup prune",
}
"""What was confirmed for once, as things were then, with the command that asks for it anew."""


def reconcile(db: sqlite3.Connection, root: Path, now: datetime | None = None) -> list[Job]:
    """Start the jobs again whose process is gone, and return them as they are now (a store function).

    A job that died again and again is closed as failed. Every kind of job goes on from its own last checkpoint.
    Two processes for one job do no harm: only one can begin it.
    """
    moment = now or datetime.now(UTC)
    events.prune(db, to_text(moment - EVENTS_KEPT))
    touched = [job for job in jobs.open_jobs(db) if _lost(job, moment)]
    for job in touched:
        _again(db, root, job)
    return [jobs.get(db, job.id) for job in touched]


def retry(db: sqlite3.Connection, root: Path, job_id: int) -> Job:
    """Start a failed or cancelled job again, from its last checkpoint (a store function).

    Raises NotFoundError, ConflictError when it is done or still works, RefusedError for what has to be asked for anew.
    """
    job = jobs.get(db, job_id)
    if job.kind in CONFIRMED:
        raise RefusedError(f"Job {job.id} ({job.kind}) was confirmed for once.", hint=again(job), code="once")
    if job.is_open and not _lost(job, datetime.now(UTC)):
        raise jobs.still_works(job)
    jobs.requeue(db, job_id, attempts=0)
    launch(root, job_id)
    return jobs.get(db, job_id)


def again(job: Job) -> str:
    """How somebody has work done again that failed or was stopped."""
    if job.kind == "restore":
        return f"`{_restore(job)}` asks for it anew."
    if job.kind in CONFIRMED:
        return f"`{CONFIRMED[job.kind]}{_target(job)}` asks for it anew."
    return f"`binscout jobs retry {job.id}` starts it again."


def _restore(job: Job) -> str:
    scope = job.payload.get("scope") or {}
    kind = str(scope.get("kind"))
    words = {"everything": ["--in-place"], "database": ["--in-place", "--database-only"]}.get(kind, [])
    if kind == "folder":
        words = ["--to", str(scope.get("folder"))] + ["--skip-damaged"] * bool(job.payload.get("skip_damaged"))
    words += [word for item in scope.get("items") or () for word in ("--item", str(item))]
    run = shlex.quote(str(job.payload.get("run", "RUN")))
    return f"{CONFIRMED['restore']} {run}{_target(job)}{' ' if words else ''}{shlex.join(words)}"


def _target(job: Job) -> str:
    target = job.payload.get("target")
    return f" --target {shlex.quote(str(target))}" if target else ""


def _lost(job: Job, now: datetime) -> bool:
    """Whether no process works on the job any more."""
    if job.state == "queued":
        return job.queued_at < to_text(now - BEGINS_WITHIN)
    return not is_alive(job.pid, job.pid_started)


def _again(db: sqlite3.Connection, root: Path, job: Job) -> None:
    # A job that never began has not counted this try yet.
    attempts = job.attempts + (job.state == "queued")
    if job.cancel_asked:
        jobs.finish(db, job.id, "cancelled")
    elif job.kind in ONCE and job.result is not None:
        # It was cut off after its work was in place, before it could write that down.
        jobs.finish(db, job.id, "done", result=job.result)
    elif job.kind in ONCE:
        jobs.finish(db, job.id, "failed", error="Its process ended before its work was done; asked again, it goes on.")
    elif attempts >= MOST_ATTEMPTS:
        jobs.finish(db, job.id, "failed", error=f"Its process ended {attempts} times before its work was done.")
    else:
        jobs.requeue(db, job.id, attempts=attempts)
        try:
            launch(root, job.id)
        except OSError as error:
            jobs.finish(db, job.id, "failed", error=f"Its process could not be started: {error}.")
