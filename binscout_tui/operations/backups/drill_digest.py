"""What a workspace holds as values to compare: the hash of every file, and of the rows of every table."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from binscout_tui.backup.restoring.extract import FOLDERS
from binscout_tui.workspace import DATABASE

PASSING = frozenset({"job", "event"})
"""Tables whose rows come and go by themselves."""
WRITTEN = "area = 'backup' AND action = 'restore'"
"""The entry in the journal that a restore writes."""
FILES = ("settings.toml",)
EVERY = 100


class Digest(msgspec.Struct, frozen=True):
    """{path: SHA-256} of the files that a backup keeps, {table: hash of its rows}."""

    files: dict[str, str]
    tables: dict[str, str]

    def unlike(self, other: Digest) -> list[str]:
        """What is not the same in the other one."""
        paths = [name for name in sorted(self.files | other.files) if self.files.get(name) != other.files.get(name)]
        both = sorted(self.tables | other.tables)
        return paths + [f"table {name}" for name in both if self.tables.get(name) != other.tables.get(name)]


def digest(root: Path, told: Callable[[], None] = lambda: None) -> Digest:
    """What the workspace in `root` holds, but for what a restore writes down of itself.

    `told` is called now and then; what it raises stops the work.
    """
    files = {}
    for number, path in enumerate(kept(root)):
        with path.open("rb") as handle:
            files[os.path.relpath(path, root)] = hashlib.file_digest(handle, "sha256").hexdigest()
        if number % EVERY == 0:
            told()
    with closing(sqlite3.connect(f"{(root / DATABASE).as_uri()}?mode=ro", uri=True)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        tables = {name: _rows(db, name) for name in names if name not in PASSING and not name.startswith("sqlite_")}
    return Digest(files, tables)


def kept(root: Path) -> Iterator[Path]:
    """The files of a workspace that a backup keeps, other than its database."""
    for name in (*(os.fsdecode(folder) for folder in FOLDERS.values()), *FILES):
        place = root / name
        if place.is_file():
            yield place
        yield from (path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())


def _rows(db: sqlite3.Connection, table: str) -> str:
    """A hash of all rows, in an order that their values alone make; sorted by SQLite, so in little memory."""
    quoted = table.replace('"', '""')
    columns = len(db.execute(f'SELECT * FROM "{quoted}" LIMIT 0').description)
    order = ", ".join(str(number + 1) for number in range(columns))
    beyond = f" WHERE NOT ({WRITTEN})" if table == "journal" else ""
    found = hashlib.sha256()
    for row in db.execute(f'SELECT * FROM "{quoted}"{beyond} ORDER BY {order}'):
        found.update(repr(row).encode(errors="surrogateescape"))
    return found.hexdigest()


def chance(salt: str, sha256: str) -> bytes:
    """A value that puts files into another order for each `salt`."""
    return hashlib.sha256(f"{salt} {sha256}".encode()).digest()
