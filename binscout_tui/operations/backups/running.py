"""Backing up a workspace: the run itself, and queuing it as a job."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from binscout_tui.backup.archive import layout
from binscout_tui.backup.making import run as runs
from binscout_tui.backup.making.run_plan import Options, Report, RunDone, young_enough
from binscout_tui.errors import RefusedError
from binscout_tui.operations.backups.asking import looker, worker
from binscout_tui.operations.backups.material import source
from binscout_tui.operations.backups.opening import Opened, find_target, opened
from binscout_tui.operations.code_version import code_version
from binscout_tui.store import jobs
from binscout_tui.workspace import LiveWorkspace, Workspace

if TYPE_CHECKING:
    from binscout_tui.backup.restic.run import ResticRun

KIND = "backup"
WHAT = "Making a backup"
WHAT_ADMINS = "Accepting that something is gone"
MEBI = 1 << 20


def run(
    workspace: Workspace,
    target: str,
    report: Report = lambda progress: None,
    *,
    note: str = "",
    accept_loss: bool = False,
    at: Callable[[str], None] = lambda moment: None,
) -> RunDone:
    """Make a backup on a target. `at` hears of each moment at which the work could be cut off, from any thread.

    Needs an operator, to accept a loss an admin. Raises what `backup.run.run` raises.
    """
    must_be_allowed(workspace, is_admins=accept_loss)
    with opened(workspace, target) as found:
        options = _options(workspace, found, note, accept_loss=accept_loss)
        return runs.run(source(workspace), found.repository, options, report, at, _engine(found))


def _engine(found: Opened) -> type[ResticRun] | None:
    """What makes the runs of a target, None for this program's own way; restic is loaded only where it is used."""
    if found.target.engine != "restic":
        return None
    from binscout_tui.backup.restic.run import ResticRun

    return ResticRun


def enqueue(
    db: sqlite3.Connection,
    workspace: Workspace | LiveWorkspace,
    target: str = "",
    *,
    note: str = "",
    accept_loss: bool = False,
) -> int:
    """Queue a backup and return the job's id (a store function). Raises RefusedError `running` while one goes on.

    The caller launches it. Raises NotFoundError, UsageError when it is not clear which target is meant.
    """
    must_be_allowed(workspace, is_admins=accept_loss)
    name = find_target(workspace, target).name
    for job in jobs.open_jobs(db):
        if job.kind == KIND:
            raise RefusedError(
                f"The backup of job {job.id} is in progress: {job.message or 'it is about to begin'}.",
                hint=f"Wait for its end, or `binscout jobs cancel {job.id}`.",
                code="running",
            )
    wanted = {"target": name, "note": note, "accept_loss": accept_loss}
    return jobs.add(db, workspace.user.uid, KIND, wanted)


def last_within(workspace: Workspace, target: str, age: timedelta) -> str:
    """The last good run of this workspace that is younger than `age` and not suspicious, by a look at the target now.

    "" where a new one is due.
    """
    with opened(workspace, target, quick=True) as found:
        if found.remote.exists(layout.REPO_FILE) is None:
            return ""
        return young_enough(found.repository.listing(), looker(workspace), age, datetime.now(UTC))


def must_be_allowed(workspace: Workspace | LiveWorkspace, *, is_admins: bool = False) -> None:
    """Raise RefusedError `role` for who may not make a backup, or do what only an admin may."""
    workspace.user.must_be("operator", WHAT)
    if is_admins:
        workspace.user.must_be("admin", WHAT_ADMINS)


def _options(workspace: Workspace, found: Opened, note: str, *, accept_loss: bool) -> Options:
    wanted = workspace.settings.backup
    return Options(
        pack_bytes=wanted.pack_mb * MEBI,
        object_bytes=wanted.object_mb * MEBI,
        transfers=wanted.transfers,
        read_back=wanted.read_back,
        max_missing=wanted.max_missing,
        skew_s=wanted.skew_minutes * 60,
        who=worker(workspace),
        app=code_version(),
        key=found.target.key_fingerprint,
        accept_loss=accept_loss,
        note=note,
    )
