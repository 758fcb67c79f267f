"""Numbered migrations, forward only, with a copy of the database before each change."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.store.connection import transaction

# Marks the file as ours ("BSCT"), so that another program's database is not taken for an old one.
APPLICATION_ID = 0x42534354


class SchemaTooNewError(RefusedError):
    """The database was written by a newer program."""

    code = "newer_schema"


def migrations() -> list[tuple[int, str]]:
    """Every migration as (number, SQL), in order."""
    folder = resources.files("binscout_tui.store") / "migrations"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda f: f.name)
    return [(int(entry.name.split("_")[0]), entry.read_text()) for entry in files]


def newest_schema() -> int:
    """The schema number that this program writes."""
    return migrations()[-1][0]


def schema_of(db: sqlite3.Connection) -> int:
    """The schema number of an open database, 0 when it is empty.

    Raises BinScoutError when the file belongs to another program.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    owner = int(db.execute("PRAGMA application_id").fetchone()[0])
    if owner != APPLICATION_ID and (version or db.execute("SELECT 1 FROM sqlite_schema").fetchone()):
        raise BinScoutError("The file binscout.db here was not made by this program.", code="foreign")
    return version


def migrate(db: sqlite3.Connection, path: Path) -> int:
    """Bring the database at `path` to the newest schema and return its number.

    Safe when several processes start at once: each step runs alone and looks again at the number first.
    Raises SchemaTooNewError, with both numbers, when the database is newer than this program.
    """
    known = newest_schema()
    found = schema_of(db)
    if found > known:
        raise SchemaTooNewError(
            f"The workspace has schema {found} and this program knows up to schema {known}.",
            hint="Update BinScout; nothing was changed.",
        )
    for number, script in migrations():
        if number > schema_of(db):
            if found:
                _keep_copy(db, path, found)
            _apply(db, number, script)
    return known


def _apply(db: sqlite3.Connection, number: int, script: str) -> None:
    with transaction(db):
        if schema_of(db) >= number:
            return
        for statement in statements(script):
            db.execute(statement)
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={number}")


def statements(script: str) -> list[str]:
    """The single statements of an SQL script (triggers hold semicolons of their own)."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    if pending.strip():
        raise ValueError(f"a migration ends in the middle of a statement: {pending.strip()[:60]}")
    return found


def _keep_copy(db: sqlite3.Connection, path: Path, schema: int) -> None:
    stamp = utc_now().replace(":", "").replace("-", "")
    copy = path.parent / "backups" / f"binscout-schema{schema}-{stamp}.db"
    copy.parent.mkdir(exist_ok=True)
    db.execute("VACUUM INTO ?", (str(copy),))
