"""What of a workspace is kept in a backup, and what the database says there should be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from binscout_tui.backup.archive.records import Paper
from binscout_tui.backup.making.run_plan import Source
from binscout_tui.backup.making.scan import Folder
from binscout_tui.backup.making.suspicion import Expected
from binscout_tui.learning.tasks import CHECKPOINT_FILE, REMADE_FILES
from binscout_tui.settings import BackupSettings
from binscout_tui.store.connection import plain_words
from binscout_tui.workspace import LiveWorkspace, Paths, Workspace

LASTING = ("image", "journal", "label")
"""Tables from which little ever goes: what shrinks there has been lost."""
MOST_LOGS = 500
_WANTED = "SELECT path, storage = 'in_place' FROM image WHERE health <> 'missing'"


def folders(settings: BackupSettings) -> Sequence[Folder]:
    """The folders of a workspace that are kept. What can be made again, and logs, are not among them."""
    without = REMADE_FILES if settings.checkpoints else REMADE_FILES | {CHECKPOINT_FILE}
    return (
        Folder("originals", "original"),
        Folder("models", "model"),
        Folder("runs", "run", without),
        Folder("datasets", "dataset"),
        Folder("incoming", "incoming"),
    )


def source(workspace: Workspace | LiveWorkspace) -> Source:
    """The workspace as what a run backs up."""
    paths = workspace.paths
    return Source(
        root=paths.root,
        database=paths.database,
        lock=paths.root / "backup",
        folders=tuple(folders(workspace.settings.backup)),
        papers=lambda: papers(paths),
        expected=expected,
        lasting=LASTING,
    )


def papers(paths: Paths) -> list[Paper]:
    """Settings and logs. What is in `backup/`, with the passwords of targets, is never among them."""
    found = [Paper("settings.toml", paths.settings)]
    try:
        logs = sorted(path for path in paths.logs.rglob("*") if path.is_file() and not path.is_symlink())
    except OSError:
        logs = []
    newest = sorted(logs, key=_modified, reverse=True)[:MOST_LOGS]
    return found + [Paper(f"logs/{path.relative_to(paths.logs)}", path, is_log=True) for path in sorted(newest)]


def expected(copy: Path) -> Iterator[Expected]:
    """The files that the images in a copy of the database name; raises StorageError where it is damaged.

    An image that is known to be missing is not among them.
    """
    with plain_words(copy), closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as db:
        for path, in_place in db.execute(_WANTED):
            yield Expected(bytes(path), bool(in_place))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
