"""Queuing what keeps backups good: proofs, repairs, and deleting what no run needs any more."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.backups import restic_engine
from binscout_tui.operations.backups.noting import Level
from binscout_tui.operations.backups.opening import find_target
from binscout_tui.operations.backups.verifying import EIGHTH
from binscout_tui.store import jobs
from binscout_tui.workspace import LiveWorkspace, Workspace

VERIFY, REPAIR, PRUNE = "backup-verify", "backup-repair", "backup-prune"
ONE_AT_A_TIME = {VERIFY: {VERIFY}, REPAIR: {REPAIR, PRUNE}, PRUNE: {"backup", REPAIR, PRUNE}}
"""What must not go on with the same target when one of these begins."""
Anyone = Workspace | LiveWorkspace


def enqueue_verify(db: sqlite3.Connection, workspace: Anyone, target: str, run: str, level: Level = "read back") -> int:
    """Queue a look at a run and return the job's id (a store function); the caller launches it.

    Raises NotFoundError, UsageError; RefusedError `running` while another one goes on.
    """
    workspace.user.must_be("operator", "Verifying a backup")
    if level not in ("sizes", "read back"):
        raise UsageError(f"There is no level {level!r}.", hint="Levels are `sizes` and `read back`.", code="no_level")
    return _enqueue(db, workspace, VERIFY, target, {"run": run, "level": level})


def enqueue_scrub(db: sqlite3.Connection, workspace: Anyone, target: str, share: float = EIGHTH) -> int:
    """Queue a scrub, as `enqueue_verify`; `share` is 0..1 of the bytes."""
    workspace.user.must_be("operator", "Scrubbing backups")
    if not 0 < share <= 1:
        raise UsageError("The share is above 0 and at most 1.", code="share")
    return _enqueue(db, workspace, VERIFY, target, {"scrub": True, "share": share})


def enqueue_repair(db: sqlite3.Connection, workspace: Anyone, target: str) -> int:
    """Queue a repair, as `enqueue_verify`."""
    workspace.user.must_be("admin", "Repairing backups")
    if find_target(workspace, target).engine == "restic":
        raise RefusedError(restic_engine.NO_REPAIR, code="no_repair")
    return _enqueue(db, workspace, REPAIR, target, {})


def enqueue_prune(db: sqlite3.Connection, workspace: Anyone, target: str, plan_hash: str) -> int:
    """Queue the deleting of what the plan with this hash says, as `enqueue_verify`."""
    workspace.user.must_be("admin", "Pruning backups")
    return _enqueue(db, workspace, PRUNE, target, {"plan": plan_hash})


def _enqueue(db: sqlite3.Connection, workspace: Anyone, kind: str, target: str, payload: Mapping[str, Any]) -> int:
    name = find_target(workspace, target).name
    for job in jobs.open_jobs(db):
        if job.kind in ONE_AT_A_TIME[kind] and job.payload.get("target") == name:
            raise RefusedError(
                f"Job {job.id} ({job.kind}) works on {name}: {job.message or 'it is about to begin'}.",
                hint=f"Wait for its end, or `binscout jobs cancel {job.id}`.",
                code="running",
            )
    return jobs.add(db, workspace.user.uid, kind, {"target": name, **payload})
