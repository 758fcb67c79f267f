"""Opening the one database of a workspace, and what may go wrong with it in plain words."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from binscout_tui.errors import BinScoutError, ConflictError, RefusedError, StorageError

BUSY_TIMEOUT_S = 5.0
TURN_S = 0.001
"""So often who wants to write looks whether it can."""
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "fuse.rclone"}
)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the rules of the data: WAL, full sync, foreign keys, explicit transactions.

    Raises StorageError with a sentence when the file cannot be opened.
    """
    uri = f"file:{_quoted(path)}?mode={'ro' if read_only else 'rwc'}"
    with plain_words(path):
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        try:
            prepare(db, read_only=read_only)
        except BaseException:
            db.close()
            raise
    return db


def prepare(db: sqlite3.Connection, *, read_only: bool = False) -> None:
    """Set the pragmas that every connection needs."""
    db.row_factory = sqlite3.Row
    if not read_only:
        _enter_wal(db)
        db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA cache_size=-8192")


def _enter_wal(db: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; the busy timeout does not hold when several processes make a database at once."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
        time.sleep(0.01)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """`BEGIN IMMEDIATE` … `COMMIT`; everything or nothing.

    Immediate, because a transaction that reads first and writes later fails under several processes
    whatever the busy timeout is.
    """
    _begin(db)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # After a full disk SQLite has rolled back by itself and no transaction is left.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _begin(db: sqlite3.Connection) -> None:
    """`BEGIN IMMEDIATE`, as soon as the one who writes has done.

    SQLite's own wait sleeps longer and longer, up to 0.1 s, and misses the short moments between the transactions of a
    job: a label beside an import would wait for several of them.
    """
    patience = int(db.execute("PRAGMA busy_timeout").fetchone()[0])
    until = time.monotonic() + patience / 1000
    db.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                db.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                    raise
            time.sleep(TURN_S)
    finally:
        db.execute(f"PRAGMA busy_timeout={patience}")


@contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences with a code and a next step."""
    try:
        yield
    except sqlite3.Error as error:
        raise in_plain_words(error, path) from error


def in_plain_words(error: sqlite3.Error, path: Path) -> BinScoutError:
    """The error of this program that says what `error` means for the database at `path`."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return StorageError(
            f"The disk that holds {path.parent} is full; nothing was changed.",
            hint="Free some space and try again.",
            code="disk_full",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StorageError(
            f"The workspace {path.parent} cannot be written; nothing was changed.",
            hint="Check the permissions of the folder and whether its disk is mounted read-only.",
            code="read_only",
        )
    if name.startswith("SQLITE_BUSY"):
        return ConflictError(
            "Another program kept the database busy for too long; nothing was changed.",
            hint="Try again; `binscout jobs list` shows what is running.",
            code="busy",
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StorageError(
            f"{path} is damaged or not a database of this program.",
            hint="Restore the database from a backup, or from a copy in the workspace's `backups` folder.",
            code="damaged",
        )
    if name.startswith("SQLITE_IOERR"):
        return StorageError(
            f"The disk that holds {path.parent} reported an error; nothing was changed.",
            hint="Check the disk and its free space.",
            code="disk_error",
        )
    return StorageError(f"The database refused this: {error}.", code="database")


def refuse_network_file_system(folder: Path) -> None:
    """Raise RefusedError when `folder` lies on a file system where SQLite's locks cannot be trusted."""
    kind = file_system(folder)
    if kind in NETWORK_FILE_SYSTEMS:
        raise RefusedError(
            f"{folder} is on a network file system ({kind}), where a database can be destroyed.",
            hint="Choose a folder on a local disk with --workspace; backups may go to the network.",
            code="network_file_system",
        )


def file_system(folder: Path) -> str:
    """The type of the file system that holds `folder` as the kernel names it, or an empty text."""
    real = os.path.realpath(folder)
    best, kind = "", ""
    try:
        mounts = Path("/proc/mounts").read_text(errors="surrogateescape")
    except OSError:
        return ""
    for line in mounts.splitlines():
        _, mount, found, *_ = line.split(" ")
        mount = mount.encode(errors="surrogateescape").decode("unicode_escape")
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, found
    return kind


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
