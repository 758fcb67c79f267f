"""Proving what a target holds: one run, or over time everything; what was found is written down on the target."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Manifest
from binscout_tui.backup.archive.repository import Listing, Repository
from binscout_tui.backup.faults import DamagedError, RemoteError, RepoError
from binscout_tui.backup.keeping import verifying
from binscout_tui.backup.keeping.verifying import Finding, Stored
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic.repository import ResticRepository
from binscout_tui.errors import UsageError
from binscout_tui.operations.backups import restic_engine
from binscout_tui.operations.backups.naming import find_run
from binscout_tui.operations.backups.noting import Bad, Level, Notes, concerned, listen
from binscout_tui.operations.backups.opening import Opened, cache, opened
from binscout_tui.workspace import Workspace

Report = Callable[[Progress], None]
LOOK, LISTS, READ, RECORDS = "look", "lists", "read back", "records"
EIGHTH = 1 / 8


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found. `run` is None for a scrub; `looked` stored files of `bytes` were looked at, of `all_files`.

    `checks` are the names of its records on the target.
    """

    target: str
    run: str | None
    level: Level
    looked: int
    all_files: int
    bytes: int
    bad: list[Bad]
    seconds: float
    checks: list[str]

    @property
    def is_good(self) -> bool:
        """Whether all that was looked at is as it was stored."""
        return not self.bad


def verify(workspace: Workspace, target: str, run: str, report: Report, level: Level = "read back") -> Verified:
    """Look at one run: its lists, its blobs, its records; by sizes alone or by reading every byte back.

    Raises RemoteError, NotFoundError, UsageError, RepoError, and what `report` raises; what is proven by then is kept.
    """
    workspace.user.must_be("operator", "Verifying a backup")
    if level not in ("sizes", "read back"):
        raise UsageError(f"There is no level {level!r}.", hint="Levels are `sizes` and `read back`.", code="no_level")
    began = time.monotonic()
    progress = Progress((LOOK, LISTS, READ, RECORDS) if level == "read back" else (LOOK, LISTS), report)
    with opened(workspace, target) as on:
        if isinstance(on.repository, ResticRepository):
            return _by_restic(workspace, on, on.repository, run, level, 0, progress, began)
        listen(on.rclone, progress)
        progress.start(LOOK)
        listing = on.repository.listing()
        chosen = find_run(listing.runs, run).run
        with Notes(on.repository, workspace.user.name, "verify", chosen, level) as notes:
            wanted = _Verifying(workspace, on, listing, notes, progress).run(chosen, level)
        bad = concerned(on.repository, notes.bad, dict.fromkeys(notes.bad, chosen))
        on.look_again()
        return _verified(on, chosen, level, len(wanted) + 1, notes, bad, began)


def named(workspace: Workspace, target: str, run: str) -> str:
    """The id of the run that `run` means on the target now.

    Raises RemoteError, NotFoundError, UsageError, RepoError.
    """
    with opened(workspace, target) as on:
        return find_run(on.repository.listing().runs, run).run


def scrub(workspace: Workspace, target: str, report: Report, share: float = EIGHTH) -> Verified:
    """Read back the `share` (0..1, of the bytes) of everything stored that was read longest ago, or never.

    Raises as `verify`.
    """
    workspace.user.must_be("operator", "Scrubbing backups")
    if not 0 < share <= 1:
        raise UsageError("The share is above 0 and at most 1.", code="share")
    began = time.monotonic()
    progress = Progress((LOOK, LISTS, READ), report)
    with opened(workspace, target) as on:
        if isinstance(on.repository, ResticRepository):
            return _by_restic(workspace, on, on.repository, None, "read back", share, progress, began)
        listen(on.rclone, progress)
        progress.start(LOOK)
        listing = on.repository.listing()
        progress.start(LISTS)
        known = everything(on.repository, listing, progress)
        wanted = verifying.due(known.values(), on.repository.proven(listing.checks).good, share)
        with Notes(on.repository, workspace.user.name, "scrub", None, "read back") as notes:
            _Verifying(workspace, on, listing, notes, progress).read_back(wanted)
        bad = concerned(on.repository, notes.bad, {name: known[name].run for name in notes.bad})
        on.look_again()
        return _verified(on, None, "read back", len(known), notes, bad, began)


def _by_restic(
    workspace: Workspace,
    on: Opened,
    store: ResticRepository,
    run: str | None,
    level: Level,
    share: float,
    progress: Progress,
    began: float,
) -> Verified:
    progress.start(LOOK)
    chosen = None if run is None else restic_engine.chosen(store, run).run
    with restic_engine.looking(store, cache(workspace, on.target.name), progress) as look:
        bad = look.part(share) if chosen is None else look.run(chosen, level)
        on.look_again()
        return Verified(
            target=on.target.name,
            run=chosen,
            level=level,
            looked=look.looked,
            all_files=look.all_files,
            bytes=look.bytes,
            bad=bad,
            seconds=restic_engine.took(began),
            checks=[],
        )


def everything(repository: Repository, listing: Listing, progress: Progress) -> dict[str, Stored]:
    """All files that runs with a readable manifest need, by name, each with the newest run that needs it.

    A list that cannot be read is left out: its file is among those, and is found to be bad when it is read back.
    """
    found: dict[str, Stored] = {}
    for state in reversed(listing.runs):
        if state.manifest is None:
            continue
        progress.tell()
        found.update((one.name, one) for one in verifying.parts(state.manifest))
        with suppress(DamagedError):
            listed = manifest.read_blobs(repository.blobs(state.run), state.manifest.blobs)
            found.update((one.name, one) for one in verifying.stored(state.run, listed))
    return found


class _Verifying:
    """One look at a target, what it found going into `notes`."""

    def __init__(self, workspace: Workspace, on: Opened, listing: Listing, notes: Notes, progress: Progress) -> None:
        self._on, self._listing, self._notes, self._progress = on, listing, notes, progress
        self._transfers = workspace.settings.backup.transfers
        self._room = cache(workspace, on.target.name)
        self._sizes: dict[str, int] = {}

    def run(self, run: str, level: Level) -> Sequence[Stored]:
        """Look at all of one run; the stored files that it needs."""
        self._progress.start(LISTS)
        name = layout.run_file(run, layout.MANIFEST)
        try:
            found = self._manifest(run)
        except (DamagedError, RepoError) as error:
            self._notes.add(Finding(name, error.sentence))
            return ()
        wanted = verifying.parts(found)
        unreadable = ""
        try:
            listed = manifest.read_blobs(self._on.repository.blobs(run), found.blobs)
            wanted += verifying.stored(run, listed)
        except DamagedError as error:
            unreadable = error.sentence
        if level == "sizes":
            self._by_size(wanted)
        else:
            self.read_back(wanted)
        # A part that is bad has been told; what is odd inside of one that is whole is told of the manifest.
        whole = not any(one.name in self._notes.bad for one in verifying.parts(found))
        odd = (unreadable or self._odd(found, level)) if whole else ""
        self._notes.add(Finding(name, odd))
        return wanted

    def _manifest(self, run: str) -> Manifest:
        """As it is stored now, whatever is kept here. Raises DamagedError, RepoError, RemoteError."""
        name = layout.run_file(run, layout.MANIFEST)
        try:
            found = manifest.decode(self._on.remote.read(name, manifest.LONGEST_MANIFEST), run)
        except RemoteError as error:
            if error.code != "not_found":
                raise
            raise DamagedError("It is missing: the run was never finished, or was deleted.") from error
        if self._listing.repo is not None and found.repo != self._listing.repo.id:
            raise DamagedError("It belongs to another store of backups.")
        return found

    def _by_size(self, wanted: Sequence[Stored]) -> None:
        for found in verifying.by_size(wanted, self._all_sizes()):
            self._notes.add(found)

    def read_back(self, wanted: Sequence[Stored]) -> None:
        """Read files back."""
        sizes = {one.name: one.size for one in wanted}
        self._progress.start(READ, sum(sizes.values()), len(wanted))
        found = verifying.read_back(self._on.remote, wanted, self._all_sizes(), self._progress, self._transfers)
        for one in found:
            self._notes.add(one, sizes[one.name])

    def _all_sizes(self) -> Mapping[str, int]:
        if not self._sizes:
            self._sizes = {entry.name: entry.size for entry in self._on.remote.list(layout.RUNS)} | self._listing.blobs
        return self._sizes

    def _odd(self, run: Manifest, level: Level) -> str:
        """What contradicts itself inside of parts that are as they were stored."""
        repository = self._on.repository
        try:
            odd = verifying.odd_lists(run, repository.files(run.run), repository.blobs(run.run))
            if not odd and level == "read back":
                odd = self._odd_records(run)
        except DamagedError as error:
            return error.sentence
        return odd

    def _odd_records(self, run: Manifest) -> str:
        self._progress.start(RECORDS, run.records.size)
        self._room.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tmp-verify-", dir=self._room) as name:
            archive = Path(name) / layout.RECORDS
            self._on.repository.records(run.run, archive, self._progress.at)
            return verifying.odd_records(run, archive, Path(name) / "records", self._progress)


def _verified(
    on: Opened, run: str | None, level: Level, all_files: int, notes: Notes, bad: list[Bad], began: float
) -> Verified:
    return Verified(
        target=on.target.name,
        run=run,
        level=level,
        looked=notes.looked,
        all_files=all_files,
        bytes=notes.bytes,
        bad=bad,
        seconds=round(time.monotonic() - began, 3),
        checks=notes.names,
    )
