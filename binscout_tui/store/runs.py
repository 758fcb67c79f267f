"""Training runs: which dataset, which preset, which job, and what came out."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import events, jobs
from binscout_tui.store.jobs import Job


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run and the job that works on it."""

    id: str
    task: str
    dataset_id: str
    dataset_name: str
    preset: str
    config: dict[str, Any]
    metrics: dict[str, Any] | None
    created_at: str
    job: Job


def free_id(db: sqlite3.Connection, name: str, is_taken: Callable[[str], bool] = lambda run_id: False) -> str:
    """The next free run id for a dataset called `name`, for example `coins-3`; safe as a folder name.

    `is_taken` says of ids that have no row whether something else, such as a leftover folder, has them.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:40] or "run"
    taken = {row[0] for row in db.execute("SELECT id FROM run")}
    number = 1
    while f"{stem}-{number}" in taken or is_taken(f"{stem}-{number}"):
        number += 1
    return f"{stem}-{number}"


def add(db: sqlite3.Connection, uid: int, run_id: str, *, task: str, dataset_id: str, config: Mapping[str, Any]) -> int:
    """Enter a run with a queued job; returns the job's id."""
    job_id = jobs.add(db, uid, "train", {"run": run_id})
    db.execute(
        "INSERT INTO run (id, task, dataset_id, preset, job_id, config, uid, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (run_id, task, dataset_id, config["preset"], job_id, msgspec.json.encode(config).decode(), uid, utc_now()),
    )
    events.emit(db, "run", run_id)
    return job_id


def get(db: sqlite3.Connection, run_id: str) -> Run:
    """The run. Raises NotFoundError."""
    row = db.execute(f"{_SELECT} WHERE run.id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no run {run_id!r}.", hint="`binscout runs list` shows them.", code="no_run")
    return _run(db, row)


def latest(db: sqlite3.Connection, limit: int = 50) -> list[Run]:
    """The newest runs, newest first."""
    rows = db.execute(f"{_SELECT} ORDER BY run.job_id DESC LIMIT ?", (limit,)).fetchall()
    return [_run(db, row) for row in rows]


def set_metrics(db: sqlite3.Connection, run_id: str, metrics: Mapping[str, Any]) -> None:
    """Write down what came out."""
    db.execute("UPDATE run SET metrics = ? WHERE id = ?", (msgspec.json.encode(metrics).decode(), run_id))
    events.emit(db, "run", run_id)


def read_cursor(db: sqlite3.Connection, uid: int, run_id: str) -> dict[str, Any] | None:
    """Where this person cleared the run's log to, or None when they never did."""
    row = db.execute("SELECT cursor FROM log_cursor WHERE uid = ? AND run_id = ?", (uid, run_id)).fetchone()
    return msgspec.json.decode(row[0]) if row else None


def keep_cursor(db: sqlite3.Connection, uid: int, run_id: str, cursor: Mapping[str, Any] | None) -> None:
    """Remember where this person cleared the run's log to; None brings everything back."""
    if cursor is None:
        db.execute("DELETE FROM log_cursor WHERE uid = ? AND run_id = ?", (uid, run_id))
        return
    db.execute(
        "INSERT INTO log_cursor VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cursor = excluded.cursor",
        (uid, run_id, msgspec.json.encode(cursor).decode()),
    )


_SELECT = "SELECT run.*, dataset.name AS dataset_name FROM run JOIN dataset ON dataset.id = dataset_id"


def _run(db: sqlite3.Connection, row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        task=row["task"],
        dataset_id=row["dataset_id"],
        dataset_name=row["dataset_name"],
        preset=row["preset"],
        config=msgspec.json.decode(row["config"]),
        metrics=None if row["metrics"] is None else msgspec.json.decode(row["metrics"]),
        created_at=row["created_at"],
        job=jobs.get(db, row["job_id"]),
    )
