"""What one run has to do: its files, where the bytes of each lie or will lie. On the disk, so that it may be long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import Blob, FileEntry, Kind, Tally, entry_path
from binscout_tui.backup.making.scan import Found

PAGE = 500
_MAKE = """
CREATE TABLE file (
    path BLOB PRIMARY KEY, kind TEXT, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER,
    sha BLOB, blob INTEGER, start INTEGER
) WITHOUT ROWID;
CREATE TABLE blob (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size INTEGER, fresh INTEGER NOT NULL);
CREATE TABLE known (sha BLOB PRIMARY KEY, size INTEGER, blob INTEGER, start INTEGER) WITHOUT ROWID;
CREATE TABLE earlier (path BLOB PRIMARY KEY, size INTEGER, blob INTEGER, counts INTEGER NOT NULL) WITHOUT ROWID;
"""
_FILE = "path, kind, size, mtime_ns, ctime_ns, inode"


class Place(msgspec.Struct, frozen=True):
    """Where bytes lie: the number of a blob, and from which byte on where that is a pack."""

    blob: int
    start: int | None


class Lost(msgspec.Struct, frozen=True):
    """What an earlier run had and this one does not: files and bytes, of so many."""

    files: int
    bytes: int
    of_files: int
    of_bytes: int

    @property
    def share(self) -> float:
        """The larger share of files and of bytes that is missing, 0..1."""
        return max(
            self.files / self.of_files if self.of_files else 0, self.bytes / self.of_bytes if self.of_bytes else 0
        )


class Worklist:
    """The list of one run; used by one thread."""

    def __init__(self, path: Path) -> None:
        """Begin an empty list in the new file `path`."""
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8192", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_MAKE)
        # One transaction for all: nobody else reads it, and after a crash nobody wants it.
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def add(self, files: Iterable[Found]) -> None:
        """Take in files; a path that is there already stays as it is."""
        self._many(
            f"INSERT OR IGNORE INTO file ({_FILE}) VALUES (?, ?, ?, ?, ?, ?)",
            ((one.path, one.kind, one.size, one.mtime_ns, one.ctime_ns, one.inode) for one in files),
        )

    def without_file(self, wanted: Iterable[tuple[bytes, bool]]) -> Iterator[tuple[bytes, bool]]:
        """Those of the (path, in place) wanted that are not in the list, in the order of their paths."""
        self._db.execute("CREATE TEMP TABLE wanted (path BLOB PRIMARY KEY, in_place INTEGER) WITHOUT ROWID")
        self._many("INSERT OR IGNORE INTO wanted VALUES (?, ?)", wanted)
        rows = self._db.execute(
            "SELECT path, in_place FROM wanted WHERE path NOT IN (SELECT path FROM file) ORDER BY path"
        )
        yield from ((path, bool(in_place)) for path, in_place in rows)
        self._db.execute("DROP TABLE wanted")

    def recall_hashes(self, cache: Path) -> None:
        """Take the hashes of files that are as they were from the cache of them."""
        self._db.execute("COMMIT")
        self._db.execute("ATTACH ? AS cache", (str(cache),))
        self._db.execute(
            "UPDATE file SET sha = (SELECT sha FROM cache.seen WHERE seen.path = file.path AND seen.size = file.size"
            " AND seen.mtime_ns = file.mtime_ns AND seen.ctime_ns = file.ctime_ns AND seen.inode = file.inode)"
        )
        self._db.execute("DETACH cache")
        self._db.execute("BEGIN")

    def know(self, entries: Iterable[FileEntry], live: Mapping[str, int], *, as_earlier: bool) -> None:
        """Take in what a committed run says where bytes lie, as far as the target shows them (`live`: name, bytes).

        `as_earlier`: what is missing is counted against this run.
        """
        numbers: dict[str, int | None] = {}
        rest = iter(entries)
        while page := list(islice(rest, PAGE)):
            for name in {entry.blob for entry in page}.difference(numbers):
                size = live.get(name)
                numbers[name] = None if size is None else self.blob(name, size, fresh=False)
            known = ((bytes.fromhex(one.sha256), one.size, numbers[one.blob], one.offset) for one in page)
            self._many("INSERT OR IGNORE INTO known VALUES (?, ?, ?, ?)", (row for row in known if row[2] is not None))
            self._many(
                "INSERT INTO earlier VALUES (?, ?, ?, ?)"
                " ON CONFLICT (path) DO UPDATE SET size = excluded.size, counts = max(counts, excluded.counts)",
                ((one.name(), one.size, numbers[one.blob], as_earlier) for one in page),
            )

    def know_blob(self, name: str, size: int, members: Iterable[tuple[str, int, int | None]]) -> None:
        """Take in a blob that an unfinished run has sent: (sha256, size, offset) of what is in it."""
        number = self.blob(name, size, fresh=True)
        for sha256, length, start in members:
            self._know_one(bytes.fromhex(sha256), length, number, start)

    def _know_one(self, sha: bytes, size: int, blob: int | None, start: int | None) -> None:
        if blob is not None:
            self._db.execute("INSERT OR IGNORE INTO known VALUES (?, ?, ?, ?)", (sha, size, blob, start))

    def assign(self) -> None:
        """Give all files whose bytes are known to be on the target their places."""
        self._db.execute(
            "UPDATE file SET (blob, start) = (SELECT blob, start FROM known WHERE known.sha = file.sha"
            " AND known.size = file.size) WHERE sha IS NOT NULL AND blob IS NULL"
        )

    def give_up_blobs(self, numbers: Iterable[int]) -> None:
        """Have all files of these blobs sent anew."""
        for number in numbers:
            self._db.execute("UPDATE file SET blob = NULL, start = NULL WHERE blob = ?", (number,))
            self._db.execute("DELETE FROM known WHERE blob = ?", (number,))

    def thin_packs(self, most_bytes: int) -> list[int]:
        """Packs of which less than half is needed any more, the emptiest first, with at most `most_bytes` of that."""
        found, taken = [], 0
        for number, live in self._db.execute(
            # By path and size, as the hash of a file that was just written is not known yet.
            "SELECT blob.id, sum(file.size) AS live FROM earlier JOIN file ON file.path = earlier.path"
            " AND file.size = earlier.size JOIN blob ON blob.id = earlier.blob"
            " WHERE blob.name LIKE 'packs/%' AND NOT blob.fresh GROUP BY blob.id"
            " HAVING live * 2 < blob.size ORDER BY live * 1.0 / blob.size"
        ):
            taken += live
            if taken > most_bytes:
                break
            found.append(int(number))
        return found

    def blob(self, name: str | None, size: int, *, fresh: bool) -> int:
        """The number of a blob; a pack that is not finished has no name yet."""
        row = self._db.execute("SELECT id FROM blob WHERE name = ?", (name,)).fetchone() if name else None
        if row is not None:
            return int(row[0])
        cursor = self._db.execute("INSERT INTO blob (name, size, fresh) VALUES (?, ?, ?)", (name, size, fresh))
        return int(cursor.lastrowid or 0)

    def finish_blob(self, number: int, name: str, size: int) -> None:
        """A pack has its name and size. Of two that are the same the first one stays for both."""
        row = self._db.execute("SELECT id FROM blob WHERE name = ?", (name,)).fetchone()
        if row is None:
            self._db.execute("UPDATE blob SET name = ?, size = ? WHERE id = ?", (name, size, number))
            return
        for table in ("file", "known"):
            self._db.execute(f"UPDATE {table} SET blob = ? WHERE blob = ?", (row[0], number))
        self._db.execute("DELETE FROM blob WHERE id = ?", (number,))

    def place_of(self, sha256: str, size: int) -> Place | None:
        """Where such bytes lie already, or will when their pack is sent."""
        row = self._db.execute(
            "SELECT blob, start FROM known WHERE sha = ? AND size = ?", (bytes.fromhex(sha256), size)
        ).fetchone()
        return None if row is None else Place(*row)

    def put(self, found: Found, sha256: str, place: Place) -> None:
        """The bytes of a file, as they were read now, lie at `place`."""
        sha = bytes.fromhex(sha256)
        self._db.execute(
            "UPDATE file SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, sha = ?, blob = ?, start = ?"
            " WHERE path = ?",
            (*(found.size, found.mtime_ns, found.ctime_ns, found.inode), sha, place.blob, place.start, found.path),
        )
        self._know_one(sha, found.size, place.blob, place.start)

    def drop(self, path: bytes) -> None:
        """The file is gone."""
        self._db.execute("DELETE FROM file WHERE path = ?", (path,))

    def waiting(self) -> Tally:
        """The files whose bytes are still to be sent."""
        return Tally(
            *self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM file WHERE blob IS NULL").fetchone()
        )

    def waiting_files(self) -> Iterator[Found]:
        """These files in the order of their paths; they may be put and dropped meanwhile."""
        after = b""
        while page := self._db.execute(
            f"SELECT {_FILE} FROM file WHERE blob IS NULL AND path > ? ORDER BY path LIMIT ?", (after, PAGE)
        ).fetchall():
            yield from (Found(*row) for row in page)
            after = page[-1][0]

    def entries(self) -> Iterator[FileEntry]:
        """All files in the order of their paths, as the list of the run names them."""
        for path, kind, size, mtime_ns, sha, blob, start in self._db.execute(
            "SELECT path, kind, file.size, mtime_ns, sha, blob.name, start FROM file"
            " JOIN blob ON blob.id = file.blob ORDER BY path"
        ):
            shown, raw = entry_path(path)
            yield FileEntry(
                path=shown, kind=kind, size=size, sha256=sha.hex(), mtime_ns=mtime_ns, blob=blob, offset=start, raw=raw
            )

    def blobs(self, *, fresh_only: bool = False) -> Iterator[Blob]:
        """The blobs that files need, in the order of their names."""
        for name, size, files in self._db.execute(
            "SELECT name, blob.size, count(*) FROM file JOIN blob ON blob.id = file.blob WHERE blob.fresh >= ?"
            " GROUP BY blob.id ORDER BY name",
            (fresh_only,),
        ):
            yield Blob(name=name, size=size, sha256=layout.blob_hash(name), files=files)

    def known_blobs(self) -> list[Blob]:
        """The blobs in which bytes are known to lie, in the order of their names; files of this run may need them."""
        rows = self._db.execute(
            "SELECT name, blob.size, count(*) FROM known JOIN blob ON blob.id = known.blob"
            " GROUP BY blob.id ORDER BY name"
        )
        return [Blob(name=name, size=size, sha256=layout.blob_hash(name), files=files) for name, size, files in rows]

    def numbers_of(self, names: Iterable[str]) -> list[int]:
        """The numbers of blobs."""
        found = (self._db.execute("SELECT id FROM blob WHERE name = ?", (name,)).fetchone() for name in names)
        return [int(row[0]) for row in found if row is not None]

    def paths(self) -> Iterator[bytes]:
        """All paths."""
        return (row[0] for row in self._db.execute("SELECT path FROM file"))

    def kinds(self) -> dict[Kind, Tally]:
        """How many files and bytes of each kind."""
        rows = self._db.execute("SELECT kind, count(*), sum(size) FROM file GROUP BY kind ORDER BY kind")
        return {kind: Tally(files, size) for kind, files, size in rows}

    def lost(self) -> Lost:
        """What the earlier run had and this one has not."""
        files, size = self._db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM earlier WHERE counts AND path NOT IN (SELECT path FROM file)"
        ).fetchone()
        return Lost(
            files,
            size,
            *self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM earlier WHERE counts").fetchone(),
        )

    def added(self) -> Tally:
        """Files in what this run sends, and the bytes of that."""
        blobs = list(self.blobs(fresh_only=True))
        return Tally(sum(blob.files for blob in blobs), sum(blob.size for blob in blobs))

    def _many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._db.executemany(sql, rows)
