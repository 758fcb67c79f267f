"""The records of a run: unpacked, proven, and made ready to be used as the database of a workspace."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui import settings as settings_module
from binscout_tui.atomic import sync_folder
from binscout_tui.backup.archive.manifest import Manifest
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring.extract import extract_records
from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.operations.backups.opening import Opened
from binscout_tui.operations.backups.restore_source import DATABASE, SETTINGS, Source, instead
from binscout_tui.store import foreign, restored
from binscout_tui.store.connection import connect, plain_words, transaction
from binscout_tui.store.database import Database
from binscout_tui.store.jobs import Job
from binscout_tui.store.migrate import schema_of
from binscout_tui.store.users import User

ARCHIVE, UNPACKED = "records.tar.gz", "records"
LOGS = "logs/"
STEPS = 20_000
"""So many steps of SQLite's machine lie between two looks whether to stop."""


class Records:
    """The unpacked records of a run in `folder`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self.database = folder / DATABASE

    def logs(self) -> list[str]:
        """The names of the logs in them."""
        return [name for name in self.manifest.members if name.startswith(LOGS)]

    def settings(self) -> Path | None:
        """The settings of the run, None where there are none or this program cannot use them."""
        path = self.folder / SETTINGS
        if SETTINGS not in self.manifest.members:
            return None
        try:
            settings_module.load(path)
        except BinScoutError:
            return None
        return path


def fetch_records(on: Opened, found: Source, folder: Path, progress: Progress) -> Records:
    """Fetch and unpack the records of a run into the staging folder `folder`, and prove its database.

    Raises DamagedError, RemoteError, OSError.
    """
    try:
        return _fetched(on, found, folder, progress)
    except DamagedError as error:
        raise DamagedError(error.sentence, hint=error.hint or instead(found.listing, found.run)) from error


def _fetched(on: Opened, found: Source, folder: Path, progress: Progress) -> Records:
    archive, unpacked = folder / ARCHIVE, folder / UNPACKED
    shutil.rmtree(unpacked, ignore_errors=True)
    progress.start("records", found.manifest.records.size)
    on.repository.records(found.run, archive, progress.at)
    members = found.manifest.members
    progress.start("unpack", sum(part.size for part in members.values()), len(members))
    extract_records(archive, members, unpacked, progress.advance)
    archive.unlink()
    records = Records(unpacked, found.manifest)
    prove(records, progress)
    return records


def prove(records: Records, progress: Progress) -> None:
    """Raise DamagedError unless the database is whole, and has the rows that its manifest counts."""
    made, path = records.manifest, records.database
    if DATABASE not in made.members:
        raise DamagedError(f"Run {made.run} holds no database.")
    with _damage_is_told(made.run), closing(connect(path)) as db, plain_words(path), _heard(db, progress):
        if schema_of(db) != made.schema:
            raise DamagedError(f"The database of run {made.run} has another schema than its manifest says.")
        wrong = restored.problems(db)
        if wrong:
            raise DamagedError(f"The database of run {made.run} is damaged: {'; '.join(wrong)[:300]}.")
        unlike = _unlike(restored.rows(db, made.rows), made.rows)
        if unlike:
            raise DamagedError(f"The database of run {made.run} has other rows than its manifest: {'; '.join(unlike)}.")


def _unlike(found: Mapping[str, int], told: Mapping[str, int]) -> list[str]:
    return [f"{name} {found.get(name, 0):,} of {rows:,}" for name, rows in told.items() if found.get(name) != rows]


@contextmanager
def _heard(db: sqlite3.Connection, progress: Progress) -> Iterator[None]:
    """A wish to stop is heard while SQLite looks at a large file."""
    raised: list[BaseException] = []

    def look() -> int:
        try:
            progress.tell()
        except BaseException as error:  # noqa: BLE001  SQLite would swallow it
            raised.append(error)
        return len(raised)

    db.set_progress_handler(look, STEPS)
    try:
        yield
    except sqlite3.OperationalError:
        if raised:
            raise raised[0] from None
        raise
    finally:
        db.set_progress_handler(None, 0)


@contextmanager
def _damage_is_told(run: str) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        if error.code not in ("damaged", "database"):
            raise
        raise DamagedError(f"The database of run {run} is damaged: {error.sentence}") from error


class Ready(msgspec.Struct, frozen=True):
    """A database that can go live: rows of its tables, its newest journal row, and the job that was entered."""

    rows: dict[str, int]
    newest: int
    job: int | None


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is put right in a restored database.

    `copied` are images that lay elsewhere: SHA-256 and where in the workspace their bytes are now; `missing` the paths
    of originals that did not come back. `sequences` are the highest ids given where it goes to. `facts` go into the
    journal, `result` into the row of the `job` that does it.
    """

    user: User
    facts: Mapping[str, Any]
    copied: Mapping[str, bytes] = {}
    missing: Iterable[bytes] = ()
    sequences: Mapping[str, int] = {}
    job: Job | None = None
    result: Mapping[str, Any] = {}


def make_ready(records: Records, target: Path, changes: Changes) -> Ready:
    """Bring the database to this program's schema, put right what is of another time, and make it the file `target`.

    Raises BinScoutError when it cannot be brought there.
    """
    path = records.database
    with closing(Database(path)) as opened, plain_words(path):
        db = opened.connection
        must_be_ours(db, records.manifest.run)
        with transaction(db):
            job = _put_right(db, records.manifest.run, changes)
        rows = restored.rows(db, records.manifest.rows)
        newest = int(db.execute("SELECT coalesce(max(id), 0) FROM journal").fetchone()[0])
        # One file without a log beside it: what is renamed is all there is.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
    _durable(path)
    path.replace(target)
    sync_folder(target.parent)
    return Ready(rows, newest, job)


def must_be_ours(db: sqlite3.Connection, run: str) -> None:
    """Whoever may write to the target may have put anything into it. Raises DamagedError."""
    odd = foreign.foreign_rules(db) or foreign.leading_out(db)
    if odd:
        raise DamagedError(f"The database of run {run} holds what this program never writes: {', '.join(odd)}.")


def _put_right(db: sqlite3.Connection, run: str, changes: Changes) -> int | None:
    restored.close_jobs(db, run)
    restored.make_admin(db, changes.user)
    restored.raise_sequences(db, changes.sequences)
    for sha256, place in changes.copied.items():
        restored.set_copied(db, sha256, place)
    restored.set_missing(db, changes.missing)
    restored.write_down(db, changes.user.uid, changes.facts)
    return None if changes.job is None else restored.enter_job(db, changes.job, changes.result)


def _durable(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
