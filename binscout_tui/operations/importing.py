"""Import: find pictures, look at them in guarded workers, keep the originals, write down what they are.

Files first, rows after, in batches of one transaction: an import that is interrupted leaves nothing half-written, and
the same command again completes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.imaging.groups import source_group
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Limits, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Found, scan
from binscout_tui.operations import in_place
from binscout_tui.operations.grouping import By, Rule, group_found
from binscout_tui.operations.grouping import Found as FoundFile
from binscout_tui.operations.originals import ChangedError, UnreadableError, hash_of, keep_copy, original_path
from binscout_tui.operations.own_files import is_own
from binscout_tui.operations.report import Rejection
from binscout_tui.operations.suggesting import for_sets
from binscout_tui.settings import ImportSettings
from binscout_tui.store import images, labels
from binscout_tui.store.images import Image, NewImage
from binscout_tui.workspace import Workspace

BATCH = 64
Progress = Callable[[int, int], None]


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did.

    `skipped` counts sidecars and what belongs to systems or workspaces, `labelled` labels taken from folders,
    `refused_paths` those of the given paths that could themselves not be used.
    """

    imported: int = 0
    duplicates: int = 0
    sets: int = 0
    sets_known: int = 0
    in_sets: int = 0
    labelled: int = 0
    skipped: int = 0
    refused_paths: int = 0
    rejected: list[Rejection] = []
    conflicts: list[Rejection] = []
    not_in_a_set: list[Rejection] = []

    @property
    def is_useful(self) -> bool:
        """Whether every given path could be used, and anything at all came in or was there."""
        return not self.refused_paths and (self.imported + self.duplicates > 0 or not self.rejected)


class _Entry(msgspec.Struct, frozen=True):
    """A file whose image waits to be written down; `mtime_ns` is the time of the bytes that were looked at."""

    path: Path
    image: NewImage | Image
    mtime_ns: int


def import_paths(
    workspace: Workspace,
    paths: Iterable[Path],
    *,
    sets: By | Literal["none"] = "none",
    labels_from: Literal["none", "folder"] = "none",
    keep_in_place: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Import every picture under `paths`; a file that cannot be used never stops the others.

    Needs an operator. Raises StorageError when the workspace cannot be written; what was imported until then stays.
    """
    workspace.user.must_be("operator", "Importing")
    return _Import(workspace, sets, labels_from, keep_in_place, on_progress).run(paths)


class _Import:
    def __init__(
        self,
        workspace: Workspace,
        sets: By | Literal["none"],
        labels_from: str,
        keep_in_place: bool,
        on_progress: Progress,
    ) -> None:
        self.workspace = workspace
        self.labels_from = labels_from
        self.keep_in_place = keep_in_place
        self.on_progress = on_progress
        self.report = ImportReport()
        self.rule = None if sets == "none" else Rule(by=sets)
        self.found: list[FoundFile] = []
        self.pending: list[_Entry] = []
        self.given: set[Path] = set()

    def run(self, paths: Iterable[Path]) -> ImportReport:
        arguments = list(paths)
        self.given = set(arguments)
        found = list(self._scan(arguments))
        total = len(found)
        limits = decode_limits(self.workspace.settings.importing)
        with DecodePool(self.workspace.paths.previews, limits) as pool:
            fresh = self._unknown(found, total)
            for outcome in pool.run(fresh):
                self._take(outcome)
                self._progress(total)
        self._flush()
        self._progress(total)
        if self.rule is not None:
            self._group(self.rule)
        return self.report

    def _group(self, rule: Rule) -> None:
        grouped = group_found(self.workspace, rule, self.found)
        self.report.sets, self.report.sets_known, self.report.in_sets = grouped.made, grouped.known, grouped.in_sets
        self.report.not_in_a_set = [Rejection(one.path, one.code, one.reason) for one in grouped.left_out]
        for_sets(self.workspace, [one.id for one in grouped.sets if one.id is not None], self.on_progress)

    def _scan(self, paths: Iterable[Path]) -> Iterator[Path]:
        for entry in scan(paths, is_own):
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
                self._keep(known)
                self._progress(total)

    def _known(self, path: Path, sizes: set[int]) -> _Entry | None:
        read = self.workspace.db.read
        try:
            stat = path.stat()
            if stat.st_size not in sizes:
                return None
            there = read(images.by_path, path.absolute())
            if there and (there.bytes, there.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
                return _Entry(path, there, stat.st_mtime_ns)
            same = read(images.by_hash, hash_of(path))
            return _Entry(path, same, stat.st_mtime_ns) if same else None
        except OSError:
            return None  # The decoder says in words what is wrong with it.

    def _take(self, outcome: Outcome) -> None:
        if isinstance(outcome, Rejected):
            self._reject(outcome)
            return
        try:
            self._keep(_Entry(outcome.path, self._stored(outcome), outcome.mtime_ns))
        except ChangedError:
            self._reject(Rejected.of(outcome.path, Code.CHANGED_WHILE_READING))
        except UnreadableError as error:
            self._reject(Rejected.of(outcome.path, Code.UNREADABLE, error.sentence))

    def _keep(self, entry: _Entry) -> None:
        self.pending.append(entry)
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
        for entry in self.pending:
            if isinstance(entry.image, Image):
                self._duplicate(db, entry, entry.image)
                continue
            image_id, added = images.add(db, self.workspace.user.uid, entry.image)
            if added:
                self.report.imported += 1
                self._annotate(db, entry.path, image_id)
            else:
                self._duplicate(db, entry, images.get(db, image_id))

    def _duplicate(self, db: sqlite3.Connection, entry: _Entry, image: Image) -> None:
        if image.trashed_at is not None:
            self._leave_out(entry.path, "in_trash", f"The same picture is in the trash as image {image.id}.")
            return
        if image.withheld is not None:
            waits = f"The same picture is a capture that is {image.withheld}, as image {image.id}."
            self._leave_out(entry.path, "withheld", waits)
            return
        self.report.duplicates += 1
        in_place.found_again(db, image, entry.path, entry.mtime_ns)
        self._annotate(db, entry.path, image.id)

    def _annotate(self, db: sqlite3.Connection, path: Path, image_id: int) -> None:
        if self.labels_from == "folder":
            name = display_name(path.absolute().parent.name)
            if labels.import_label(db, self.workspace.user.uid, image_id, name):
                self.report.labelled += 1
            else:
                self.report.conflicts.append(
                    Rejection(display_name(path), "label_conflict", "The same picture has another label already.")
                )
        if self.rule is not None:
            place = path.absolute()
            self.found.append(FoundFile(image_id, display_name(place.parent), display_name(place.name)))

    def _reject(self, rejected: Rejected) -> None:
        self._leave_out(rejected.path, str(rejected.code), rejected.reason)

    def _leave_out(self, path: Path, code: str, reason: str) -> None:
        self.report.refused_paths += path in self.given
        self.report.rejected.append(Rejection(display_name(path), code, reason))

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
