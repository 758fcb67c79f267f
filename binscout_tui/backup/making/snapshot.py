"""A copy of the database as it was at one moment, while others go on writing."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from binscout_tui.errors import ConflictError, StorageError

PATIENCE_S = 30.0
PAUSE_S = 0.1
STEPS = 20_000
"""So many steps of SQLite's machine lie between two looks whether to stop."""
LONGEST_PROBLEM = 500
Beat = Callable[[], None]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One file without a log beside it. `problem` says what SQLite finds wrong with it, "" when it is whole.

    `rows` are the numbers of rows of the tables that could be counted, from this very file.
    """

    path: Path
    size: int
    schema: int
    rows: dict[str, int]
    problem: str = ""


def take(database: Path, target: Path, beat: Beat = lambda: None, *, patience_s: float = PATIENCE_S) -> Snapshot:
    """Copy the database to `target`, which must not exist, with all that is committed, also what is in its log.

    `beat` is called many times a second and may raise to stop. A database that is damaged is copied as it is, with the
    `problem` named. Raises ConflictError `busy` when it stays locked, StorageError `disk_full` or `disk_error`.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            problem = _copy(database, target, beat)
            break
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            _wait_or_raise(error, database, target, until)
            beat()
            time.sleep(PAUSE_S)
    return _described(target, problem, beat)


def _wait_or_raise(error: sqlite3.Error, database: Path, target: Path, until: float) -> None:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        if time.monotonic() < until:
            return
        raise ConflictError(
            f"{database.name} was locked by another program for too long; no backup was made.",
            hint="`binscout jobs list` shows what is running; try again.",
            code="busy",
        ) from error
    if name.startswith("SQLITE_FULL"):
        raise StorageError(
            f"The disk that holds {target.parent} is full: no copy of the database fits.",
            hint="Free some space and try again.",
            code="disk_full",
        ) from error
    raise StorageError(
        f"The database cannot be copied: {error}.", hint="Look at the disk.", code="disk_error"
    ) from error


def _copy(database: Path, target: Path, beat: Beat) -> str:
    """Copy it in the best way that works; what is wrong with the database where that is not the first one."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)) as source:
        try:
            _interruptible(source, beat, lambda: source.execute("VACUUM INTO ?", (str(target),)))
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            target.unlink(missing_ok=True)
            _copy_pages(source, database, target)
            return f"the database is damaged: {error}"
    return ""


def _copy_pages(source: sqlite3.Connection, database: Path, target: Path) -> None:
    """Copy page by page what is there, whatever it means; where not even that goes, byte by byte."""
    try:
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        shutil.copyfile(database, target)


def _is_damage(error: sqlite3.Error) -> bool:
    """A row that breaks a rule of its table, found while it is copied, is damage too."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT", "SQLITE_IOERR_SHORT_READ"))


def _interruptible(db: sqlite3.Connection, beat: Beat, work: Callable[[], object]) -> None:
    """Do `work` on `db`; what `beat` raises ends it."""
    raised: list[BaseException] = []

    def look() -> int:
        try:
            beat()
        except BaseException as error:  # noqa: BLE001  SQLite would swallow it
            raised.append(error)
        return len(raised)

    db.set_progress_handler(look, STEPS)
    try:
        work()
    except sqlite3.OperationalError:
        if raised:
            raise raised[0] from None
        raise
    finally:
        db.set_progress_handler(None, 0)


def described(path: Path, beat: Beat = lambda: None) -> Snapshot:
    """What is in a copy that was taken before, and what is wrong with it; `beat` as in `take`."""
    return _described(path, "", beat)


def _described(path: Path, problem: str, beat: Beat) -> Snapshot:
    """What is in the copy, and what is wrong with it. Of a damaged one what can be told is told."""
    schema, rows = 0, {}
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        problem = problem or _checked(db, beat)
        try:
            schema = int(db.execute("PRAGMA user_version").fetchone()[0])
            rows = _counted(db)
        except sqlite3.DatabaseError as error:
            problem = problem or f"the database is damaged: {error}"
    size = path.stat().st_size
    return Snapshot(path=path, size=size, schema=schema, rows=rows, problem=" ".join(problem.split())[:LONGEST_PROBLEM])


def _checked(db: sqlite3.Connection, beat: Beat) -> str:
    """What SQLite finds wrong, "" where nothing is."""
    found: list[str] = []
    try:
        _interruptible(db, beat, lambda: found.extend(str(row[0]) for row in db.execute("PRAGMA quick_check(20)")))
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    return "" if found == ["ok"] else f"the database is damaged: {'; '.join(found)}"


def tables(db: sqlite3.Connection) -> list[str]:
    """The tables that hold what people and models said; not what SQLite and its indexes keep for themselves."""
    found = db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name")
    return [str(row[0]) for row in found if not str(row[0]).startswith("sqlite_")]


def quoted(name: str) -> str:
    """A name of a table or column as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def _counted(db: sqlite3.Connection) -> dict[str, int]:
    rows = {}
    for table in tables(db):
        with suppress(sqlite3.DatabaseError):  # of a damaged table the number is not known, and not 0
            rows[table] = int(db.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])
    return rows
