"""Long work in processes of its own: the table through which they are started, watched and cancelled."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, NotFoundError
from binscout_tui.store import events

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
EndState = Literal["done", "failed", "cancelled"]
OPEN_STATES = ("queued", "running")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `pid_started` tells the process apart from a later one with the same pid."""

    id: int
    kind: str
    state: JobState
    payload: dict[str, Any]
    pid: int | None
    pid_started: str | None
    attempts: int
    heartbeat_at: str | None
    done: int
    total: int
    message: str
    cancel_asked: bool
    error: str | None
    result: dict[str, Any] | None
    uid: int
    created_at: str
    queued_at: str
    started_at: str | None
    finished_at: str | None

    @property
    def is_open(self) -> bool:
        """Whether the job still waits or works."""
        return self.state in OPEN_STATES


def add(db: sqlite3.Connection, uid: int, kind: str, payload: Mapping[str, Any]) -> int:
    """Queue a job and return its id."""
    now = utc_now()
    cursor = db.execute(
        "INSERT INTO job (kind, state, payload, uid, created_at, queued_at) VALUES (?, 'queued', ?, ?, ?, ?)",
        (kind, msgspec.json.encode(payload).decode(), uid, now, now),
    )
    job_id = int(cursor.lastrowid or 0)
    events.emit(db, "job", job_id)
    return job_id


def get(db: sqlite3.Connection, job_id: int) -> Job:
    """The job. Raises NotFoundError."""
    row = db.execute("SELECT * FROM job WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no job {job_id}.", hint="`binscout jobs list` shows them.", code="no_job")
    return _job(row)


def latest(db: sqlite3.Connection, limit: int = 50) -> list[Job]:
    """The newest jobs, newest first."""
    return [_job(row) for row in db.execute("SELECT * FROM job ORDER BY id DESC LIMIT ?", (limit,))]


def open_jobs(db: sqlite3.Connection) -> list[Job]:
    """Jobs that wait or work, oldest first."""
    return [_job(row) for row in db.execute("SELECT * FROM job WHERE state IN ('queued', 'running') ORDER BY id")]


def begin(db: sqlite3.Connection, job_id: int, pid: int, pid_started: str) -> Job:
    """Mark a queued job as running in process `pid`. Raises ConflictError when it is not queued any more."""
    now = utc_now()
    changed = db.execute(
        "UPDATE job SET state = 'running', pid = ?, pid_started = ?, heartbeat_at = ?, attempts = attempts + 1,"
        " started_at = coalesce(started_at, ?), error = NULL WHERE id = ? AND state = 'queued'",
        (pid, pid_started, now, now, job_id),
    ).rowcount
    job = get(db, job_id)
    if not changed:
        raise ConflictError(f"Job {job_id} is {job.state} and cannot be started.", code="not_queued")
    events.emit(db, "job", job_id)
    return job


def beat(db: sqlite3.Connection, job_id: int, done: int, total: int, message: str) -> bool:
    """Say that the job lives and how far it is; True when somebody asked to cancel it."""
    db.execute(
        "UPDATE job SET heartbeat_at = ?, done = ?, total = ?, message = ? WHERE id = ?",
        (utc_now(), done, total, message, job_id),
    )
    events.emit(db, "job", job_id)
    return bool(db.execute("SELECT cancel_asked FROM job WHERE id = ?", (job_id,)).fetchone()[0])


def finish(
    db: sqlite3.Connection,
    job_id: int,
    state: EndState,
    *,
    error: str | None = None,
    result: Mapping[str, Any] | None = None,
) -> None:
    """Close the job."""
    db.execute(
        "UPDATE job SET state = ?, error = ?, result = ?, finished_at = ?, pid = NULL WHERE id = ?",
        (state, error, None if result is None else msgspec.json.encode(result).decode(), utc_now(), job_id),
    )
    events.emit(db, "job", job_id)


def finish_this(
    db: sqlite3.Connection,
    job: Job,
    state: EndState,
    *,
    error: str | None = None,
    result: Mapping[str, Any] | None = None,
) -> int:
    """`finish` for a job that may have begun in another database than this one; its id here.

    Where it is not known here it is entered, under its own id where that is free.
    """
    row = db.execute(
        "SELECT id FROM job WHERE kind = ? AND created_at = ? ORDER BY id = ? DESC LIMIT 1",
        (job.kind, job.created_at, job.id),
    ).fetchone()
    job_id = _enter(db, job) if row is None else int(row[0])
    finish(db, job_id, state, error=error, result=result)
    return job_id


def same(db: sqlite3.Connection, job: Job) -> Job:
    """The job as it is now, which may have got another id with another database. Raises NotFoundError."""
    row = db.execute(
        "SELECT * FROM job WHERE kind = ? AND created_at = ? ORDER BY id = ? DESC LIMIT 1",
        (job.kind, job.created_at, job.id),
    ).fetchone()
    return get(db, job.id) if row is None else _job(row)


def _enter(db: sqlite3.Connection, job: Job) -> int:
    is_free = db.execute("SELECT 1 FROM job WHERE id = ?", (job.id,)).fetchone() is None
    cursor = db.execute(
        "INSERT INTO job (id, kind, state, payload, attempts, uid, created_at, queued_at, started_at)"
        " VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?)",
        (
            job.id if is_free else None,
            *(job.kind, msgspec.json.encode(job.payload).decode(), job.attempts, job.uid),
            *(job.created_at, job.queued_at, job.started_at),
        ),
    )
    return int(cursor.lastrowid or 0)


def close_open(db: sqlite3.Connection, message: str) -> int:
    """Close as done all jobs that wait or work, in a database that was not in use meanwhile; how many."""
    return db.execute(
        "UPDATE job SET state = 'done', message = ?, finished_at = ?, pid = NULL WHERE state IN ('queued', 'running')",
        (message, utc_now()),
    ).rowcount


def requeue(db: sqlite3.Connection, job_id: int, *, attempts: int) -> None:
    """Put a job that ended badly, or whose process is gone, into the queue again; it counts as tried so many times.

    Raises ConflictError when the job is done.
    """
    changed = db.execute(
        "UPDATE job SET state = 'queued', pid = NULL, cancel_asked = 0, error = NULL, finished_at = NULL,"
        " attempts = ?, queued_at = ? WHERE id = ? AND state <> 'done'",
        (attempts, utc_now(), job_id),
    ).rowcount
    if not changed:
        raise ConflictError(f"Job {get(db, job_id).id} is done; there is nothing to repeat.", code="job_done")
    events.emit(db, "job", job_id)


def still_works(job: Job) -> ConflictError:
    """The refusal for what can only be done to a job that has ended."""
    return ConflictError(f"Job {job.id} still works.", hint=f"`binscout jobs cancel {job.id}`", code="job_runs")


def ask_cancel(db: sqlite3.Connection, job_id: int) -> Job:
    """Ask an open job to stop; a queued one is cancelled at once. Raises ConflictError when it has ended."""
    job = get(db, job_id)
    if not job.is_open:
        raise ConflictError(f"Job {job_id} is {job.state} already.", code="job_ended")
    db.execute("UPDATE job SET cancel_asked = 1 WHERE id = ?", (job_id,))
    if job.state == "queued":
        finish(db, job_id, "cancelled")
    events.emit(db, "job", job_id)
    return get(db, job_id)


def _job(row: sqlite3.Row) -> Job:
    values = dict(row)
    values["payload"] = msgspec.json.decode(row["payload"])
    values["result"] = None if row["result"] is None else msgspec.json.decode(row["result"])
    values["cancel_asked"] = bool(row["cancel_asked"])
    return Job(**values)
