"""Reading what files say of themselves, of images that came in before that was read."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from binscout_tui.imaging.outcomes import Decoded, Outcome
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.examining import CHANGED
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.report import Rejection
from binscout_tui.store import told
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

PAGE = 500
BATCH = 64
Progress = Callable[[int, int], None]


class MetadataReport(msgspec.Struct, kw_only=True):
    """How many files were read, how many of them say anything or have a prompt, and what could not be read."""

    read: int = 0
    with_words: int = 0
    with_prompt: int = 0
    failed: list[Rejection] = []


def read_metadata(
    workspace: Workspace, *, again: bool = False, on_progress: Progress = lambda done, total: None
) -> MetadataReport:
    """Read what was not read yet, or with `again` everything; what could not be read is tried again the next time.

    Needs an operator. What was read is written every 64 files, so that an interruption costs no more than that.
    """
    workspace.user.must_be("operator", "Reading metadata")
    return _Reading(workspace, again, on_progress).run()


class _Reading:
    def __init__(self, workspace: Workspace, again: bool, on_progress: Progress) -> None:
        self.workspace = workspace
        self.again = again
        self.on_progress = on_progress
        self.report = MetadataReport(failed=[])
        self.ahead: deque[Image] = deque()

    def run(self) -> MetadataReport:
        total = self.workspace.db.read(told.count_unread, again=self.again)
        pending: list[tuple[Image, Outcome]] = []
        with DecodePool(None, decode_limits(self.workspace.settings.importing)) as pool:
            for outcome in pool.run(self._files()):
                pending.append((self.ahead.popleft(), outcome))
                if len(pending) >= BATCH:
                    self._write(pending, total)
        self._write(pending, total)
        return self.report

    def _files(self) -> Iterator[Path]:
        after = 0
        while page := self.workspace.db.read(told.unread, after=after, limit=PAGE, again=self.again):
            for image in page:
                self.ahead.append(image)
                yield self.workspace.paths.original(image)
            after = page[-1].id

    def _write(self, pending: list[tuple[Image, Outcome]], total: int) -> None:
        self.workspace.db.write(self._write_all, pending)
        pending.clear()
        self.on_progress(self.report.read + len(self.report.failed), total)

    def _write_all(self, db: sqlite3.Connection, pending: list[tuple[Image, Outcome]]) -> None:
        for image, outcome in pending:
            if not isinstance(outcome, Decoded):
                self.report.failed.append(Rejection(image.source, str(outcome.code), outcome.reason))
            elif outcome.sha256 != image.sha256:
                self.report.failed.append(Rejection(image.source, CHANGED.code, CHANGED.reason))
            elif self._is_there(db, image):
                told.note(db, image.id, outcome.told)
                self.report.read += 1
                self.report.with_words += bool(outcome.told.data)
                self.report.with_prompt += bool(outcome.told.prompt)

    def _is_there(self, db: sqlite3.Connection, image: Image) -> bool:
        """It may have been purged meanwhile."""
        return db.execute("SELECT 1 FROM image WHERE id = ?", (image.id,)).fetchone() is not None
