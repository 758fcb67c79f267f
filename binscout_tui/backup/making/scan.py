"""Finding the files of a backup, and remembering their hashes while they stay as they are."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from binscout_tui.backup.archive.manifest import Kind

TEMPORARY = b".tmp-"
# A file that was written a moment ago may be written again within the same tick of the file system's clock.
SETTLED_NS = 2_000_000_000
_MAKE = """
CREATE TABLE IF NOT EXISTS seen (
    path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, sha BLOB
) WITHOUT ROWID
"""


class Folder(msgspec.Struct, frozen=True):
    """A folder of the workspace whose files are kept, but for those with one of the names `without`."""

    name: str
    kind: Kind
    without: frozenset[str] = frozenset()


class Found(msgspec.Struct, frozen=True, gc=False):
    """A file. `path` is relative to the workspace, absolute for one outside of it; times are nanoseconds."""

    path: bytes
    kind: Kind
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    def is_as(self, other: os.stat_result) -> bool:
        """Whether the file still has the size, times and inode."""
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode) == (
            other.st_size,
            other.st_mtime_ns,
            other.st_ctime_ns,
            other.st_ino,
        )


Skipped = Callable[[bytes, str], None]


def walk(root: Path, folders: Sequence[Folder], skipped: Skipped) -> Iterator[Found]:
    """The files in `folders` of `root`, in no particular order; `skipped` hears of what cannot be kept, and why.

    A folder that is missing has no files. A link to a file is kept as the file; a link to a folder below one of
    `folders` is not followed.
    """
    for folder in folders:
        top = os.fsencode(folder.name)
        without = {os.fsencode(name) for name in folder.without}
        yield from _below(os.fsencode(root), top, folder.kind, without, skipped)


def _below(root: bytes, top: bytes, kind: Kind, without: set[bytes], skipped: Skipped) -> Iterator[Found]:
    waiting = [top]
    while waiting:
        here = waiting.pop()
        try:
            entries = list(os.scandir(root + b"/" + here))
        except FileNotFoundError:
            continue
        except OSError as error:
            skipped(here, error.strerror or "cannot be read")
            continue
        for entry in entries:
            path = here + b"/" + entry.name
            if entry.name.startswith(TEMPORARY) or entry.name in without:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif (found := _look(entry, path, kind, skipped)) is not None:
                yield found


def _look(entry: os.DirEntry[bytes], path: bytes, kind: Kind, skipped: Skipped) -> Found | None:
    try:
        return found_at(entry.stat(), path, kind, skipped)
    except FileNotFoundError:
        if entry.is_symlink():
            skipped(path, "is a link to nothing")
    except OSError as error:
        skipped(path, error.strerror or "cannot be read")
    return None


def found_at(seen: os.stat_result, path: bytes, kind: Kind, skipped: Skipped) -> Found | None:
    """The file with these facts, None for what is no file."""
    if not stat.S_ISREG(seen.st_mode):
        skipped(path, "is a link to a folder" if stat.S_ISDIR(seen.st_mode) else "is not a file")
        return None
    return Found(path, kind, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)


class HashCache:
    """The hashes of files as they were when they were read last. It may be deleted at any time."""

    def __init__(self, path: Path) -> None:
        """Open the cache at `path`; one that cannot be read is made anew. Raises OSError."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _opened(path)
        except sqlite3.DatabaseError:
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{path}{end}").unlink()
            self._db = _opened(path)

    def hash_of(self, found: Found) -> bytes | None:
        """The SHA-256 of the file's bytes, None where it is not known for the file as it is."""
        row = self._db.execute(
            "SELECT sha FROM seen WHERE path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ? AND inode = ?",
            (found.path, found.size, found.mtime_ns, found.ctime_ns, found.inode),
        ).fetchone()
        return None if row is None else row[0]

    def remember(self, read: Iterable[tuple[Found, bytes]]) -> None:
        """Keep the hashes of files that were just read and have not changed for a while."""
        settled = time.time_ns() - SETTLED_NS
        rows = [
            (one.path, one.size, one.mtime_ns, one.ctime_ns, one.inode, sha)
            for one, sha in read
            if max(one.ctime_ns, one.mtime_ns) < settled
        ]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?)", rows)

    def forget_others(self, paths: Iterable[bytes]) -> None:
        """Forget all files but these."""
        with self._db:
            self._db.execute("CREATE TEMP TABLE still (path BLOB PRIMARY KEY) WITHOUT ROWID")
            self._db.executemany("INSERT OR IGNORE INTO still VALUES (?)", ((path,) for path in paths))
            self._db.execute("DELETE FROM seen WHERE path NOT IN (SELECT path FROM still)")
            self._db.execute("DROP TABLE still")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    try:
        # What a power cut takes away here is only read once more.
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA cache_size=-4096")
        db.execute("PRAGMA temp_store=FILE")
        db.execute(_MAKE)
        db.commit()
    except BaseException:
        db.close()
        raise
    return db
