"""Lists that a look or a fetch by restic goes along, in files that SQLite makes: very many names cost no memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec

from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.restoring.todo import Piece

_PIECE = "place, size, sha256, mtime_ns, blob, offset"


class _Table:
    def __init__(self, path: Path | None, *statements: str) -> None:
        """Without a path SQLite makes a file of its own, on disk and gone with the connection."""
        self._db = sqlite3.connect(path or "", isolation_level=None)
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA journal_mode=OFF")
        for statement in statements:
            self._db.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()


class Listed(_Table):
    """The files of a run by their names in the snapshot, and which of them were found to be good."""

    def __init__(self, path: Path | None, entries: Iterable[tuple[bytes, FileEntry]]) -> None:
        """`entries` come with the name of each inside of the snapshot."""
        super().__init__(
            path,
            "CREATE TABLE file (name BLOB PRIMARY KEY, told TEXT, path TEXT, size INTEGER, sha256 TEXT,"
            " good INTEGER DEFAULT 0) WITHOUT ROWID",
            "BEGIN",
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO file (name, told, path, size, sha256) VALUES (?, ?, ?, ?, ?)",
            ((name, _told(name), entry.path, entry.size, entry.sha256) for name, entry in entries),
        )
        self._db.execute("CREATE INDEX file_told ON file (told, size)")

    def tally(self) -> tuple[int, int]:
        """(files, bytes) of all."""
        files, size = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM file").fetchone()
        return int(files), int(size)

    def sha256_of(self, name: bytes) -> str | None:
        """The hash of the file that has this name, None where none has."""
        row = self._db.execute("SELECT sha256 FROM file WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def mark(self, name: bytes) -> None:
        """This one is good."""
        self._db.execute("UPDATE file SET good = 1 WHERE name = ?", (name,))

    def mark_told(self, told: str, size: int) -> bool:
        """Mark one that restic's list tells so, for odd names look alike there; False where none is left."""
        found = self._db.execute(
            "UPDATE file SET good = 1 WHERE name ="
            " (SELECT name FROM file WHERE told = ? AND size = ? AND good = 0 LIMIT 1)",
            (told.encode("utf-8", "replace").decode(), size),
        )
        return found.rowcount > 0

    def left(self) -> Iterator[tuple[str, str]]:
        """(as restic's list tells it, as ours shows it) of those that are not marked."""
        yield from self._db.execute("SELECT told, path FROM file WHERE good = 0 ORDER BY name")


class Wanted(_Table):
    """Pieces that are still to be fetched, by their hash, with one name in the snapshot for each hash."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        super().__init__(
            None,
            f"CREATE TABLE piece ({_PIECE})",
            "CREATE TABLE named (name BLOB PRIMARY KEY, sha256 TEXT UNIQUE) WITHOUT ROWID",
            "BEGIN",
        )
        marks = ", ".join("?" * len(_PIECE.split(", ")))
        self._db.executemany(f"INSERT INTO piece VALUES ({marks})", (msgspec.structs.astuple(one) for one in pieces))
        self._db.execute("CREATE INDEX piece_hash ON piece (sha256)")

    def name(self, names: Iterable[tuple[bytes, str]]) -> None:
        """Take in (name, hash) of what the snapshot has; of names for the same wanted bytes the first one counts."""
        self._db.executemany(
            "INSERT OR IGNORE INTO named SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM piece WHERE sha256 = ?2)", names
        )

    def nameless(self) -> Iterator[Piece]:
        """The pieces whose bytes have no name."""
        found = self._db.execute(f"SELECT {_PIECE} FROM piece WHERE sha256 NOT IN (SELECT sha256 FROM named)")
        yield from (Piece(*row) for row in found)

    def __len__(self) -> int:
        """How many names there are."""
        return int(self._db.execute("SELECT count(*) FROM named").fetchone()[0])

    def of(self, name: bytes) -> list[Piece]:
        """The pieces that have the bytes of this name."""
        found = self._db.execute(
            f"SELECT {_PIECE} FROM piece WHERE sha256 = (SELECT sha256 FROM named WHERE name = ?)", (name,)
        )
        return [Piece(*row) for row in found]

    def drop(self, name: bytes) -> None:
        """These are not wanted any more."""
        self._db.execute("DELETE FROM named WHERE name = ?", (name,))

    def first(self) -> bytes | None:
        """A name that is still wanted."""
        row = self._db.execute("SELECT name FROM named LIMIT 1").fetchone()
        return None if row is None else bytes(row[0])


def _told(name: bytes) -> str:
    return "/" + name.decode("utf-8", "replace")
