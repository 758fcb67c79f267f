"""Which of the things that somebody names a run knows nothing of, before anybody restores them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from binscout_tui.backup.archive.manifest import FileEntry, read_files
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.operations.backups import restore_source
from binscout_tui.operations.backups.opening import Opened, cache
from binscout_tui.operations.backups.restore_source import Source
from binscout_tui.operations.backups.restoring_database import fetch_records, must_be_ours
from binscout_tui.operations.backups.restoring_items import find
from binscout_tui.store import images
from binscout_tui.store.database import Database
from binscout_tui.workspace import Workspace

STAGES = ("records", "unpack")


def refusal(workspace: Workspace, on: Opened, found: Source, names: Sequence[str]) -> str:
    """Why a restore of the things called `names` would not begin, or "".

    Its database is fetched from the target only where a name means nothing here and is no path or model in its list
    of files. Raises DamagedError, RemoteError, RefusedError (no room for it).
    """
    seen = _paths_and_models(read_files(on.repository.files(found.run), found.manifest.files))
    doubtful = [name for name in names if name not in seen and not _is_image_here(workspace, name)]
    if not doubtful:
        return ""
    folder = cache(workspace, on.target.name)
    restore_source.must_fit(folder, restore_source.database_room(found))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".tmp-") as place:
        records = fetch_records(on, found, Path(place), Progress(STAGES))
        with closing(Database(records.database)) as then:
            must_be_ours(then.connection, found.run)
            return " ".join(filter(None, (_why_not(workspace, then, name) for name in doubtful)))


def _paths_and_models(entries: Iterable[FileEntry]) -> set[str]:
    names = set()
    for entry in entries:
        names.add(entry.path)
        if entry.kind == "model":
            names.add(entry.path.split("/")[1])
    return names


def _is_image_here(workspace: Workspace, name: str) -> bool:
    if not (name.isascii() and name.isdecimal() and len(name) < 19):
        return False
    try:
        workspace.db.read(images.get, int(name))
    except NotFoundError:
        return False
    return True


def _why_not(workspace: Workspace, then: Database, name: str) -> str:
    try:
        find(workspace, then.connection, name)
    except (NotFoundError, UsageError) as error:
        return error.sentence
    return ""
