"""Import of files that stay where they are: hashed and glanced at now, decoded in the background by a job.

A file whose size and time are known is not even opened.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Rejected
from binscout_tui.imaging.pool import DecodePool, Look
from binscout_tui.imaging.scan import Found
from binscout_tui.operations import examining
from binscout_tui.operations.importing import Entry, ImportReport, ImportRun, Progress, decode_limits
from binscout_tui.store import examining as waiting
from binscout_tui.store import images
from binscout_tui.store.names import composed
from binscout_tui.workspace import Workspace

FILES = 64
BYTES = 8 << 20
"""A message to a worker holds at most so many files, of about so many bytes in all: what it says comes soon."""
FIRST_BATCH, LARGEST_BATCH = 256, 4096
"""Rows of a transaction: few in the first, so that a page is there at once, and twice as many in each that follows."""


def import_in_place(
    workspace: Workspace,
    paths: Iterable[Path],
    *,
    labels_from: Literal["none", "folder"] = "none",
    on_progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Enter every file under `paths` that begins like a picture, and queue the job that examines them.

    The job's process is for the caller to start. Needs an operator. Raises StorageError when the workspace cannot be
    written; what was imported until then stays, and its job too.
    """
    workspace.user.must_be("operator", "Importing")
    return _QuickImport(workspace, "none", labels_from, keep_in_place=True, on_progress=on_progress).run(paths)


class _QuickImport(ImportRun):
    def run(self, paths: Iterable[Path]) -> ImportReport:
        self.batch = FIRST_BATCH
        found = list(self._scan(paths))
        fresh = list(self._not_known(found))
        limits = decode_limits(self.workspace.settings.importing)
        with self.workspace.db.in_bulk():
            with DecodePool(None, limits, decoding=False) as pool:
                for looks in pool.glance(in_batches(fresh)):
                    self._enter(looks)
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
                self.report.labelled += self.labels_from == "folder"
            else:
                self._keep(Entry(one.path, self.workspace.db.read(images.get, there.id), one.mtime_ns))

    def _enter(self, looks: Iterable[Look]) -> None:
        for path, seen in looks:
            if isinstance(seen, Rejected):
                self._reject(seen)
            else:
                self._keep(Entry(path, self._described(path.absolute(), seen), seen.mtime_ns))

    def _flush(self) -> None:
        super()._flush()
        self.batch = min(2 * self.batch, LARGEST_BATCH)

    def _add_all(self, db: sqlite3.Connection) -> None:
        super()._add_all(db)
        # With the first rows: an import that is killed leaves nothing that nobody examines.
        examining.enqueue(db, self.workspace.user.uid)


def in_batches(found: Iterable[Found]) -> Iterator[list[Path]]:
    """Paths in their order, in lists for one message each; a large file is alone or ends its list."""
    batch: list[Path] = []
    size = 0
    for one in found:
        batch.append(one.path)
        size += one.bytes
        if len(batch) >= FILES or size >= BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
