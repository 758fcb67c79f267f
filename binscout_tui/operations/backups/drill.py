"""The drill: proof that a run can be restored, and that a workspace comes back whole after everything of it was lost.

Nothing of the workspace is touched. The newest good run is restored to a scratch folder and compared with what it says
of itself; that folder, opened as a workspace, is then backed up to a store of its own beside the real one, emptied,
restored in place from there, and compared with what it was.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import RefusedError
from binscout_tui.operations.backups import drill_scratch
from binscout_tui.operations.backups.drill_steps import Drill, Report, Step
from binscout_tui.operations.backups.opening import cache, find_target
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace

KIND = "backup-drill"
LAST = "drill.json"


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill has proven. `sample` is how many files it was made with, None when with all of them."""

    target: str
    run: str
    ok: bool
    at: str
    seconds: float
    sample: int | None
    beside: str
    steps: list[Step]
    job: int | None = None


def drill(
    workspace: Workspace,
    target: str,
    report: Report = lambda step, progress: None,
    *,
    files: int | None = None,
    scratch: Path | None = None,
    job: int | None = None,
) -> Drilled:
    """Prove the newest good run of a target, with a sample of `files` files (0: all; None: all unless they are many).

    `scratch` is the folder in which everything happens, by default that of the system for temporary files. Needs an
    operator. What was made is taken away in any case; what was found is kept for `last`. Raises NotFoundError where
    there is no good run, RemoteError, StorageError where it cannot begin; a step that fails is told in the answer.
    """
    workspace.user.must_be("operator", "A drill")
    known = find_target(workspace, target)
    drill_scratch.sweep(workspace)
    began = time.monotonic()
    work = Drill(workspace, known, report, files, scratch or Path(tempfile.gettempdir()))
    try:
        steps = work.go()
    finally:
        drill_scratch.sweep(workspace)
    found = Drilled(
        target=known.name,
        run=work.run,
        ok=all(step.ok for step in steps),
        at=work.at,
        seconds=time.monotonic() - began,
        sample=work.sample,
        beside=work.store.shown if work.store is not None else "",
        steps=steps,
        job=job,
    )
    atomic.write_bytes(cache(workspace, known.name) / LAST, msgspec.json.encode(found))
    return found


def enqueue(
    db: sqlite3.Connection, workspace: Workspace, target: str, *, files: int | None = None, scratch: str = ""
) -> int:
    """Queue a drill and return the job's id (a store function); the caller launches it. Raises RefusedError."""
    workspace.user.must_be("operator", "A drill")
    name = find_target(workspace, target).name
    for job in jobs.open_jobs(db):
        if job.kind == KIND:
            raise RefusedError(
                f"The drill of job {job.id} is in progress: {job.message or 'it is about to begin'}.",
                hint=f"Wait for its end, or `binscout jobs cancel {job.id}`.",
                code="running",
            )
    return jobs.add(db, workspace.user.uid, KIND, {"target": name, "files": files, "scratch": scratch})


def last(workspace: Workspace, target: str) -> Drilled | None:
    """What the last drill on a target has found, None where there was none."""
    try:
        return msgspec.json.decode((cache(workspace, target) / LAST).read_bytes(), type=Drilled)
    except (OSError, msgspec.MsgspecError):
        return None


def of_job(workspace: Workspace, job_id: int) -> Drilled | None:
    """What the drill of a job has found, also where it failed; None when it did not get so far."""
    target = workspace.db.read(jobs.get, job_id).payload["target"]
    found = last(workspace, target)
    return found if found is not None and found.job == job_id else None
