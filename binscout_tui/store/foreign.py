"""A database that others may have written: rules of its own that would act later, and names that lead elsewhere."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from binscout_tui.store.migrate import migrations, statements

ORIGINAL = re.compile(rb"originals/[0-9a-f]{2}/[0-9a-f]{64}\.[A-Za-z0-9]{1,16}")
SHOWN = 5
_NAMES = ("SELECT 'model', id FROM model", "SELECT 'run', id FROM run", "SELECT 'dataset', manifest FROM dataset")


def foreign_rules(db: sqlite3.Connection) -> list[str]:
    """Triggers and views of a database of the newest schema that this program does not make, by their names."""
    ours = _of_ours()
    return [name for name, text in _rules(db).items() if ours.get(name) != text][:SHOWN]


def leading_out(db: sqlite3.Connection) -> list[str]:
    """Names in it that would lead out of the folders of the workspace, or to something else in it."""
    found = [f"the image {sha256}" for path, sha256 in _copies(db) if not ORIGINAL.fullmatch(bytes(path))]
    for query in _NAMES:
        found += [f"the {kind} {str(name)[:80]!r}" for kind, name in db.execute(query) if _leads_out(str(name))]
    return found[:SHOWN]


def _copies(db: sqlite3.Connection) -> sqlite3.Cursor:
    return db.execute("SELECT path, sha256 FROM image WHERE storage = 'copy'")


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\0" in name or any(part in ("", ".", "..") for part in name.split("/"))


def _rules(db: sqlite3.Connection) -> dict[str, str]:
    rows = db.execute("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view')")
    return {str(name): " ".join(str(text).split()) for name, text in rows}


def _of_ours() -> dict[str, str]:
    """What the migrations make."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        for _, script in migrations():
            for statement in statements(script):
                empty.execute(statement)
        return _rules(empty)
