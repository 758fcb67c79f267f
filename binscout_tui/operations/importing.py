"""Import: find pictures, look at them in guarded workers, keep the originals, write down what they are.

Files first, rows after, in batches of one transaction: an import that is interrupted leaves nothing half-written, and
the same command again completes it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.imaging.groups import source_group
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Glanced, Limits, Outcome, Rejected, Told
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Found, scan
from binscout_tui.operations import examining, in_place
from binscout_tui.operations.grouping import By, Rule, group_found
from binscout_tui.operations.grouping import Found as FoundFile
from binscout_tui.operations.originals import (
    ChangedError,
    UnreadableError,
    hash_of,
    keep_again,
    keep_copy,
    original_path,
)
from binscout_tui.operations.own_files import is_own
from binscout_tui.operations.report import Rejection
from binscout_tui.operations.suggesting import for_sets
from binscout_tui.operations.taken import Dates, taken_at
from binscout_tui.settings import ImportSettings
from binscout_tui.store import events, images, imported_labels, labels, told
from binscout_tui.store import examining as damaged
from binscout_tui.store.images import Image, NewImage
from binscout_tui.workspace import Workspace

BATCH = 64
# What a decoder said of these may be otherwise on another day, or with other limits.
WORTH_ANOTHER_TRY = frozenset(
    {Code.TIMEOUT, Code.CRASHED, Code.OUT_OF_MEMORY, Code.TOO_MANY_PIXELS, Code.TOO_LARGE, Code.NEEDS_PLUGIN}
)
Progress = Callable[[int, int], None]


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did.

    `skipped` counts sidecars and what belongs to systems or workspaces, `labelled` labels taken from folders that are
    new, `labels_known` those that the images had already, `refused_paths` those of the given paths that could
    themselves not be used. `previews` is the job that examines what was only glanced at, None where nothing waits.
    """

    imported: int = 0
    duplicates: int = 0
    sets: int = 0
    sets_known: int = 0
    in_sets: int = 0
    labelled: int = 0
    labels_known: int = 0
    skipped: int = 0
    refused_paths: int = 0
    rejected: list[Rejection] = []
    conflicts: list[Rejection] = []
    not_in_a_set: list[Rejection] = []
    previews: examining.Previews | None = None

    @property
    def is_useful(self) -> bool:
        """Whether every given path could be used, and anything at all came in or was there."""
        return not self.refused_paths and (self.imported + self.duplicates > 0 or not self.rejected)


class Entry(msgspec.Struct, frozen=True):
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
    dates: Dates = "both",
    on_progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Import every picture under `paths`; a file that cannot be used never stops the others.

    `dates` says where moments come from: both is the metadata, else the name.
    Needs an operator. Raises StorageError when the workspace cannot be written; what was imported until then stays.
    """
    workspace.user.must_be("operator", "Importing")
    return ImportRun(workspace, sets, labels_from, keep_in_place, dates, on_progress).run(paths)


class ImportRun:
    """One import. `run` looks at everything in full; a way that does less first overrides it."""

    def __init__(
        self,
        workspace: Workspace,
        sets: By | Literal["none"],
        labels_from: str,
        keep_in_place: bool,
        dates: Dates,
        on_progress: Progress,
    ) -> None:
        self.workspace = workspace
        self.labels_from = labels_from
        self.keep_in_place = keep_in_place
        self.dates = dates
        self.on_progress = on_progress
        self.report = ImportReport()
        self.rule = None if sets == "none" else Rule(by=sets)
        self.found: list[FoundFile] = []
        self.pending: list[Entry] = []
        self.said: list[tuple[int, str]] = []
        self.batch = BATCH
        self.given: set[Path] = set()
        self.told: dict[str, Told] = {}

    def run(self, paths: Iterable[Path]) -> ImportReport:
        """Import what is at `paths`."""
        found = [one.path for one in self._scan(paths)]
        total = len(found)
        limits = decode_limits(self.workspace.settings.importing)
        with DecodePool(self.workspace.paths.previews, limits) as pool:
            fresh = self._unknown(found, total)
            for outcome in pool.run(fresh):
                self._take(outcome)
                self._progress(total)
        self._flush()
        self._progress(total)
        self.report.previews = self.workspace.db.write(examining.enqueue, self.workspace.user.uid)
        if self.rule is not None:
            self._group(self.rule)
        return self.report

    def _group(self, rule: Rule) -> None:
        grouped = group_found(self.workspace, rule, self.found)
        self.report.sets, self.report.sets_known, self.report.in_sets = grouped.made, grouped.known, grouped.in_sets
        self.report.not_in_a_set = [Rejection(one.path, one.code, one.reason) for one in grouped.left_out]
        for_sets(self.workspace, [one.id for one in grouped.sets if one.id is not None], self.on_progress)

    def _scan(self, paths: Iterable[Path]) -> Iterator[Found]:
        arguments = [_without_dots(path) for path in paths]
        self.given = set(arguments)
        for entry in scan(arguments, is_own):
            if isinstance(entry, Found):
                yield entry
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

    def _known(self, path: Path, sizes: set[int]) -> Entry | None:
        read = self.workspace.db.read
        try:
            stat = path.stat()
            if stat.st_size not in sizes:
                return None
            there = read(images.by_path, path.absolute())
            if there and (there.bytes, there.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
                return Entry(path, there, stat.st_mtime_ns)
            same = read(images.by_hash, hash_of(path), concealed=True)
            return Entry(path, same, stat.st_mtime_ns) if same else None
        except OSError:
            return None  # The decoder says in words what is wrong with it.

    def _take(self, outcome: Outcome) -> None:
        if isinstance(outcome, Rejected):
            self._reject(outcome)
            return
        with self._or_rejected(outcome.path):
            image = self._stored(outcome)
            self.told[outcome.sha256] = outcome.told
            self._keep(Entry(outcome.path, image, outcome.mtime_ns))

    @contextmanager
    def _or_rejected(self, path: Path) -> Iterator[None]:
        """A file whose bytes cannot be kept is rejected."""
        try:
            yield
        except ChangedError:
            self._reject(Rejected.of(path, Code.CHANGED_WHILE_READING))
        except UnreadableError as error:
            self._reject(Rejected.of(path, Code.UNREADABLE, error.sentence))

    def _keep(self, entry: Entry) -> None:
        self.pending.append(entry)
        if len(self.pending) >= self.batch:
            self._flush()

    def _stored(self, decoded: Decoded) -> NewImage:
        path = decoded.path.absolute()
        if not self.keep_in_place:
            path = original_path(decoded.sha256, decoded.format)
            keep_copy(decoded.path, self.workspace.paths.root / path, decoded.sha256)
        return msgspec.structs.replace(
            self._described(decoded.path.absolute(), decoded),
            path=path,
            frames=decoded.frames,
            phash=decoded.phash,
            sharpness=decoded.sharpness,
            warnings=decoded.warnings,
            examined=True,
        )

    def _described(self, source: Path, seen: Decoded | Glanced) -> NewImage:
        """The image that stays at the absolute path `source`, as far as a glance tells."""
        return NewImage(
            sha256=seen.sha256,
            storage="in_place" if self.keep_in_place else "copy",
            path=source,
            name=display_name(source.name),
            source=display_name(source),
            bytes=seen.bytes,
            mtime_ns=seen.mtime_ns,
            width=seen.width,
            height=seen.height,
            format=seen.format,
            mode=seen.mode,
            orientation=seen.orientation,
            taken_at=taken_at(self.dates, seen.taken_at, source.name),
            family=display_name(source.parent.parent.name) if self.labels_from == "folder" else "",
            source_group=display_name(source_group(source) or f"image {seen.sha256[:16]}"),
            examined=False,
        )

    def _flush(self) -> None:
        if self.pending:
            self.workspace.db.write(self._add_all)
            self.pending.clear()
            self.told.clear()

    def _add_all(self, db: sqlite3.Connection) -> None:
        new = []
        for entry in self.pending:
            if isinstance(entry.image, Image):
                self._label_new(db)
                self._duplicate(db, entry, entry.image)
                continue
            with self._or_rejected(entry.path):
                new += self._enter_one(db, entry, entry.image)
        self._label_new(db)
        self.report.imported += len(new)
        events.emit_all(db, "image", new)

    def _enter_one(self, db: sqlite3.Connection, entry: Entry, image: NewImage) -> list[int]:
        """The id of the image, where it is new. Raises what `keep_copy` raises; then nothing was entered."""
        if image.storage == "copy":
            keep_again(entry.path, self.workspace.paths.root / image.path, image.sha256)
        image_id, added = images.enter(db, self.workspace.user.uid, image)
        if not added:
            self._label_new(db)
            self._duplicate(db, entry, images.get(db, image_id, concealed=True))
            return []
        told.note(db, image_id, self.told.get(image.sha256, Told()), quietly=True)
        self._annotate_new(db, entry.path, image_id)
        return [image_id]

    def _duplicate(self, db: sqlite3.Connection, entry: Entry, image: Image) -> None:
        if image.withheld == images.HIDDEN:
            # It is here already, and more is not to be known of it: nothing is said of it and no set has it.
            self.report.duplicates += 1
            in_place.found_again(db, image, entry.path, entry.mtime_ns)
            return
        if image.trashed_at is not None:
            self._leave_out(entry.path, "in_trash", f"The same picture is in the trash as image {image.id}.")
            return
        damage = damaged.damage_of(db, image.id)
        if damage is not None and damage.code not in WORTH_ANOTHER_TRY:
            self._leave_out(entry.path, damage.code, damage.reason)
            return
        if damage is not None:
            damaged.again(db, image.id)
        elif image.withheld is not None:
            waits = f"The same picture is a capture that is {image.withheld}, as image {image.id}."
            self._leave_out(entry.path, "withheld", waits)
            return
        self.report.duplicates += 1
        in_place.found_again(db, image, entry.path, entry.mtime_ns)
        self._annotate(db, entry.path, image.id)

    def _label_new(self, db: sqlite3.Connection) -> None:
        """Write the labels of new images; before those of duplicates, which may be of the same pictures."""
        if self.said:
            imported_labels.take_over(db, self.workspace.user.uid, self.said)
            self.report.labelled += len(self.said)
            self.said.clear()

    def _annotate_new(self, db: sqlite3.Connection, path: Path, image_id: int) -> None:
        """`_annotate` for an image of which nothing was said before: labels are written together."""
        if self.labels_from == "folder":
            self.said.append((image_id, display_name(path.absolute().parent.name)))
        self._group_later(path, image_id)

    def _annotate(self, db: sqlite3.Connection, path: Path, image_id: int) -> None:
        if self.labels_from == "folder":
            name = display_name(path.absolute().parent.name)
            outcome = labels.import_label(db, self.workspace.user.uid, image_id, name)
            self.report.labelled += outcome == "new"
            self.report.labels_known += outcome == "known"
            if outcome == "other":
                self.report.conflicts.append(
                    Rejection(display_name(path), "label_conflict", "The same picture has another label already.")
                )
        self._group_later(path, image_id)

    def _group_later(self, path: Path, image_id: int) -> None:
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


def _without_dots(path: Path) -> Path:
    """The same place without `..`, which would stay in what is written down of a file, and lead elsewhere one day."""
    if ".." not in path.parts:
        return path
    if path.name == "..":
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent)) / path.name


def decode_limits(settings: ImportSettings) -> Limits:
    """The decoder's limits in its own units."""
    return Limits(
        pixels=int(settings.max_megapixels * 1_000_000),
        seconds=settings.max_seconds,
        memory=settings.max_memory_mb << 20,
        file_bytes=settings.max_file_mb << 20,
    )
