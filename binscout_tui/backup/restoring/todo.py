"""What is to be staged and what became of it, in a file of its own: as many files as there are cost no memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from enum import IntEnum
from pathlib import Path

import msgspec

from binscout_tui.backup.faults import DamagedError

PAGE = 1000


class State(IntEnum):
    """What became of a file: to be fetched, fetched, was here already, cannot be had."""

    WANTED = 0
    FETCHED = 1
    HERE = 2
    BAD = 3


class Piece(msgspec.Struct, frozen=True):
    """A file below the staged folder, and where its bytes lie: in `blob`, from `offset` on (0 where it is the file)."""

    place: bytes
    size: int
    sha256: str
    mtime_ns: int
    blob: str
    offset: int


_TABLE = """CREATE TABLE piece (
    place BLOB PRIMARY KEY, size INTEGER NOT NULL, sha256 TEXT NOT NULL, mtime_ns INTEGER NOT NULL,
    blob TEXT NOT NULL, offset INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID"""
_COLUMNS = "place, size, sha256, mtime_ns, blob, offset"


class Todo:
    """The pieces of one staging; used by one thread. What an earlier attempt wrote is not believed but made anew."""

    def __init__(self, path: Path) -> None:
        for name in (path, path.with_name(f"{path.name}-journal")):
            name.unlink(missing_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        # Lost after a crash, and made again by the next attempt: nothing waits for the disk.
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA journal_mode=MEMORY")
        self._db.execute(_TABLE)
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def add(self, piece: Piece, state: State) -> None:
        """Enter a file. Raises DamagedError where another one has its place."""
        try:
            self._db.execute(
                f"INSERT INTO piece ({_COLUMNS}, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*msgspec.structs.astuple(piece), int(state)),
            )
        except sqlite3.IntegrityError:
            there = self._db.execute("SELECT sha256 FROM piece WHERE place = ?", (piece.place,)).fetchone()
            if there[0] != piece.sha256:
                raise DamagedError(f"Two files of the list want to be {piece.place[:200]!r}.") from None

    def set_state(self, places: Iterable[bytes], state: State, reason: str = "") -> None:
        """Write down what became of files."""
        rows = [(int(state), reason, place) for place in places]
        self._db.executemany("UPDATE piece SET state = ?, reason = ? WHERE place = ?", rows)

    def by_blob(self) -> Iterator[Piece]:
        """What is to be fetched, in the order in which it lies on the target."""
        self._db.execute("CREATE INDEX IF NOT EXISTS piece_blob ON piece (blob, offset, place) WHERE state = 0")
        edge = ("", -1, b"")
        while True:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM piece WHERE state = 0 AND (blob, offset, place) > (?, ?, ?)"
                f" ORDER BY blob, offset, place LIMIT {PAGE}",
                edge,
            ).fetchall()
            if not rows:
                return
            yield from (Piece(*row) for row in rows)
            edge = (rows[-1][4], rows[-1][5], rows[-1][0])

    def of(self, state: State) -> Iterator[tuple[Piece, str]]:
        """The files in one state with why, by their places."""
        edge = b""
        while True:
            rows = self._db.execute(
                f"SELECT {_COLUMNS}, reason FROM piece WHERE state = ? AND place > ? ORDER BY place LIMIT {PAGE}",
                (int(state), edge),
            ).fetchall()
            if not rows:
                return
            yield from ((Piece(*row[:6]), row[6]) for row in rows)
            edge = rows[-1][0]

    def tally(self, *states: State) -> tuple[int, int]:
        """(files, bytes) in these states."""
        marks = ", ".join(str(int(state)) for state in states)
        with closing(
            self._db.execute(f"SELECT count(*), coalesce(sum(size), 0) FROM piece WHERE state IN ({marks})")
        ) as found:
            files, size = found.fetchone()
        return int(files), int(size)

    def some(self, number: int) -> list[Piece]:
        """A few of the files that are staged, spread over all."""
        files = self.tally(State.FETCHED, State.HERE)[0]
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM (SELECT *, row_number() OVER (ORDER BY place) AS n FROM piece"
            " WHERE state IN (1, 2)) WHERE n % ? = 0 LIMIT ?",
            (max(1, files // number), number),
        )
        return [Piece(*row) for row in rows]

    def size_of(self, place: bytes) -> int | None:
        """The size that the file at `place` is to have; None where none belongs there."""
        row = self._db.execute("SELECT size FROM piece WHERE place = ? AND state <> 3", (place,)).fetchone()
        return None if row is None else int(row[0])
