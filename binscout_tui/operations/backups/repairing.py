"""Making stored files that are missing or bad again, from the workspace, so that old runs are whole again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.archive.repository import Listing, Repository, RunState
from binscout_tui.backup.faults import DamagedError, RepoError
from binscout_tui.backup.keeping import verifying
from binscout_tui.backup.keeping.repairing import LostError, Workshop, bring_back, replace
from binscout_tui.backup.keeping.verifying import Finding, Stored
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import RefusedError
from binscout_tui.operations.backups import restic_engine
from binscout_tui.operations.backups.noting import Bad, Notes, concerned, listen
from binscout_tui.operations.backups.opening import cache, opened
from binscout_tui.operations.backups.verifying import everything
from binscout_tui.workspace import Workspace

Report = Callable[[Progress], None]
LOOK, LISTS, REPAIR = "look", "lists", "repair"
AT_ONCE = 8
"""The files in so many packs are held in memory at once."""


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What was made again, with its bytes, and what could not be, with the reason and the files that lie in it."""

    target: str
    repaired: list[str]
    bytes: int
    lost: list[Bad]


def repair(workspace: Workspace, target: str, report: Report) -> Repaired:
    """Make everything again that a listing shows to be missing, or that was read back wrong.

    Raises RemoteError, RepoError, and what `report` raises; what is repaired by then stays so.
    """
    workspace.user.must_be("admin", "Repairing backups")
    progress = Progress((LOOK, LISTS, REPAIR), report)
    with opened(workspace, target) as on:
        if on.target.engine == "restic":
            raise RefusedError(restic_engine.NO_REPAIR, code="no_repair")
        listen(on.rclone, progress)
        progress.start(LOOK)
        room = cache(workspace, on.target.name)
        room.mkdir(parents=True, exist_ok=True)
        shop = Workshop(on.remote, workspace.paths.root, room, progress.tell)
        with Notes(on.repository, workspace.user.name, "verify", None, "read back") as notes:
            work = _Repairing(on.repository, shop, notes, progress)
            listing = work.manifests(on.repository.listing())
            progress.start(LISTS)
            known = everything(on.repository, listing, progress)
            bad = _bad(on.repository, listing, known)
            work.files(listing.runs, [known[name] for name in bad])
        reasons = {name: f"{bad.get(name, '')}; {why}".lstrip("; ") for name, why in work.lost.items()}
        runs = {name: known[name].run for name in reasons if name in known}
        on.look_again()
        return Repaired(
            target=on.target.name,
            repaired=work.repaired,
            bytes=work.bytes,
            lost=concerned(on.repository, reasons, runs),
        )


def _bad(repository: Repository, listing: Listing, known: Mapping[str, Stored]) -> dict[str, str]:
    """Why each bad file is bad, by name."""
    sizes = {entry.name: entry.size for entry in repository.remote.list(layout.RUNS)} | listing.blobs
    found = {one.name: one.reason for one in verifying.by_size(known.values(), sizes) if one.reason}
    return found | {name: reason for name, reason in listing.bad.items() if name in known}


class _Repairing:
    def __init__(self, repository: Repository, shop: Workshop, notes: Notes, progress: Progress) -> None:
        self.repaired: list[str] = []
        self.lost: dict[str, str] = {}
        self.bytes = 0
        self._repository, self._shop, self._notes, self._progress = repository, shop, notes, progress

    def manifests(self, listing: Listing) -> Listing:
        """Put each manifest that cannot be read on the target in its place again, from what is kept of it here.

        The listing of what is there then.
        """
        for state in listing.runs:
            name = layout.run_file(state.run, layout.MANIFEST)
            if state.state == "abandoned" or self._is_whole(state.run, name):
                continue
            kept = self._repository.kept_manifest(state.run, listing.repo) if listing.repo is not None else b""
            if kept:
                path = self._repository.cache / layout.RUNS / state.run / layout.MANIFEST
                self._put(path, Stored(name, len(kept), hashlib.sha256(kept).hexdigest()))
            else:
                self.lost[name] = "it cannot be read, and there is no copy of it here"
        return self._repository.listing() if self.repaired else listing

    def files(self, runs: Sequence[RunState], bad: Sequence[Stored]) -> None:
        """Make bad files of these runs again, where that can be."""
        self._progress.start(REPAIR, sum(one.size for one in bad), len(bad))
        blobs = [one for one in bad if layout.blob_hash(one.name)]
        for one in bad:
            if one not in blobs:
                self._part(one)
        for start in range(0, len(blobs), AT_ONCE):
            some = blobs[start : start + AT_ONCE]
            entries = _entries(self._repository, runs, frozenset(one.name for one in some))
            for one in some:
                self._blob(one, entries[one.name])

    def _blob(self, one: Stored, entries: Sequence[FileEntry]) -> None:
        try:
            with self._shop.made_again(one, entries) as path:
                self._put(path, one)
        except LostError as error:
            self._bring_back(one, str(error))

    def _part(self, one: Stored) -> None:
        """A list of a run, from what is kept of it here."""
        _, run, name = one.name.split("/")
        found = self._repository.manifest(run)
        part = next(part for part in (found.files, found.blobs, found.records) if part.name == name)
        kept = self._repository.kept_part(self._repository.cache, run, part)
        if kept is None:
            self._bring_back(one, "there is no copy of it here")
        else:
            self._put(kept, one)

    def _is_whole(self, run: str, name: str) -> bool:
        remote = self._repository.remote
        with suppress(DamagedError, RepoError):
            if remote.exists(name) is None:
                return False
            manifest.decode(remote.read(name, manifest.LONGEST_MANIFEST), run)
            return True
        return False

    def _put(self, path: Path, one: Stored) -> None:
        replace(self._repository.remote, path, one, lambda moved: self._progress.tell())
        self._is_right(one)

    def _bring_back(self, one: Stored, reason: str) -> None:
        """What cannot be made again for `reason` may have been, by a repair that was cut off at its very end."""
        if bring_back(self._repository.remote, one, lambda moved: self._progress.tell()):
            self._is_right(one)
        else:
            self._give_up(one, reason)

    def _is_right(self, one: Stored) -> None:
        self._notes.add(Finding(one.name, ""), one.size)
        self.repaired.append(one.name)
        self.bytes += one.size
        self._progress.advance(one.size, 1)

    def _give_up(self, one: Stored, reason: str) -> None:
        self.lost[one.name] = reason
        self._progress.advance(one.size, 1)


def _entries(repository: Repository, runs: Sequence[RunState], names: frozenset[str]) -> dict[str, list[FileEntry]]:
    """What lies in each of the blobs `names`, the oldest run that says so first."""
    found: dict[str, list[FileEntry]] = {name: [] for name in names}
    places: set[tuple[str, int | None]] = set()
    for run in reversed(runs):
        for entry in _listed(repository, run):
            if entry.blob in names and (entry.blob, entry.offset) not in places:
                places.add((entry.blob, entry.offset))
                found[entry.blob].append(entry)
    return found


def _listed(repository: Repository, run: RunState) -> Iterator[FileEntry]:
    if run.manifest is None:
        return
    with suppress(DamagedError):
        yield from manifest.read_files(repository.files(run.run), run.manifest.files)
