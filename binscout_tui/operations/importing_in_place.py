"""Import of files that stay where they are: hashed and glanced at now, decoded in the background by a job.

A file whose size and time are known is not even opened.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.imaging.ahead import ahead
from binscout_tui.imaging.groups import group_in
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Glanced, Rejected
from binscout_tui.imaging.pool import DecodePool, Look
from binscout_tui.imaging.scan import Found
from binscout_tui.operations import examining
from binscout_tui.operations.importing import Entry, ImportReport, ImportRun, Progress, decode_limits
from binscout_tui.operations.taken import Dates, taken_at
from binscout_tui.store import arriving, events, images
from binscout_tui.store import examining as waiting
from binscout_tui.store.images import Image, NewImage
from binscout_tui.store.names import composed
from binscout_tui.workspace import Workspace

FILES = 64
BYTES = 8 << 20
"""A message to a worker holds at most so many files, of about so many bytes in all: what it says comes soon."""
FIRST_BATCH, LARGEST_BATCH = 256, 1024
"""Rows of a transaction: few in the first, so that a page is there at once, and more in those that follow."""
TURN_S = 0.05
"""About so long a transaction may take: who labels meanwhile waits for it."""
AHEAD = 32
"""Messages from the workers that wait while rows are written."""


def import_in_place(
    workspace: Workspace,
    paths: Iterable[Path],
    *,
    labels_from: Literal["none", "folder"] = "none",
    dates: Dates = "both",
    on_progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Enter every file under `paths` that begins like a picture, and queue the job that examines them.

    The job's process is for the caller to start. Needs an operator. Raises StorageError when the workspace cannot be
    written; what was imported until then stays, and its job too.
    """
    workspace.user.must_be("operator", "Importing")
    return _QuickImport(workspace, "none", labels_from, keep_in_place=True, dates=dates, on_progress=on_progress).run(
        paths
    )


class _Folder(msgspec.Struct, frozen=True):
    """What all files of a folder have in common: its absolute path, its names, and the same safe to show."""

    path: Path
    collection: str
    source: str
    label: str
    family: str

    @classmethod
    def of(cls, folder: Path) -> _Folder:
        """The facts of a folder."""
        path = folder.absolute()
        above = path.parent.name
        return cls(path, above, display_name(path).rstrip("/"), display_name(path.name), display_name(above))


class _Fresh(Entry, frozen=True):
    """A file that was glanced at; `label` is the name of its folder."""

    label: str


class _QuickImport(ImportRun):
    def run(self, paths: Iterable[Path]) -> ImportReport:
        self.batch = FIRST_BATCH
        self.folders: dict[Path, _Folder] = {}
        found = list(self._scan(paths))
        fresh = list(self._not_known(found))
        limits = decode_limits(self.workspace.settings.importing)
        batches = list(in_batches(fresh))
        with self.workspace.db.in_bulk():
            with DecodePool(None, limits, decoding=False) as pool:
                glances = pool.glance([one.path for one in batch] for batch in batches)
                with closing(ahead(glances, AHEAD)) as answers:
                    for batch, looks in zip(batches, answers, strict=True):
                        self._enter(batch, looks)
                        self._progress(len(found))
            self._flush()
        self._progress(len(found))
        self.report.previews = self.workspace.db.write(examining.enqueue, self.workspace.user.uid)
        return self.report

    def _not_known(self, found: Iterable[Found]) -> Iterator[Found]:
        """The files that are not as they were looked at last; the others are dealt with here."""
        known = self.workspace.db.read(waiting.known_files)
        folder, place, label = None, b"", None
        for one in found:
            if one.folder is not folder:
                folder, place = one.folder, os.fsencode(one.folder.absolute()).rstrip(b"/")
                label = composed(display_name(one.folder.absolute().name)) if self.labels_from == "folder" else None
            there = known.get(place + b"/" + os.fsencode(one.name))
            if there is None or there.bytes != one.bytes or there.mtime_ns != one.mtime_ns:
                yield one
            elif there.is_live and label in (None, there.label):
                self.report.duplicates += 1
                self.report.labels_known += self.labels_from == "folder"
            else:
                self._keep(Entry(one.path, self.workspace.db.read(images.get, there.id, concealed=True), one.mtime_ns))

    def _enter(self, batch: Iterable[Found], looks: Iterable[Look]) -> None:
        for one, (path, seen) in zip(batch, looks, strict=True):
            if isinstance(seen, Rejected):
                self._reject(seen)
            else:
                folder = self._folder(one.folder)
                place = path if folder.path is one.folder else folder.path / one.name
                self._keep(_Fresh(path, self._image(folder, place, seen), seen.mtime_ns, folder.label))

    def _folder(self, path: Path) -> _Folder:
        found = self.folders.get(path)
        if found is None:
            found = self.folders[path] = _Folder.of(path)
        return found

    def _image(self, folder: _Folder, path: Path, seen: Glanced) -> NewImage:
        """`_described` for one of many files of a folder."""
        name = display_name(path.name)
        return NewImage(
            sha256=seen.sha256,
            storage="in_place",
            path=path,
            name=name,
            source=f"{folder.source}/{name}",
            bytes=seen.bytes,
            mtime_ns=seen.mtime_ns,
            width=seen.width,
            height=seen.height,
            format=seen.format,
            mode=seen.mode,
            orientation=seen.orientation,
            taken_at=taken_at(self.dates, seen.taken_at, path.name),
            family=folder.family if self.labels_from == "folder" else "",
            source_group=display_name(group_in(folder.collection, path.name) or f"image {seen.sha256[:16]}"),
            examined=False,
        )

    def _flush(self) -> None:
        begun = time.monotonic()
        super()._flush()
        took = time.monotonic() - begun
        if took > TURN_S:
            self.batch = max(self.batch // 2, FIRST_BATCH)
        elif took < TURN_S / 2:
            self.batch = min(2 * self.batch, LARGEST_BATCH)

    def _add_all(self, db: sqlite3.Connection) -> None:
        """New images first and together, then in their order the files whose bytes were there or came with them."""
        uid = self.workspace.user.uid
        new, again = [], []
        looked_at = [one.image for one in self.pending if isinstance(one.image, NewImage)]
        entered = iter(arriving.enter_all(db, uid, looked_at))
        for entry in self.pending:
            if isinstance(entry.image, Image):
                again.append((entry, entry.image.id))
                continue
            image_id, added = next(entered)
            if added:
                new.append(image_id)
                if self.labels_from == "folder" and isinstance(entry, _Fresh):
                    self.said.append((image_id, entry.label))
            else:
                again.append((entry, image_id))
        self._label_new(db)
        for entry, image_id in again:
            self._duplicate(db, entry, images.get(db, image_id, concealed=True))
        self.report.imported += len(new)
        events.emit_all(db, "image", new)
        # With the first rows: an import that is killed leaves nothing that nobody examines.
        examining.enqueue(db, uid)


def in_batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Files in their order, in lists for one message each; a large file is alone or ends its list."""
    batch: list[Found] = []
    size = 0
    for one in found:
        batch.append(one)
        size += one.bytes
        if len(batch) >= FILES or size >= BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
