"""Looking at what is stored: whether it is there with its size, and whether its bytes are those that were stored.

The first takes a listing, the second reads every byte back from the target. Which it was is always said.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Blob, Manifest, Tally
from binscout_tui.backup.faults import CancelledWork, RemoteError
from binscout_tui.backup.making import snapshot
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring.extract import extract_records
from binscout_tui.backup.transport.remote import Remote

DATABASE = "binscout.db"
LOOK_S = 0.1
TRIES = 2
NOT_STORED = "it is missing"
NOT_THE_SAME = "its bytes are not those that were stored"
ONE_FILE = ("remote", "unreachable", "denied")
"""What may be wrong with one file alone; all else concerns the whole target."""


class Stored(msgspec.Struct, frozen=True):
    """A file on the target as it should be; `run` is the newest run that needs it."""

    name: str
    size: int
    sha256: str
    run: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What a look at one file found; `reason` is "" when it is good. `listed` when any listing shows the same."""

    name: str
    reason: str
    listed: bool = False


def parts(run: Manifest) -> list[Stored]:
    """The files of a run itself, besides its manifest."""
    return [
        Stored(layout.run_file(run.run, part.name), part.size, part.sha256, run.run)
        for part in (run.files, run.blobs, run.records)
    ]


def stored(run: str, blobs: Iterable[Blob]) -> Iterator[Stored]:
    """The blobs of a run's list."""
    return (Stored(blob.name, blob.size, blob.sha256, run) for blob in blobs)


def by_size(wanted: Iterable[Stored], sizes: Mapping[str, int]) -> Iterator[Finding]:
    """Each file against a listing of the target."""
    for one in wanted:
        there = sizes.get(one.name)
        if there is None:
            yield Finding(one.name, NOT_STORED, listed=True)
        else:
            reason = "" if there == one.size else f"it has {there:,} instead of {one.size:,} bytes"
            yield Finding(one.name, reason, listed=True)


def read_back(
    remote: Remote, wanted: Sequence[Stored], sizes: Mapping[str, int], progress: Progress, at_once: int = 4
) -> Iterator[Finding]:
    """Each file by its bytes as they are stored now, in the order in which they are done.

    What the listing `sizes` shows to be missing or of another size is not read. `progress` is told of the bytes.
    Raises RemoteError where the target as a whole does not answer, and what `progress` raises to stop.
    """
    names = {one.name: one for one in wanted}
    for found in by_size(wanted, sizes):
        if found.reason:
            yield found
            progress.advance(names.pop(found.name).size, 1)
    with _Readers(remote, at_once) as readers:
        yield from readers.read(list(names.values()), progress)


class _Readers:
    """Threads that have the target hash files; leaving the block stops them."""

    def __init__(self, remote: Remote, at_once: int) -> None:
        self._remote, self._at_once = remote, at_once
        self._stop = threading.Event()
        self._moved: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="read-back")

    def __enter__(self) -> _Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def read(self, wanted: Sequence[Stored], progress: Progress) -> Iterator[Finding]:
        rest = iter(wanted)
        going: dict[Future[str], Stored] = {}
        done, files = progress.done, progress.files
        while True:
            # Little more than what is read at once, so that a million files are not a million waiting pieces of work.
            while len(going) <= self._at_once and (one := next(rest, None)):
                going[self._pool.submit(self._reason, one)] = one
            if not going:
                return
            for future in wait(going, LOOK_S, FIRST_COMPLETED).done:
                one = going.pop(future)
                self._moved.pop(one.name, None)
                reason = future.result()
                yield Finding(one.name, reason, listed=reason == NOT_STORED)
                done, files = done + one.size, files + 1
            progress.at(done + sum(self._moved.values()), files)
            progress.tell()

    def _reason(self, one: Stored) -> str:
        """Why a file is bad, "" when it is good."""
        for tried in range(1, TRIES + 1):
            try:
                found = self._remote.sha256(one.name, lambda moved: self._watch(one, moved))
                return "" if found == one.sha256 else NOT_THE_SAME
            except RemoteError as error:
                if error.code == "not_found":
                    return NOT_STORED
                if error.code not in ONE_FILE:
                    raise
                if tried == TRIES:
                    self._remote.exists(layout.REPO_FILE)  # raises where it is the target that does not answer
                    return f"it cannot be read: {error.sentence}"
        raise AssertionError

    def _watch(self, one: Stored, moved: int) -> None:
        self._moved[one.name] = min(moved, one.size)
        if self._stop.is_set():
            raise CancelledWork


def odd_lists(run: Manifest, files: Path, blobs: Path) -> str:
    """What in the two lists of a run contradicts the other or the manifest; "" when nothing does.

    Holds the blobs in memory, not the files. Raises DamagedError where a list cannot be read.
    """
    known = {blob.name: (blob.size, blob.files) for blob in manifest.read_blobs(blobs, run.blobs)}
    tallies: dict[str, tuple[int, int]] = {}
    used: dict[str, int] = {}
    for entry in manifest.read_files(files, run.files):
        size, _ = known.get(entry.blob, (-1, 0))
        if size < 0:
            return f"the list of files needs {entry.blob}, which the list of stored files does not have"
        if (entry.offset is None and entry.size != size) or (entry.offset or 0) + entry.size > size:
            return f"the list of files puts {entry.path[:200]!r} beyond the end of {entry.blob}"
        number, weight = tallies.get(entry.kind, (0, 0))
        tallies[entry.kind] = (number + 1, weight + entry.size)
        used[entry.blob] = used.get(entry.blob, 0) + 1
    if {kind: Tally(*tally) for kind, tally in tallies.items()} != {k: t for k, t in run.kinds.items() if t.files}:
        return "the list of files does not have as many files and bytes as the manifest says"
    if used != {name: number for name, (_, number) in known.items() if number}:
        return "the two lists do not agree on how many files lie in which stored file"
    return ""


def odd_records(run: Manifest, archive: Path, folder: Path, progress: Progress) -> str:
    """What in the archive of records is not as the manifest says: members, hashes, the database and its rows.

    It is unpacked into the new folder `folder`. Raises DamagedError, OSError, and what `progress` raises.
    """

    def tick(_: int) -> None:
        progress.tell()

    extract_records(archive, run.members, folder, tick)
    if DATABASE not in run.members:
        return "the records hold no database"
    found = snapshot.described(folder / DATABASE, progress.tell)
    if found.problem:
        return found.problem
    if found.schema != run.schema:
        return f"its database has schema {found.schema} and not {run.schema}"
    return _odd_rows(found.rows, run.rows)


def _odd_rows(found: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    for table in sorted({*found, *wanted}):
        if found.get(table) != wanted.get(table):
            return f"its table {table[:100]!r} has {found.get(table)} rows, and the manifest says {wanted.get(table)}"
    return "" if sum(wanted.values()) else "its database has no rows at all"


def due(wanted: Iterable[Stored], read_at: Mapping[str, str], share: float) -> list[Stored]:
    """The share (of the bytes, 0..1) that is read back next: never read first, newest runs before older ones.

    Of those that were read, the ones of longest ago follow; at least one file where there is any.
    """
    ordered = sorted(wanted, key=lambda one: one.name)
    ordered.sort(key=lambda one: one.run, reverse=True)
    ordered.sort(key=lambda one: read_at.get(one.name, ""))
    until = share * sum(one.size for one in ordered)
    found: list[Stored] = []
    weight = 0
    for one in ordered:
        if found and weight >= until:
            break
        found.append(one)
        weight += one.size
    return found
