"""Whether a workspace that was just put in place is what it should be: a quick look that needs no other code."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from binscout_tui.backup.swapping.record import DATABASE, Expected
from binscout_tui.errors import StorageError


def healthy(root: Path, expected: Expected) -> None:
    """Raise StorageError (`unhealthy`) unless the database is sound and rows and files are as `expected`.

    Nobody may have the database open.
    """
    try:
        with _opened(root / DATABASE) as db:
            said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            found = {table: _count(db, table) for table in expected.rows}
    except sqlite3.Error as error:
        raise _unhealthy(f"its database cannot be read ({error})") from error
    if said != "ok":
        raise _unhealthy(f"its database is damaged ({said})")
    for table, rows in expected.rows.items():
        if found[table] != rows:
            raise _unhealthy(f"the table {table} has {found[table]} rows instead of {rows}")
    for name, size in expected.files:
        _check_file(root, name, size)


def rows_of(path: Path, tables: tuple[str, ...] | None = None) -> dict[str, int]:
    """How many rows the tables (all) of a database have that nobody has open. Raises sqlite3.Error."""
    with _opened(path) as db:
        names = tables or [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: _count(db, name) for name in names}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    # As a file that does not change, nothing is written beside it. One with a log needs the log.
    how = "mode=rw" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    name = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    with closing(sqlite3.connect(f"file:{name}?{how}", uri=True, isolation_level=None)) as db:
        yield db


def _count(db: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(db.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])


def _check_file(root: Path, name: str, size: int) -> None:
    path = root / name
    try:
        found = path.lstat().st_size
    except OSError as error:
        raise _unhealthy(f"the file {name} cannot be read ({error.strerror})") from error
    if found != size:
        raise _unhealthy(f"the file {name} has {found} bytes instead of {size}")


def _unhealthy(why: str) -> StorageError:
    return StorageError(
        f"What was put in place is not sound: {why}.",
        hint="Verify the run and restore it again, or another one.",
        code="unhealthy",
    )
