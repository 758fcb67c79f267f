"""The jobs of backups among all jobs."""

from __future__ import annotations

import sqlite3

from binscout_tui.store import jobs
from binscout_tui.store.jobs import Job

KINDS = ("backup", "backup-verify", "backup-repair", "backup-prune", "backup-drill", "restore", "rollback")


def latest(db: sqlite3.Connection, limit: int = 50) -> list[Job]:
    """The newest jobs that back up, verify, repair, prune, drill or restore, newest first."""
    marks = ", ".join("?" * len(KINDS))
    rows = db.execute(f"SELECT id FROM job WHERE kind IN ({marks}) ORDER BY id DESC LIMIT ?", (*KINDS, limit))
    return [jobs.get(db, row[0]) for row in rows.fetchall()]


def working(found: list[Job]) -> Job | None:
    """The oldest of them that waits or works."""
    return next((job for job in reversed(found) if job.is_open), None)


def failed(found: list[Job]) -> Job | None:
    """The newest that ended, where it failed; what was done or cancelled after it has settled it."""
    ended = next((job for job in found if not job.is_open), None)
    return ended if ended is not None and ended.state == "failed" else None
