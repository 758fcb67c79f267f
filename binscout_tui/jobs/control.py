"""Jobs whose process died are found and go on where they stopped."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from binscout_tui.jobs.launch import launch
from binscout_tui.jobs.process import is_alive
from binscout_tui.store import jobs
from binscout_tui.store.jobs import Job

MOST_ATTEMPTS = 5


def reconcile(db: sqlite3.Connection, root: Path) -> list[Job]:
    """Start the jobs again whose process is gone, and return them as they are now (a store function).

    A job that died again and again is closed as failed. Every kind of job goes on from its own last checkpoint.
    """
    touched = []
    for job in jobs.open_jobs(db):
        if job.state != "running" or is_alive(job.pid, job.pid_started):
            continue
        if job.cancel_asked:
            jobs.finish(db, job.id, "cancelled")
        elif job.attempts >= MOST_ATTEMPTS:
            jobs.finish(db, job.id, "failed", error=f"Its process died {job.attempts} times.")
        else:
            jobs.requeue(db, job.id)
            launch(root, job.id)
        touched.append(jobs.get(db, job.id))
    return touched


def retry(db: sqlite3.Connection, root: Path, job_id: int) -> Job:
    """Start a failed or cancelled job again, from its last checkpoint (a store function).

    Raises NotFoundError, and ConflictError when it is done or still works.
    """
    job = jobs.get(db, job_id)
    if job.state == "running" and is_alive(job.pid, job.pid_started):
        raise jobs.still_works(job)
    jobs.requeue(db, job_id)
    launch(root, job_id)
    return jobs.get(db, job_id)
