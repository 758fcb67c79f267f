"""What people want of an inbox: another look at a failed file, or the next file for a certain place."""

from __future__ import annotations

import os
import sqlite3
import threading
import traceback
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec

from binscout_tui.capture import ready
from binscout_tui.capture.ready import Look
from binscout_tui.capture.staging import Stager, capture_of_file, failure
from binscout_tui.capture.work import log
from binscout_tui.clock import from_text, to_text, utc_now
from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded, Outcome, Rejected
from binscout_tui.store import capture_sources, captures
from binscout_tui.store.capture_sources import Request
from binscout_tui.workspace import Workspace

# A picture that comes much later than it was wanted is of something else.
COMES_WITHIN = timedelta(minutes=10)
NEVER_CAME = "No file came for this picture within 10 minutes; ask for it again."
# So many failed files are looked at again between two looks at what is new.
FEW = 8
NO_FILE = "It has no file to look at again."


class Wishes:
    """The open requests of one inbox. Those for the next file are met where files are written down."""

    def __init__(self, workspace: Workspace, source_id: int, stager: Stager, stop: threading.Event) -> None:
        self._db = workspace.db
        self._source_id = source_id
        self._stager = stager
        self._stop = stop

    def look(self) -> tuple[int, bool]:
        """Look again at a few failed files of which somebody wants it, and give up on files that never came.

        (how many were staged, whether more wait). New files come first where many are to be looked at again.
        """
        oldest = to_text(from_text(utc_now()) - COMES_WITHIN)
        for request in self._db.read(capture_sources.open_shots, self._source_id):
            if request.at < oldest:
                self._refuse(request, NEVER_CAME)
        found = self._db.read(capture_sources.open_retries, self._source_id, FEW + 1)
        return self._retry(found[:FEW]), len(found) > FEW

    def _retry(self, requests: list[Request]) -> int:
        """Look again at these files, several at a time; how many were staged."""
        files = [(request, path) for request in requests if (path := self._path(request)) is not None]
        staged = 0
        with closing(self._stager.pool.run([path for _, path in files])) as outcomes:
            for (request, path), outcome in zip(files, outcomes, strict=False):
                if self._stop.is_set():
                    break
                kept = (self._stager.keep(outcome) or outcome) if isinstance(outcome, Decoded) else outcome
                staged += self._answer(request, path, kept)
        return staged

    def _path(self, request: Request) -> Path | None:
        """The file of a failed capture; where there is none, that is the answer."""
        try:
            path = self._db.read(captures.get, request.capture_id or 0).path
        except NotFoundError as error:
            self._refuse(request, error.sentence)
            return None
        if path is None:
            self._refuse(request, NO_FILE)
        return path

    def _answer(self, request: Request, path: Path, outcome: Outcome) -> bool:
        try:
            self._db.insist(self._deliver, request, path, outcome)
        except NotFoundError as error:
            self._refuse(request, error.sentence)
            return False
        except BinScoutError:
            raise  # of the workspace itself: the request waits for better times
        except Exception as error:  # noqa: BLE001 - whatever it was, one request must not stop all others for good
            log(traceback.format_exc())
            self._refuse(request, f"Looking at it again broke ({type(error).__name__}); the log says more.")
            return False
        return isinstance(outcome, Decoded)

    def _refuse(self, request: Request, sentence: str) -> None:
        self._db.insist(capture_sources.fail_request, request.id, sentence)

    def _deliver(self, db: sqlite3.Connection, request: Request, path: Path, outcome: Outcome) -> None:
        if isinstance(outcome, Decoded):
            outcome = self._stager.keep_again(outcome) or outcome
        if isinstance(outcome, Rejected):
            failed = failure(outcome, path=path, origin=display_name(path))
            capture_sources.deliver(db, request.id, failed)
            return
        look = Look(outcome.bytes, outcome.mtime_ns, 0)
        came = capture_of_file(outcome, self._source_id, ready.fingerprint(os.fspath(path), look))
        checks = self._stager.judge.judge(db, outcome, request).checks
        capture_sources.deliver(db, request.id, msgspec.structs.replace(came, checks=checks))
