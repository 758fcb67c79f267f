"""What people want of an inbox: another look at a failed file, or the next file for a certain place."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import msgspec

from binscout_tui.capture import ready
from binscout_tui.capture.ready import Look
from binscout_tui.capture.staging import Stager, capture_of_file, failure
from binscout_tui.clock import from_text, to_text, utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded, Rejected
from binscout_tui.store import capture_sources, captures
from binscout_tui.store.capture_sources import Request
from binscout_tui.workspace import Workspace

# A picture that comes much later than it was wanted is of something else.
COMES_WITHIN = timedelta(minutes=10)
NEVER_CAME = "No file came for this picture within 10 minutes; ask for it again."
NO_FILE = "It has no file to look at again."


class Wishes:
    """The open requests of one inbox. Those for the next file are met where files are written down."""

    def __init__(self, workspace: Workspace, source_id: int, stager: Stager) -> None:
        self._db = workspace.db
        self._source_id = source_id
        self._stager = stager

    def look(self) -> int:
        """Look again at every failed file of which somebody wants it, and give up on files that never came.

        How many were staged.
        """
        oldest = to_text(from_text(utc_now()) - COMES_WITHIN)
        staged = 0
        for request in self._db.read(capture_sources.open_requests, self._source_id):
            if request.capture_id is not None:
                staged += self._retry(request, request.capture_id)
            elif request.at < oldest:
                self._refuse(request, NEVER_CAME)
        return staged

    def _retry(self, request: Request, capture_id: int) -> bool:
        try:
            path = self._db.read(captures.get, capture_id).path
        except NotFoundError as error:
            return self._refuse(request, error.sentence)
        if path is None:
            return self._refuse(request, NO_FILE)
        outcome = self._stager.decode_and_keep(path)
        self._db.insist(self._deliver, request, path, outcome)
        return isinstance(outcome, Decoded)

    def _refuse(self, request: Request, sentence: str) -> bool:
        self._db.insist(capture_sources.fail_request, request.id, sentence)
        return False

    def _deliver(self, db: sqlite3.Connection, request: Request, path: Path, outcome: Decoded | Rejected) -> None:
        if isinstance(outcome, Rejected):
            failed = failure(outcome, path=path, origin=display_name(path))
            capture_sources.deliver(db, request.id, failed)
            return
        look = Look(outcome.bytes, outcome.mtime_ns, 0)
        came = capture_of_file(outcome, self._source_id, ready.fingerprint(os.fspath(path), look))
        checks = self._stager.judge.judge(db, outcome, request).checks
        capture_sources.deliver(db, request.id, msgspec.structs.replace(came, checks=checks))
