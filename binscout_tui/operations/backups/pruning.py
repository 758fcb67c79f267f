"""What a prune would delete from a target, and deleting just that."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.lease import Holder, Lease
from binscout_tui.backup.keeping import pruning
from binscout_tui.backup.keeping.pruning import Patience, Pruned, PrunePlan, Worklist
from binscout_tui.backup.keeping.retention import Rules
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic.repository import ResticRepository
from binscout_tui.operations.backups import restic_engine
from binscout_tui.operations.backups.asking import worker
from binscout_tui.operations.backups.noting import listen
from binscout_tui.operations.backups.opening import Opened, cache, opened
from binscout_tui.settings import BackupSettings
from binscout_tui.workspace import Workspace

Report = Callable[[Progress], None]


def plan(workspace: Workspace, target: str) -> PrunePlan:
    """What would be deleted now, and why each run stays; nothing is. Raises RemoteError, RepoError, DamagedError."""
    with opened(workspace, target) as on:
        if isinstance(on.repository, ResticRepository):
            wanted = workspace.settings.backup
            return restic_engine.plan(
                on.repository, rules(wanted), restic_engine.patience_of(wanted), _asking(workspace)
            )
        return _worked_out(workspace, on, lease.clock_of(on.remote), _asking(workspace)).plan


def prune(workspace: Workspace, target: str, plan_hash: str, report: Report) -> Pruned:
    """Delete what the plan with this hash says.

    Raises ConflictError `plan_changed`, RefusedError `leased` or `prune_refused`, RemoteError, and what `report`
    raises.
    """
    workspace.user.must_be("admin", "Pruning backups")
    asking = _asking(workspace)
    progress = Progress(pruning.STAGES, report)
    with opened(workspace, target) as on:
        if isinstance(on.repository, ResticRepository):
            done = _by_restic(workspace, on, on.repository, plan_hash, progress)
        else:
            done = _with_lease(workspace, on, asking, plan_hash, progress)
        for run in done.dropped:
            shutil.rmtree(cache(workspace, on.target.name) / layout.RUNS / run, ignore_errors=True)
        on.look_again()
        return done


def _with_lease(workspace: Workspace, on: Opened, asking: Holder, plan_hash: str, progress: Progress) -> Pruned:
    def again(there: datetime) -> Worklist:
        return _worked_out(workspace, on, there, asking)

    listen(on.rclone, progress)
    with Lease(on.remote, asking) as held:
        return pruning.carry_out(on.repository, again, plan_hash, held, progress)


def _by_restic(workspace: Workspace, on: Opened, store: ResticRepository, plan_hash: str, progress: Progress) -> Pruned:
    wanted = workspace.settings.backup
    return restic_engine.prune(
        store,
        rules(wanted),
        restic_engine.patience_of(wanted),
        _asking(workspace),
        plan_hash,
        progress,
        cache(workspace, on.target.name) / "look",
    )


def rules(wanted: BackupSettings) -> Rules:
    """What stays, as the settings say."""
    return Rules(keep_last=wanted.keep_last, daily=wanted.daily, weekly=wanted.weekly, monthly=wanted.monthly)


def _worked_out(workspace: Workspace, on: Opened, there: datetime, asking: Holder) -> Worklist:
    wanted = workspace.settings.backup
    patience = Patience(grace=timedelta(days=wanted.grace_days), abandoned=timedelta(hours=wanted.abandoned_hours))
    return pruning.work_out(
        on.repository,
        on.repository.listing(),
        rules(wanted),
        patience,
        now=datetime.now(UTC),
        there=there,
        asking=asking,
    )


def _asking(workspace: Workspace) -> Holder:
    return worker(workspace)
