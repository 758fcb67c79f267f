"""Restoring a run in place of what is here.

Everything is fetched and proven beside the workspace first. What is here is touched only at the very end, when nothing
can be missing any more, and then in one step that can be taken back. The other ways are in the modules beside.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring import extract, staging
from binscout_tui.backup.restoring.staging import Staging
from binscout_tui.backup.swapping import swap
from binscout_tui.backup.swapping.record import Expected, SwapPlan
from binscout_tui.operations.backups import restore_source
from binscout_tui.operations.backups.comparing import Comparison, compare
from binscout_tui.operations.backups.opening import Opened, opened
from binscout_tui.operations.backups.restore_files import bring_files
from binscout_tui.operations.backups.restore_orders import WORD, Order, checked, enqueue, must_be_allowed, settled
from binscout_tui.operations.backups.restore_source import DATABASE, SETTINGS, Scope, ScopeKind, Source, source
from binscout_tui.operations.backups.restore_steps import (
    STAGES,
    Report,
    Restored,
    complete,
    full_disk,
    like,
    restores,
    told,
)
from binscout_tui.operations.backups.restoring_database import Changes, Ready, fetch_records, make_ready
from binscout_tui.operations.backups.restoring_folder import to_folder
from binscout_tui.store import jobs, restored
from binscout_tui.store.connection import connect, plain_words
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

__all__ = [
    "STAGES",
    "WORD",
    "Comparison",
    "Order",
    "Report",
    "Restored",
    "Scope",
    "checked",
    "compare",
    "enqueue",
    "in_place",
    "must_be_allowed",
    "settled",
    "to_folder",
]

LOOKED_AT = 20


def in_place(
    workspace: Workspace, target: str, run: str, kind: ScopeKind, report: Report, *, job: Job | None = None
) -> Restored:
    """Put a run in place of the workspace, or its database alone (`kind` is `everything` or `database`).

    `job` is the one that does this, if any; others must have ended. What was before is kept as an undo copy. Raises
    RefusedError (role, jobs, room, a damaged or newer run, somebody who does not let go), DamagedError, RemoteError,
    StorageError; the workspace is as it was then.
    """
    restore_source.must_be_admin(workspace, "Restoring")
    restore_source.idle(workspace, None if job is None else job.id)
    progress = Progress(STAGES, report)
    with ExitStack() as held:
        done, plan, stage = _staged(workspace, target, run, kind, progress, job, held)
        lost: Mapping[str, int] = {}
        with restore_source.though_damaged():
            lost = workspace.db.read(restored.decided_since, done.manifest.began)
        progress.start("putting in place")
        with workspace.away():
            swapped = swap.swap(
                workspace.paths.root,
                stage.staged,
                plan,
                undo_days=workspace.settings.backup.undo_days,
                last_look=lambda: _last_look(workspace.paths.database, stage.staged / DATABASE, job),
            )
        has_settings = kind == "database" or SETTINGS in plan.entries
        result = told(
            stage, done, kind, has_settings, undo=swapped.copy, until=swapped.until, decisions=sum(lost.values())
        )
    staging.discard(stage.folder)
    return result


def _staged(
    workspace: Workspace,
    target: str,
    run: str,
    kind: ScopeKind,
    progress: Progress,
    job: Job | None,
    held: ExitStack,
) -> tuple[Source, SwapPlan, Staging]:
    """Everything that is to go live, proven, with the plan of the swap; the staging folder is `held`."""
    with opened(workspace, target) as on, full_disk(workspace.paths.root) as room:
        on.rclone.pulse = progress.tell
        progress.start("look")
        found = source(on, run)
        restore_source.must_be_whole(found)
        restore_source.must_fit(workspace.paths.root, restore_source.database_room(found))
        folder = restores(workspace.paths) / staging.folder_name(found.run, kind)
        staging.sweep(folder.parent, keep=folder.name)
        stage = held.enter_context(Staging(folder, workspace.paths.root))
        room.append(folder)
        return found, _all_of_it(workspace, on, found, kind, stage, progress, job), stage


def _all_of_it(
    workspace: Workspace,
    on: Opened,
    found: Source,
    kind: ScopeKind,
    stage: Staging,
    progress: Progress,
    job: Job | None,
) -> SwapPlan:
    root, entries, copied = workspace.paths.root, [DATABASE], dict[str, bytes]()
    if kind == "everything":
        entries += [name.decode() for name in extract.FOLDERS.values()]
    swap.check_movable(root, (stage.staged,), entries)
    records = fetch_records(on, found, stage.folder, progress)
    if kind == "everything":
        transfers = workspace.settings.backup.transfers
        copied = bring_files(on, found, records, stage, progress, transfers=transfers)
        entries += complete(stage.staged, records)
    progress.start("database")
    facts = {"run": found.run, "target": on.target.name, "scope": kind}
    result = msgspec.to_builtins(told(stage, found, kind, kind == "database" or SETTINGS in entries))
    changes = Changes(user=workspace.user, facts=facts, copied=copied, job=job, result=result)
    ready = make_ready(records, stage.staged / DATABASE, changes)
    for name in entries:
        like(root / name, stage.staged / name)
    staging.sync(stage.staged)
    return _plan(workspace, found, kind, entries, ready, stage)


def _plan(
    workspace: Workspace, found: Source, kind: ScopeKind, entries: list[str], ready: Ready, stage: Staging
) -> SwapPlan:
    sample = [(piece.place.decode(), piece.size) for piece in stage.todo.some(LOOKED_AT) if piece.place.isascii()]
    return SwapPlan(
        id=secrets.token_hex(8),
        run=found.run,
        scope="database" if kind == "database" else "everything",
        entries=tuple(entries),
        by=workspace.user.name,
        what=f"the run {found.run}",
        expected=Expected(ready.rows, sample),
        newest=ready.newest,
    )


def _last_look(live: Path, staged: Path, job: Job | None) -> None:
    """When nobody has the workspace open any more: no job was queued meanwhile, and no id is ever given twice."""
    highest: Mapping[str, int] = {}
    if live.is_file():
        with restore_source.though_damaged(), plain_words(live), closing(connect(live)) as db:
            restore_source.must_be_idle(jobs.open_jobs(db), None if job is None else job.id)
            highest = restored.sequences(db)
    with closing(sqlite3.connect(staged)) as db, db:
        restored.raise_sequences(db, highest)
