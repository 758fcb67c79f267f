"""What a look at stored files found: written down on the target, and told with the files that lie in the bad ones."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.lease import hurried
from binscout_tui.backup.archive.manifest import Check, FileEntry
from binscout_tui.backup.archive.repository import Repository
from binscout_tui.backup.faults import CancelledWork, DamagedError, RemoteError, RepoError
from binscout_tui.backup.keeping.verifying import NOT_THE_SAME, Finding
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring.extract import Cutter
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.clock import to_text

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Rclone

Level = Literal["sizes", "read back"]
MOST_NAMES = 10_000
"""So many names are in one record of a look."""
KEEP_S = 600.0
"""So often what is proven is written down amid the work, so that a power cut does not cost hours."""
SHOWN = 20
"""Paths that are named of the damaged files in one blob."""
CLOSELY = 8
"""So many rotten packs are looked at file by file."""


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file that is not as it was stored, and the files of the workspace that are damaged by it, some named."""

    name: str
    reason: str
    files: int = 0
    paths: list[str] = []


def listen(rclone: Rclone, progress: Progress) -> None:
    """Have a wish to stop heard while a server is silent: what `progress` raises ends the question to it.

    Only in this thread; others are stopped by whoever waits for them.
    """
    here = threading.get_ident()

    def pulse() -> None:
        if threading.get_ident() == here:
            progress.tell()

    rclone.pulse = pulse


class Notes:
    """What a look found so far; written to the target at the end of the block, also when it is broken off."""

    def __init__(
        self, repository: Repository, by: str, kind: Literal["verify", "scrub"], run: str | None, level: Level
    ) -> None:
        self.bad: dict[str, str] = {}
        self.names: list[str] = []
        self.looked = self.bytes = 0
        self._repository, self._by, self._kind, self._run, self._level = repository, by, kind, run, level
        self._good: list[str] = []
        self._wrong: dict[str, str] = {}
        self._kept = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._keep(complete=True)
        elif issubclass(kind, (RemoteError, CancelledWork)):
            with hurried(self._repository.remote), suppress(RemoteError):  # the target may be what is gone
                self._keep(complete=False)

    def add(self, found: Finding, size: int = 0) -> None:
        """One more file was looked at."""
        self.looked += 1
        self.bytes += size
        if not found.reason:
            self._good.append(found.name)
        else:
            self.bad[found.name] = found.reason
            if not found.listed:  # else it is whole again as soon as a listing shows it so
                self._wrong[found.name] = found.reason
        if len(self._good) >= MOST_NAMES or time.monotonic() - self._kept > KEEP_S:
            self._keep(complete=False)

    def _keep(self, *, complete: bool) -> None:
        self._kept = time.monotonic()
        if not (self._good or self._wrong or complete):
            return
        now = datetime.now(UTC)
        check = Check(
            at=to_text(now),
            by=self._by,
            host=socket.gethostname()[:200],
            kind=self._kind,
            run=self._run,
            level=self._level,
            good=self._good,
            bad=self._wrong,
            complete=complete,
        )
        self.names.append(self._repository.add_check(check, now))
        self._good, self._wrong = [], {}


def concerned(repository: Repository, bad: Mapping[str, str], runs: Mapping[str, str]) -> list[Bad]:
    """Each bad file with the files that lie in it and are damaged, as the list of the run that `runs` names says.

    Packs that were read back wrong are read once more, some of them: most of what lies in one may be right. Raises
    RemoteError.
    """
    rotten = [name for name in sorted(bad) if bad[name] == NOT_THE_SAME and name.startswith(f"{layout.PACKS}/")]
    closely = frozenset(rotten[:CLOSELY])
    inside = {name: _Inside() for name in bad}
    for run in {runs[name] for name in bad if runs.get(name)}:
        with suppress(DamagedError, RepoError):  # that the list is damaged is told by itself
            listed = manifest.read_files(repository.files(run), repository.manifest(run).files)
            for entry in (one for one in listed if runs.get(one.blob) == run and one.blob in bad):
                inside[entry.blob].add(entry, keep=entry.blob in closely)
    return [_concerned(repository.remote, name, bad[name], inside[name]) for name in sorted(bad)]


class _Inside:
    """What lies in a bad file; all of it is kept only of some."""

    def __init__(self) -> None:
        self.files = 0
        self.paths: list[str] = []
        self.entries: list[FileEntry] = []

    def add(self, entry: FileEntry, *, keep: bool) -> None:
        self.files += 1
        if len(self.paths) < SHOWN:
            self.paths.append(entry.path)
        if keep:
            self.entries.append(entry)


def _concerned(remote: Remote, name: str, reason: str, inside: _Inside) -> Bad:
    if inside.entries:
        found = inside.entries
        with suppress(RemoteError):
            found = list(_damaged(remote, name, sorted(inside.entries, key=lambda one: one.offset or 0)))
            reason += "" if found else ", but those of every file in it are"
        return Bad(name=name, reason=reason, files=len(found), paths=[one.path for one in found[:SHOWN]])
    return Bad(name=name, reason=reason, files=inside.files, paths=inside.paths)


def _damaged(remote: Remote, name: str, entries: Sequence[FileEntry]) -> Iterator[FileEntry]:
    """Those of the entries of a pack, in the order of their offsets, whose bytes are not right there."""
    before: FileEntry | None = None
    is_bad = False
    with remote.open(name) as blocks:
        cutter = Cutter(blocks, 0)
        for entry in entries:
            if before is None or before.offset != entry.offset:  # two paths of the same bytes
                digest = hashlib.sha256()
                for block in cutter.take(entry.offset or 0, entry.size):
                    digest.update(block)
                is_bad = digest.hexdigest() != entry.sha256
            before = entry
            if is_bad:
                yield entry
