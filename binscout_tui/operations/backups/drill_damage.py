"""What a drill finds to be bad is written down on the target, so that lists and later runs know it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import FileEntry, Manifest
from binscout_tui.backup.archive.repository import Repository
from binscout_tui.backup.keeping import verifying
from binscout_tui.backup.keeping.verifying import Stored
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic.repository import ResticRepository
from binscout_tui.backup.restoring import extract
from binscout_tui.backup.restoring.staging import Missing
from binscout_tui.operations.backups.noting import Notes, listen
from binscout_tui.operations.backups.opening import opened
from binscout_tui.workspace import Workspace

READ = "read back"


def note_damage(
    workspace: Workspace, target: str, run: Manifest, missing: Sequence[Missing], report: Callable[[Progress], None]
) -> None:
    """Read back the stored files in which `missing` of a run lie, without any the run's own, and write that down.

    restic keeps no such notes. Raises RemoteError, DamagedError where the lists of the run cannot be read, and what
    `report` raises.
    """
    progress = Progress((READ,), report)
    with opened(workspace, target) as on:
        if isinstance(on.repository, ResticRepository):
            return
        listen(on.rclone, progress)
        listing = on.repository.listing()
        wanted = list(_suspects(on.repository, run, missing)) or verifying.parts(run)
        sizes = {entry.name: entry.size for entry in on.remote.list(layout.RUNS)} | listing.blobs
        weights = {one.name: one.size for one in wanted}
        progress.start(READ, sum(weights.values()), len(wanted))
        with Notes(on.repository, workspace.user.name, "verify", run.run, "read back") as notes:
            for found in verifying.read_back(on.remote, wanted, sizes, progress, workspace.settings.backup.transfers):
                notes.add(found, weights[found.name])
        on.look_again()


def _suspects(repository: Repository, run: Manifest, missing: Sequence[Missing]) -> Iterator[Stored]:
    """The stored files in which the files lie that cannot be had."""
    paths = {one.path for one in missing}
    hashes = {Path(path).stem for path in paths}
    names = {
        entry.blob
        for entry in (manifest.read_files(repository.files(run.run), run.files) if missing else ())
        if _place(entry) in paths or entry.sha256 in hashes  # an image in place comes back under its hash
    }
    if names:
        listed = manifest.read_blobs(repository.blobs(run.run), run.blobs)
        yield from verifying.stored(run.run, (blob for blob in listed if blob.name in names))


def _place(entry: FileEntry) -> str:
    return "" if entry.kind in ("outside", "other") else os.fsdecode(extract.place(entry))
