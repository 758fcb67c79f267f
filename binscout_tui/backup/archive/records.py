"""The records of a run: the database, its tables as CSV, settings and logs in one `records.tar.gz`."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from isal import igzip

from binscout_tui.backup.archive import layout, packing
from binscout_tui.backup.archive.manifest import Part
from binscout_tui.backup.making.snapshot import Snapshot, quoted, tables

DATABASE = "binscout.db"
CSV = "csv"
LEVEL = 3
ROWS = 2000
LOG_BYTES = 4 << 20
"""So much of the end of each log is kept."""
Beat = Callable[[], None]


class Paper(msgspec.Struct, frozen=True):
    """A file that goes into the records under `name`; of a log only the end where it is long."""

    name: str
    path: Path
    is_log: bool = False


class Written(msgspec.Struct, frozen=True):
    """The archive, what is in it, and what could not be written into it, in words."""

    part: Part
    members: dict[str, Part]
    problems: list[str]


def write_records(target: Path, snapshot: Snapshot, papers: Sequence[Paper], beat: Beat = lambda: None) -> Written:
    """Write the archive to `target`; `beat` is called many times a second and may raise to stop. Raises OSError."""
    problems: list[str] = []
    with _Archive(target, beat) as archive:
        archive.add(DATABASE, snapshot.path)
        with closing(_reading(snapshot.path)) as db:
            for table in _tables(db, problems):
                _add_table(archive, db, table, target.with_name(".tmp-table.csv"), problems, beat)
        for paper in papers:
            _add_paper(archive, paper, problems)
    return Written(archive.part(), archive.members, problems)


class _Archive:
    """A gzipped tar that is written from front to back, hashed on the way."""

    def __init__(self, target: Path, beat: Beat) -> None:
        self.members: dict[str, Part] = {}
        self._target, self._beat = target, beat

    def __enter__(self) -> _Archive:
        self._file = self._target.open("wb")
        # Without a time the same records are the same bytes.
        self._gzip: Any = igzip.IGzipFile(  # type: ignore[no-untyped-call]
            filename="", mode="wb", compresslevel=LEVEL, fileobj=self._file, mtime=0
        )
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._gzip.write(packing.END)
                self._gzip.close()
        finally:
            self._file.close()

    def add(self, name: str, path: Path, count: int = 0) -> None:
        """Add a whole file. Raises OSError."""
        with path.open("rb") as source:
            self.add_from(name, source, path.stat().st_size, count)

    def add_from(self, name: str, source: BinaryIO, size: int, count: int = 0) -> None:
        """Add the next `size` bytes of `source`; what is missing there is filled up, as nothing can be taken back."""
        own, left = hashlib.sha256(), size
        self._gzip.write(packing.header(os.fsencode(name), size))
        while left:
            block = source.read(min(left, packing.BLOCK)) or bytes(min(left, packing.BLOCK))
            own.update(block)
            self._gzip.write(block)
            left -= len(block)
            self._beat()
        self._gzip.write(packing.padding(size))
        self.members[name] = Part(name=name, size=size, sha256=own.hexdigest(), count=count)

    def part(self) -> Part:
        """The archive as a whole; only when it is closed."""
        with self._target.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        return Part(name=layout.RECORDS, size=self._target.stat().st_size, sha256=sha256, count=len(self.members))


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _tables(db: sqlite3.Connection, problems: list[str]) -> list[str]:
    try:
        return tables(db)
    except sqlite3.DatabaseError as error:
        problems.append(f"no table could be written as CSV: {error}")
        return []


def _add_table(
    archive: _Archive, db: sqlite3.Connection, table: str, scratch: Path, problems: list[str], beat: Beat
) -> None:
    """A table as CSV: a line with the names of the columns, then the rows; NULL is empty, bytes are text or hex."""
    name = f"{CSV}/{table}.csv"
    try:
        count = 0
        with scratch.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            try:
                for rows in _pages(db, table):
                    writer.writerows(rows)
                    count += len(rows)
                    beat()
            except sqlite3.DatabaseError as error:
                problems.append(f"{name} holds only the first {max(0, count - 1):,} rows: {error}")
        archive.add(name, scratch, max(0, count - 1))
    finally:
        scratch.unlink(missing_ok=True)


def _pages(db: sqlite3.Connection, table: str) -> Iterator[list[Any]]:
    """The names of the columns, then the rows, some at a time."""
    cursor = db.execute(f"SELECT * FROM {quoted(table)}")
    yield [[column[0] for column in cursor.description]]
    while rows := cursor.fetchmany(ROWS):
        # Which columns hold bytes is the same in all rows but for NULL; a look at the whole page is cheap by columns.
        columns = [number for number, column in enumerate(zip(*rows, strict=True)) if bytes in set(map(type, column))]
        yield [_readable(row, columns) for row in rows] if columns else rows


def _readable(row: tuple[Any, ...], columns: Sequence[int]) -> list[Any]:
    found = list(row)
    for number in columns:
        if isinstance(found[number], bytes):
            found[number] = _text(found[number])
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return f"0x{value.hex()}"


def _add_paper(archive: _Archive, paper: Paper, problems: list[str]) -> None:
    try:
        with paper.path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            data = _end(source, size) if paper.is_log else source.read()
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(f"{paper.name} could not be read: {error.strerror or error}")
        return
    archive.add_from(paper.name, io.BytesIO(data), len(data))


def _end(source: BinaryIO, size: int) -> bytes:
    """The end of a log, from the beginning of a line on."""
    if size <= LOG_BYTES:
        return source.read(LOG_BYTES)
    source.seek(size - LOG_BYTES)
    found = source.read(LOG_BYTES)
    return found[found.find(b"\n") + 1 :]
