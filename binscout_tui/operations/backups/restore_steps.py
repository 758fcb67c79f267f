"""What every way of restoring a run has in common: its stages, what it did in the end, and a disk that fills up."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring import extract, staging
from binscout_tui.backup.restoring.staging import Missing, Staging
from binscout_tui.backup.restoring.todo import State
from binscout_tui.errors import StorageError
from binscout_tui.operations.backups.restore_source import SETTINGS, ScopeKind, Source
from binscout_tui.operations.backups.restoring_database import Records
from binscout_tui.workspace import Paths

STAGES = ("look", "records", "unpack", "here", "fetch", "verify", "database", "putting in place")
FULL = frozenset({"full", "disk_full"})
Report = Callable[[Progress], None]


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did. `fetched` bytes came from the target, `kept` files were here with the right bytes.

    In place: `undo` is the copy of what was before, kept until `until`, and `decisions` how many that were made here
    since the run are only in that copy. To a folder: `skipped` of its files could not be had, the first are `missing`.
    """

    run: str
    scope: ScopeKind
    files: int = 0
    bytes: int = 0
    fetched: int = 0
    kept: int = 0
    undo: str = ""
    until: str = ""
    decisions: int = 0
    folder: str = ""
    skipped: int = 0
    missing: list[Missing] = []
    warnings: list[str] = []


def restores(paths: Paths) -> Path:
    """Where a workspace keeps what belongs to restores."""
    return paths.root / "backup" / "restore"


def complete(staged: Path, records: Records) -> list[str]:
    """Give the staged folder what a workspace has beside its files; the names of entries that were added."""
    for name in extract.FOLDERS.values():
        (staged / name.decode()).mkdir(exist_ok=True)
    (staged / SETTINGS).unlink(missing_ok=True)
    found = records.settings()
    if found is None:
        return []
    shutil.copyfile(found, staged / SETTINGS)
    return [SETTINGS]


def like(live: Path, staged: Path) -> None:
    """Who may read and write it stays as it is: a workspace may have several people."""
    try:
        now = live.stat()
    except FileNotFoundError:
        staged.chmod(0o755 if staged.is_dir() else 0o644)
        return
    staged.chmod(stat.S_IMODE(now.st_mode))
    with suppress(PermissionError):
        os.chown(staged, now.st_uid, now.st_gid)


def told(stage: Staging, found: Source, kind: ScopeKind, has_settings: bool, **facts: Any) -> Restored:
    """What was done; `has_settings` where those of the run were used, or none were asked for."""
    fetched, kept = stage.todo.tally(State.FETCHED), stage.todo.tally(State.HERE)
    warnings = []
    if SETTINGS in found.manifest.members and not has_settings:
        warnings.append("The settings of the run cannot be used by this program; they are left out.")
    return Restored(
        run=found.run,
        scope=kind,
        files=fetched[0] + kept[0],
        bytes=fetched[1] + kept[1],
        fetched=fetched[1],
        kept=kept[0],
        warnings=warnings,
        **facts,
    )


@contextmanager
def full_disk(place: Path) -> Iterator[list[Path]]:
    """Where the disk fills up amid the work: say so, and take away the folders in the list that is yielded."""
    folders: list[Path] = []
    try:
        yield folders
    except (OSError, StorageError, RemoteError) as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT) if isinstance(error, OSError) else error.code in FULL
        if not full:
            raise
        for folder in folders:
            staging.discard(folder)
        raise StorageError(
            f"The disk that holds {place} is full; what was there before is untouched, what was fetched is gone.",
            hint="Free some space and try again.",
            code="disk_full",
        ) from error
