"""Labels written for other programs: a snapshot of one moment, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, StorageError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.interchange import coco, csv_labels, imagefolder, jsonl, yolo
from binscout_tui.interchange.model import Box, ClassInfo, Count, Labels
from binscout_tui.interchange.naming import file_names
from binscout_tui.interchange.refusals import Place, Refused, refused
from binscout_tui.operations.export_places import folder_that_becomes, must_be_free
from binscout_tui.operations.originals import UnreadableError, cannot_write, keep_copy
from binscout_tui.store import classes, label_rows
from binscout_tui.store.images import Image
from binscout_tui.store.label_rows import ImageWords
from binscout_tui.workspace import Workspace

Format = Literal["imagefolder", "coco", "yolo", "csv", "jsonl"]
Pictures = Literal["copy", "none"]
BATCH = 500
Progress = Callable[[int, int], None]


class Exported(msgspec.Struct, kw_only=True):
    """What was written: numbers of images and of those with a word on them, of boxes, and of pictures beside them.

    `refused` lists pictures that could not be copied; they are not in the export.
    """

    path: str
    format: str
    images: int = 0
    labels: int = 0
    boxed: int = 0
    boxes: int = 0
    counts: int = 0
    pictures: int = 0
    refused: list[Refused] = []


class _FolderWriter(Protocol):
    def picture(self, one: Labels) -> str | None: ...

    def write(self, folder: Path, entries: Iterator[Labels]) -> None: ...


def export(
    workspace: Workspace,
    path: Path,
    kind: Format,
    *,
    pictures: Pictures = "copy",
    replace: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Exported:
    """Write what people said of all images to `path`: a folder, or for csv and jsonl a file.

    The same words about the same pictures give the same bytes. `replace` lets an existing file go, never a folder.
    Raises RefusedError when something is there, or for a folder of a workspace, StorageError when it cannot be written.
    """
    path = path.absolute()
    is_file = kind in ("csv", "jsonl")
    must_be_free(path, replace=replace and is_file)
    if kind == "imagefolder" and pictures == "none":
        raise UsageError("Folders of pictures without pictures say nothing.", code="no_pictures")
    report = Exported(path=display_name(path), format=kind, refused=[])
    export = _Export(workspace, report, on_progress)
    try:
        if is_file:
            with atomic.writing(path) as handle:
                workspace.db.read(export.to_file, handle, kind)
        else:
            with folder_that_becomes(path) as folder:
                workspace.db.read(export.to_folder, folder, kind, pictures)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
    return report


class _Export:
    def __init__(self, workspace: Workspace, report: Exported, on_progress: Progress) -> None:
        self.workspace = workspace
        self.report = report
        self.on_progress = on_progress
        self.names: dict[int, str] = {}

    def to_file(self, db: sqlite3.Connection, handle: BinaryIO, kind: str) -> None:
        """All of it in one transaction, so that the file is of one moment."""
        write = csv_labels.write if kind == "csv" else jsonl.write
        db.execute("BEGIN")
        try:
            write(handle, self._classes(db), self._entries(db))
        finally:
            db.execute("ROLLBACK")  # nothing was written

    def to_folder(self, db: sqlite3.Connection, folder: Path, kind: str, pictures: Pictures) -> None:
        """As `to_file`, with the pictures where they belong."""
        db.execute("BEGIN")
        try:
            writer = _writer(kind, self._classes(db), unclassed=label_rows.has_unclassed(db))
            entries = self._entries(db) if pictures == "none" else self._with_pictures(db, folder, writer)
            writer.write(folder, entries)
        finally:
            db.execute("ROLLBACK")

    def _classes(self, db: sqlite3.Connection) -> list[ClassInfo]:
        """Those that are in use as classes or on a label, in their order."""
        used = label_rows.used_classes(db)
        rows = classes.all_classes(db, archived=True)
        self.names = {one.id: one.name for one in rows}
        kept = {one.id: one.name for one in rows if one.archived_at is None or one.id in used}
        return [
            ClassInfo(
                name=one.name,
                key=one.key,
                colour=one.colour,
                group=one.group,
                # An archived class that nothing has would come to life again where the export is read.
                parent=None if one.parent_id is None else kept.get(one.parent_id),
            )
            for one in rows
            if one.id in kept
        ]

    def _words(self, db: sqlite3.Connection) -> Iterator[tuple[Labels, Image]]:
        """Every image in the order of its name in the export."""
        rows = label_rows.names(db)
        named = sorted(zip(file_names([row[1:] for row in rows]), (row[0] for row in rows), strict=True))
        for begin in range(0, len(named), BATCH):
            batch = named[begin : begin + BATCH]
            for (name, _), one in zip(batch, label_rows.of(db, [image_id for _, image_id in batch]), strict=True):
                yield self._labels(name, one), one.image
            self.on_progress(begin + len(batch), len(named))

    def _entries(self, db: sqlite3.Connection) -> Iterator[Labels]:
        for one, _ in self._words(db):
            yield self._counted(one)

    def _with_pictures(self, db: sqlite3.Connection, folder: Path, writer: _FolderWriter) -> Iterator[Labels]:
        """Every image whose picture could be put where it belongs, or belongs nowhere."""
        for one, image in self._words(db):
            place = writer.picture(one)
            if place is not None and not self._put(image, folder / place, one):
                continue
            self.report.pictures += place is not None
            yield self._counted(one)

    def _put(self, image: Image, target: Path, one: Labels) -> bool:
        try:
            keep_copy(self.workspace.paths.original(image), target, image.sha256, durable=False)
        except StorageError:
            raise
        except BinScoutError as error:
            is_gone = isinstance(error, UnreadableError)
            reason = f"The picture cannot be read. {error.sentence}" if is_gone else "The picture is not what it was."
            self.report.refused.append(refused(Place(one.file), error.code, reason))
            return False
        return True

    def _labels(self, name: str, one: ImageWords) -> Labels:
        return Labels(
            file=name,
            sha256=one.image.sha256,
            size=(one.image.width, one.image.height),
            state=one.state or "unlabelled",
            label=self._name(one.class_id),
            boxes_state=one.boxes_state or "unlabelled",
            boxes=tuple(Box(box, self._name(class_id)) for box, class_id in one.boxes),
            counts=tuple(Count(self._name(class_id), count) for class_id, count in one.counts),
        )

    def _name(self, class_id: int | None) -> str | None:
        return None if class_id is None else self.names[class_id]

    def _counted(self, one: Labels) -> Labels:
        self.report.images += 1
        self.report.labels += one.state != "unlabelled"
        self.report.boxed += one.boxes_state != "unlabelled"
        self.report.boxes += len(one.boxes)
        self.report.counts += len(one.counts)
        return one


def _writer(kind: str, found: Sequence[ClassInfo], *, unclassed: bool) -> _FolderWriter:
    if kind == "coco":
        return coco.Writer(found, unclassed=unclassed)
    if kind == "yolo":
        return yolo.Writer(found, unclassed=unclassed)
    return imagefolder.Writer(found)
