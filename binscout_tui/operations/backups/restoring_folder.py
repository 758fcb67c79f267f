"""Restoring a run to a folder of its own; what is in the workspace is neither used nor touched."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from binscout_tui.atomic import sync_folder
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring import staging
from binscout_tui.backup.restoring.staging import Staging
from binscout_tui.backup.restoring.todo import State
from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.backups import restore_source
from binscout_tui.operations.backups.opening import opened
from binscout_tui.operations.backups.restore_files import Wanted, bring_files, everything
from binscout_tui.operations.backups.restore_source import DATABASE, Source, source
from binscout_tui.operations.backups.restore_steps import STAGES, Report, Restored, complete, full_disk, told
from binscout_tui.operations.backups.restoring_database import Changes, Records, fetch_records, make_ready
from binscout_tui.store.connection import refuse_network_file_system
from binscout_tui.workspace import Workspace

NAMED = 50


def to_folder(
    workspace: Workspace,
    target: str,
    run: str,
    folder: Path,
    report: Report,
    *,
    skip_damaged: bool = False,
    wanted: Wanted = everything,
) -> Restored:
    """Restore a run to `folder`, which does not exist or is empty, as a workspace of its own; all from the target.

    With `skip_damaged` files that cannot be had are left out and told. When anything else fails nothing is left in or
    beside `folder`. Raises as `in_place`.
    """
    place = free_folder(workspace, folder)
    progress = Progress(STAGES[:-1], report)
    partial = place.with_name(f"{place.name}.partial-{secrets.token_hex(4)}")
    _sweep_partials(place)
    try:
        with opened(workspace, target) as on, full_disk(place):
            on.rclone.pulse = progress.tell
            progress.start("look")
            found = source(on, run)
            files = found.manifest.logical_bytes if wanted is everything else 0
            restore_source.must_fit(place, restore_source.database_room(found) + files)
            with Staging(partial) as stage:
                records = fetch_records(on, found, partial, progress)
                transfers = workspace.settings.backup.transfers
                copied = bring_files(
                    on, found, records, stage, progress, skip_damaged=skip_damaged, transfers=transfers, wanted=wanted
                )
                progress.start("database")
                return _finished(workspace, on.target.name, found, stage, records, copied, place)
    finally:
        staging.discard(partial)


def _finished(
    workspace: Workspace,
    target: str,
    found: Source,
    stage: Staging,
    records: Records,
    copied: Mapping[str, bytes],
    place: Path,
) -> Restored:
    has_settings = bool(complete(stage.staged, records))
    _bring_logs(records, stage.staged)
    bad = stage.todo.tally(State.BAD)[0]
    make_ready(
        records,
        stage.staged / DATABASE,
        Changes(
            user=workspace.user,
            facts={"run": found.run, "target": target, "scope": "folder", "skipped": bad},
            copied=copied,
            missing=(piece.place for piece, _ in stage.todo.of(State.BAD)),
        ),
    )
    for path in (stage.staged, *stage.staged.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    staging.sync(stage.staged)
    stage.staged.rename(place)
    sync_folder(place.parent)
    missing = [one for one, _ in zip(stage.missing(), range(NAMED), strict=False)]
    return told(stage, found, "folder", has_settings, folder=str(place), skipped=bad, missing=missing)


def _bring_logs(records: Records, staged: Path) -> None:
    for name in records.logs():
        target = staged / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(records.folder / name, target)


def free_folder(workspace: Workspace, folder: Path) -> Path:
    """The absolute path of a folder that a run can be restored to. Raises UsageError, RefusedError."""
    place = folder.expanduser().absolute()
    if place.is_symlink() or (place.exists() and (not place.is_dir() or any(place.iterdir()))):
        raise RefusedError(f"{place} is not empty.", hint="Choose a folder that does not exist yet.", code="not_empty")
    if place.resolve().is_relative_to(workspace.paths.root.resolve()):
        raise RefusedError(f"{place} lies in the workspace itself.", hint="Choose another folder.", code="inside")
    parent = next((one for one in place.parents if one.exists()), Path("/"))
    if not parent.is_dir():
        raise UsageError(f"{parent} is not a folder.", code="not_a_folder")
    refuse_network_file_system(parent)
    return place


def _sweep_partials(place: Path) -> None:
    """What an earlier attempt for this folder left when it was killed."""
    for found in place.parent.glob(f"{place.name}.partial-*") if place.parent.is_dir() else ():
        if found.is_dir() and not staging.goes_on(found):
            staging.discard(found)
