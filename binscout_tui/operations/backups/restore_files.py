"""Bringing the files of a run into a staging folder, images that lay outside of the workspace among them."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from binscout_tui.backup.archive.manifest import FileEntry, read_files
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring import extract
from binscout_tui.backup.restoring.staging import Staging, hash_of
from binscout_tui.backup.restoring.todo import State
from binscout_tui.operations.backups.opening import Opened
from binscout_tui.operations.backups.restore_source import Source, must_fit
from binscout_tui.operations.backups.restoring_database import Records
from binscout_tui.operations.originals import original_path
from binscout_tui.store import restored

_ORIGINAL = re.compile(r"originals/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,16}")

Wanted = Callable[[FileEntry], bool]
"""Which files of a run are to be had."""


def everything(entry: FileEntry) -> bool:
    """All files are wanted."""
    return True


class Places:
    """Where the files of a list go. `copied` gets the images whose bytes lay elsewhere and are a copy now."""

    def __init__(self, db: sqlite3.Connection, progress: Progress, wanted: Wanted = everything) -> None:
        """`db` is the database of the run; a file that is not `wanted` goes nowhere."""
        self._db, self._progress, self._wanted = db, progress, wanted
        self.copied: dict[str, bytes] = {}

    def of(self, entry: FileEntry) -> bytes | None:
        """The place in the workspace; None for an image in place that is there, or that no row names."""
        if not self._wanted(entry):
            return None
        if entry.kind not in ("outside", "other"):
            return extract.place(entry)
        image = restored.in_place_image(self._db, entry.sha256)
        if image is None or self._is_right(Path(os.fsdecode(image[0])), entry):
            return None
        place = original_path(entry.sha256, image[1]).as_posix()
        if not _ORIGINAL.fullmatch(place):
            raise DamagedError(f"The database of the run gives an image the format {image[1][:40]!r}.")
        self.copied[entry.sha256] = os.fsencode(place)
        return self.copied[entry.sha256]

    def _is_right(self, path: Path, entry: FileEntry) -> bool:
        try:
            if not path.is_file() or path.stat().st_size != entry.size:
                return False
            return hash_of(path.resolve(), lambda moved: self._progress.tell()) == entry.sha256
        except (OSError, ValueError):
            return False  # whatever keeps it from being read keeps the program from using it


@contextmanager
def places(records: Records, progress: Progress, wanted: Wanted = everything) -> Iterator[Places]:
    """`Places` by the database among `records`."""
    uri = f"{records.database.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        yield Places(db, progress, wanted)


def bring_files(
    on: Opened,
    found: Source,
    records: Records,
    staging: Staging,
    progress: Progress,
    *,
    skip_damaged: bool = False,
    transfers: int = 4,
    wanted: Wanted = everything,
) -> dict[str, bytes]:
    """Have all `wanted` files of the run staged and read again; the images that became copies, by SHA-256.

    Raises DamagedError, with `skip_damaged` only where the list itself is; RemoteError, RefusedError, OSError.
    """
    made = found.manifest
    files = on.repository.files(found.run)
    progress.start("here", made.logical_bytes, made.files.count)
    with places(records, progress, wanted) as where:
        staging.sort_out(read_files(files, made.files), where.of, progress)
    must_fit(staging.folder, staging.room_needed() + found.database_bytes)
    number, size = staging.todo.tally(State.WANTED)
    progress.start("fetch", size, number)
    staging.fetch(on.repository.reader(found.run), found.listing.blobs, progress, transfers)
    if not skip_damaged:
        staging.refuse_missing(found.run)
    number, size = staging.todo.tally(State.FETCHED)
    progress.start("verify", size, number)
    staging.verify(progress)
    gone = {piece.place for piece, _ in staging.todo.of(State.BAD)}
    return {sha256: place for sha256, place in where.copied.items() if place not in gone}
