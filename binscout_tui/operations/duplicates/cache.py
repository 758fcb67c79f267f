"""What is known of pictures and of pairs of them, kept in a file that may be deleted at any time.

What was looked at is in it at once, so that a kill costs one picture; several looks may be under way.
"""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.errors import StorageError
from binscout_tui.imaging.duplicates.look import ALGORITHM, Look
from binscout_tui.imaging.duplicates.marks import Marks

NAME = "duplicates.db"
BUSY_S = 30.0
_QUALITY = 95
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    path BLOB PRIMARY KEY, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS picture (
    sha256 TEXT PRIMARY KEY, facts BLOB NOT NULL, small BLOB NOT NULL, hashes BLOB NOT NULL, places BLOB NOT NULL,
    turns BLOB NOT NULL, words BLOB NOT NULL, twin BLOB NOT NULL, light REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS pair (
    one TEXT NOT NULL, other TEXT NOT NULL, verdict BLOB NOT NULL, PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_sha256 ON file (sha256);
CREATE INDEX IF NOT EXISTS pair_other ON pair (other)
"""


class Facts(msgspec.Struct, frozen=True):
    """What a picture is: `width` and `height` in pixels when upright."""

    sha256: str
    width: int
    height: int
    format: str
    mode: str
    frames: int


class Verdict(msgspec.Struct, frozen=True):
    """What was found about two pictures. `relation` is empty where they have nothing to do with each other.

    `likeness` is 0..1; `same` says that nothing but encoding, size and metadata differs, `pixels` not even the size.
    """

    relation: str = ""
    likeness: float = 0.0
    same: bool = False
    pixels: bool = False


class DamagedError(StorageError):
    """What was kept is unreadable, and was deleted: all can be looked at again."""

    code = "damaged_cache"


class Cache:
    """A context manager around the file; one thread uses it. Raises StorageError, DamagedError, OSError."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        try:
            self._db = _opened(self._path)
        except sqlite3.OperationalError as error:  # busy, or the disk: nothing that a new file would mend
            raise _told(error) from error
        except sqlite3.DatabaseError:
            self._remove()
            self._db = _opened(self._path)

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def _remove(self) -> None:
        for damaged in (self._path, *(self._path.with_name(NAME + end) for end in ("-wal", "-shm"))):
            damaged.unlink(missing_ok=True)  # it can be made again

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Tell in words what the file refuses; delete one that is damaged, wherever that shows."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise _told(error) from error
        except (sqlite3.DatabaseError, msgspec.MsgspecError, ValueError, OSError) as error:
            self._db.close()
            self._remove()
            raise DamagedError(
                "What is known of pictures was damaged and has been deleted.", hint="Look again: all is made anew."
            ) from error

    def _put(self, sql: str, values: tuple[object, ...]) -> None:
        # A transaction of its own, without waiting for the disk: other looks may write too, and a kill loses nothing.
        with self._whole():
            self._db.execute(sql, values)

    def _get(self, sql: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        with self._whole():
            row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return row

    # Files.

    def hash_of(self, path: Path, found: os.stat_result) -> str | None:
        """The SHA-256 of a file that has not changed since it was put in."""
        row = self._get(
            "SELECT sha256 FROM file WHERE path = ? AND bytes = ? AND mtime_ns = ? AND inode = ?",
            (os.fsencode(path), found.st_size, found.st_mtime_ns, found.st_ino),
        )
        return row[0] if row else None

    def put_file(self, path: Path, found: os.stat_result, sha256: str) -> None:
        """Remember a file's hash."""
        self._put(
            "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)",
            (os.fsencode(path), found.st_size, found.st_mtime_ns, found.st_ino, sha256),
        )

    # Pictures.

    def has(self, sha256: str) -> bool:
        """Whether a picture was looked at."""
        return self._get("SELECT 1 FROM picture WHERE sha256 = ?", (sha256,)) is not None

    def put(self, facts: Facts, look: Look) -> None:
        """Remember a picture."""
        small = Image.fromarray(np.ascontiguousarray(look.small.transpose(1, 2, 0)), mode="YCbCr")
        written = io.BytesIO()
        small.save(written, "JPEG", quality=_QUALITY, subsampling=0)
        marks = look.marks
        self._put(
            "INSERT OR REPLACE INTO picture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                facts.sha256,
                msgspec.msgpack.encode(facts),
                written.getvalue(),
                look.hashes.tobytes(),
                marks.places.tobytes(),
                marks.turns.tobytes(),
                marks.words.tobytes(),
                look.twin,
                look.light,
            ),
        )

    def facts(self, sha256: str) -> Facts:
        """What a picture is. Raises KeyError."""
        row = self._get("SELECT facts FROM picture WHERE sha256 = ?", (sha256,))
        if row is None:
            raise KeyError(sha256)
        with self._whole():
            return msgspec.msgpack.decode(row[0], type=Facts)

    def signs(self, sha256: str) -> tuple[NDArray[np.uint64], NDArray[np.uint64], np.uint64, float]:
        """What `Signs` wants of a picture: hashes, words, twin and light. Raises KeyError."""
        row = self._get("SELECT hashes, words, twin, light FROM picture WHERE sha256 = ?", (sha256,))
        if row is None:
            raise KeyError(sha256)
        with self._whole():
            hashes, words, twin = (np.frombuffer(part, dtype=np.uint64) for part in row[:3])
            return hashes, words, twin[0], row[3]

    def look(self, sha256: str) -> Look:
        """All of a picture. Raises KeyError."""
        row = self._get("SELECT small, hashes, places, turns, words FROM picture WHERE sha256 = ?", (sha256,))
        if row is None:
            raise KeyError(sha256)
        with self._whole():
            with Image.open(io.BytesIO(row[0])) as image:
                image.draft("YCbCr", image.size)
                small = np.asarray(image.convert("YCbCr"), dtype=np.uint8).transpose(2, 0, 1)
            places = np.frombuffer(row[2], dtype=np.float32).reshape(-1, 3)
            marks = Marks(places, np.frombuffer(row[3], dtype=np.uint8), np.frombuffer(row[4], dtype=np.uint64))
            return Look(np.ascontiguousarray(small), np.frombuffer(row[1], dtype=np.uint64), marks)

    # Pairs.

    def verdict(self, one: str, other: str) -> Verdict | None:
        """What was found about two pictures, in either order; None when nobody looked."""
        row = self._get("SELECT verdict FROM pair WHERE one = ? AND other = ?", (min(one, other), max(one, other)))
        with self._whole():
            return msgspec.msgpack.decode(row[0], type=Verdict) if row else None

    def put_verdict(self, one: str, other: str, verdict: Verdict) -> None:
        """Remember what was found about two pictures."""
        self._put(
            "INSERT OR REPLACE INTO pair VALUES (?, ?, ?)",
            (min(one, other), max(one, other), msgspec.msgpack.encode(verdict)),
        )

    def forget(self, sha256s: Iterable[str]) -> None:
        """Wipe out what is known of pictures that were deleted for ever, their small versions with it."""
        given = [(sha256,) for sha256 in sha256s]
        with self._whole():
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("BEGIN IMMEDIATE")
            for table, column in (("picture", "sha256"), ("file", "sha256"), ("pair", "one"), ("pair", "other")):
                self._db.executemany(f"DELETE FROM {table} WHERE {column} = ?", given)
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def forget(folder: Path, sha256s: Iterable[str]) -> None:
    """`Cache.forget` in the file below `folder`, where there is one. Raises StorageError, OSError."""
    if (folder / NAME).exists():
        with suppress(DamagedError), Cache(folder) as cache:
            cache.forget(sha256s)


def _told(error: sqlite3.Error) -> StorageError:
    return StorageError(
        f"What is known of pictures cannot be kept: {error}.",
        hint="Look whether the disk is full; the file derived/duplicates.db may be deleted.",
    )


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("CREATE TABLE IF NOT EXISTS made_by (algorithm TEXT PRIMARY KEY) STRICT")
        made_by = [row[0] for row in db.execute("SELECT algorithm FROM made_by")]
        if made_by not in ([], [ALGORITHM]):
            db.execute("DELETE FROM made_by")
            for table in ("file", "picture", "pair"):
                db.execute(f"DROP TABLE IF EXISTS {table}")
        for table in _SCHEMA.split(";"):
            db.execute(table)
        if made_by != [ALGORITHM]:
            db.execute("INSERT OR IGNORE INTO made_by VALUES (?)", (ALGORITHM,))
    except BaseException:
        db.close()
        raise
    return db
