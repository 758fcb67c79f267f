"""Import: find pictures, look at them in guarded workers, keep the originals, write down what they are.

Files first, rows after, in batches of one transaction: an import that is interrupted leaves nothing half-written, and
the same command again completes it.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.errors import StorageError
from binscout_tui.imaging.groups import source_group
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Limits, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Found, scan
from binscout_tui.operations import in_place
from binscout_tui.operations.grouping import FolderSets
from binscout_tui.operations.originals import ChangedError, hash_of, keep_copy, original_path
from binscout_tui.operations.report import Rejection
from binscout_tui.settings import ImportSettings
from binscout_tui.store import images, labels
from binscout_tui.store.images import Image, NewImage
from binscout_tui.workspace import Workspace

BATCH = 64
Progress = Callable[[int, int], None]


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did. `skipped` counts sidecars and system files, `labelled` labels taken from folders."""

    imported: int = 0
    duplicates: int = 0
    sets: int = 0
    labelled: int = 0
    skipped: int = 0
    rejected: list[Rejection] = []
    conflicts: list[Rejection] = []
    not_in_a_set: list[Rejection] = []


def import_paths(
    workspace: Workspace,
    paths: Iterable[Path],
    *,
    sets: Literal["none", "folder"] = "none",
    labels_from: Literal["none", "folder"] = "none",
    keep_in_place: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Import every picture under `paths`; a file that cannot be used never stops the others.

    Raises StorageError when the disk is full or read-only; what was imported until then stays.
    """
    return _Import(workspace, sets, labels_from, keep_in_place, on_progress).run(paths)


class _Import:
    def __init__(
        self, workspace: Workspace, sets: str, labels_from: str, keep_in_place: bool, on_progress: Progress
    ) -> None:
        self.workspace = workspace
        self.labels_from = labels_from
        self.keep_in_place = keep_in_place
        self.on_progress = on_progress
        self.report = ImportReport()
        self.folder_sets = FolderSets() if sets == "folder" else None
        self.pending: list[tuple[Path, NewImage | Image]] = []

    def run(self, paths: Iterable[Path]) -> ImportReport:
        found = list(self._scan(paths))
        total = len(found)
        limits = decode_limits(self.workspace.settings.importing)
        with DecodePool(self.workspace.paths.previews, limits) as pool:
            fresh = self._unknown(found, total)
            for outcome in pool.run(fresh):
                self._take(outcome)
                self._progress(total)
        self._flush()
        self._progress(total)
        if self.folder_sets is not None:
            self.report.sets, self.report.not_in_a_set = self.workspace.db.write(self.folder_sets.write)
        return self.report

    def _scan(self, paths: Iterable[Path]) -> Iterator[Path]:
        for entry in scan(paths):
            if isinstance(entry, Found):
                yield entry.path
            elif isinstance(entry, Rejected):
                self._reject(entry)
            else:
                self.report.skipped += 1

    def _unknown(self, found: list[Path], total: int) -> Iterator[Path]:
        """The files whose bytes are not in the workspace yet; the others are dealt with here."""
        known_sizes = self.workspace.db.read(images.sizes)
        for path in found:
            known = self._known(path, known_sizes)
            if known is None:
                yield path
            else:
                self._keep(path, known)
                self._progress(total)

    def _known(self, path: Path, sizes: set[int]) -> Image | None:
        read = self.workspace.db.read
        try:
            stat = path.stat()
            if stat.st_size not in sizes:
                return None
            there = read(images.by_path, path.absolute())
            if there and (there.bytes, there.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
                return there
            return read(images.by_hash, hash_of(path))
        except OSError:
            return None  # The decoder says in words what is wrong with it.

    def _take(self, outcome: Outcome) -> None:
        if isinstance(outcome, Rejected):
            self._reject(outcome)
            return
        try:
            self._keep(outcome.path, self._stored(outcome))
        except ChangedError:
            self._reject(Rejected.of(outcome.path, Code.CHANGED_WHILE_READING))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise disk_error(str(error.strerror), self.workspace.paths.root) from error
            self._reject(Rejected.of(outcome.path, Code.UNREADABLE, error.strerror or ""))

    def _keep(self, path: Path, image: NewImage | Image) -> None:
        self.pending.append((path, image))
        if len(self.pending) >= BATCH:
            self._flush()

    def _stored(self, decoded: Decoded) -> NewImage:
        path = decoded.path.absolute()
        if not self.keep_in_place:
            path = original_path(decoded.sha256, decoded.format)
            keep_copy(decoded.path, self.workspace.paths.root / path, decoded.sha256)
        folder = decoded.path.absolute().parent
        return NewImage(
            sha256=decoded.sha256,
            storage="in_place" if self.keep_in_place else "copy",
            path=path,
            name=display_name(decoded.path.name),
            source=display_name(decoded.path.absolute()),
            bytes=decoded.bytes,
            mtime_ns=decoded.mtime_ns,
            width=decoded.width,
            height=decoded.height,
            format=decoded.format,
            mode=decoded.mode,
            frames=decoded.frames,
            orientation=decoded.orientation,
            taken_at=decoded.taken_at,
            family=display_name(folder.parent.name) if self.labels_from == "folder" else "",
            source_group=display_name(source_group(decoded.path.absolute()) or f"image {decoded.sha256[:16]}"),
            phash=decoded.phash,
            sharpness=decoded.sharpness,
            warnings=decoded.warnings,
        )

    def _flush(self) -> None:
        if self.pending:
            self.workspace.db.write(self._add_all)
            self.pending.clear()

    def _add_all(self, db: sqlite3.Connection) -> None:
        for path, new in self.pending:
            if isinstance(new, Image):
                self._duplicate(db, path, new)
                continue
            if self.keep_in_place:
                in_place.make_room(db, new.path, new.sha256)
            image_id, added = images.add(db, self.workspace.user.uid, new)
            if added:
                self.report.imported += 1
                self._annotate(db, path, image_id)
            else:
                self._duplicate(db, path, images.get(db, image_id))

    def _duplicate(self, db: sqlite3.Connection, path: Path, image: Image) -> None:
        self.report.duplicates += 1
        in_place.found_again(db, image, path)
        self._annotate(db, path, image.id)

    def _annotate(self, db: sqlite3.Connection, path: Path, image_id: int) -> None:
        if self.labels_from == "folder":
            name = display_name(path.absolute().parent.name)
            if labels.import_label(db, self.workspace.user.uid, image_id, name):
                self.report.labelled += 1
            else:
                self.report.conflicts.append(
                    Rejection(display_name(path), "label_conflict", "The same picture has another label already.")
                )
        if self.folder_sets is not None:
            self.folder_sets.add(path.absolute(), image_id)

    def _reject(self, rejected: Rejected) -> None:
        self.report.rejected.append(Rejection(display_name(rejected.path), str(rejected.code), rejected.reason))

    def _progress(self, total: int) -> None:
        done = self.report.imported + self.report.duplicates + len(self.report.rejected) + len(self.pending)
        self.on_progress(min(done, total), total)


def decode_limits(settings: ImportSettings) -> Limits:
    """The decoder's limits in its own units."""
    return Limits(
        pixels=int(settings.max_megapixels * 1_000_000),
        seconds=settings.max_seconds,
        memory=settings.max_memory_mb << 20,
        file_bytes=settings.max_file_mb << 20,
    )


def disk_error(what: str, root: Path) -> StorageError:
    """The workspace's disk cannot take more."""
    return StorageError(
        f"The workspace {root} cannot be written: {what}. What was imported until then is safe.",
        hint="Free some space, then run the same command again: it goes on where it stopped.",
        code="disk_full",
    )
