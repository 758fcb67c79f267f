"""Examining images in place that were only glanced at: decoding in guarded workers, previews, and the damaged ones."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import SENTENCES, Code, Decoded, Limits, Outcome
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.originals import hash_of
from binscout_tui.operations.report import Rejection
from binscout_tui.store import examining, images, jobs
from binscout_tui.store.examining import Damage
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

KIND = "previews"
PAGE = 500
BATCH = 64
BEAT_S = 1.0
GONE = frozenset({Code.VANISHED, Code.NOT_A_FILE})
NOT_NOW = frozenset({Code.UNREADABLE, Code.CHANGED_WHILE_READING})
CHANGED = Rejection("", "changed", "The file has other bytes than when it was imported; import it again.")
Beat = Callable[[int, int, str], bool]


class Previews(msgspec.Struct, frozen=True):
    """The job that examines what waits."""

    job: int


class Examined(msgspec.Struct, kw_only=True):
    """What became of images that waited.

    `damaged` cannot be decoded and are out of use, `left` could not be looked at and wait on; `stopped` when it was
    asked to end early.
    """

    examined: int = 0
    damaged: list[Rejection] = []
    left: list[Rejection] = []
    stopped: bool = False


def enqueue(db: sqlite3.Connection, uid: int) -> Previews | None:
    """The job for what waits: the one that is open, or a new one (a store function). None when nothing waits."""
    if not examining.waiting(db, limit=1):
        return None
    open_ones = [job.id for job in jobs.open_jobs(db) if job.kind == KIND and not job.cancel_asked]
    return Previews(open_ones[0] if open_ones else jobs.add(db, uid, KIND, {}))


def close(db: sqlite3.Connection, job_id: int, left: set[int], result: Examined) -> bool:
    """End the job unless something waits that is not `left` (a store function); whether it ended.

    In one transaction, so that who enters images either finds the job open, and it sees them, or makes a new one.
    """
    if examining.waiting(db, limit=1, without=left):
        return False
    jobs.finish(db, job_id, "done", result=msgspec.to_builtins(result))
    return True


def examine_waiting(workspace: Workspace, limits: Limits, beat: Beat, job_id: int) -> Examined:
    """Examine until nothing waits that can be read, and end the job; or stop when `beat` says so.

    What was looked at is written every second at least, so a kill costs no more than that. Raises StorageError.
    """
    return _Examination(workspace, limits, beat).run(job_id)


class _Examination:
    def __init__(self, workspace: Workspace, limits: Limits, beat: Beat) -> None:
        self.workspace = workspace
        self.limits = limits
        self.beat = beat
        self.result = Examined()
        self.left: set[int] = set()
        self.ahead: list[Image] = []
        self.pending: list[tuple[Image, Outcome]] = []
        self.written_at = time.monotonic()

    def run(self, job_id: int) -> Examined:
        with DecodePool(self.workspace.paths.previews, self.limits) as pool:
            self._tell()
            while self._pass(pool):
                if self.workspace.db.insist(close, job_id, self.left, self.result):
                    break
        return self.result

    def _pass(self, pool: DecodePool) -> bool:
        """Examine all that waits now, in order of arrival; False when it was asked to stop before the end."""
        self.ahead = []
        outcomes = pool.run(self._originals())
        try:
            for number, outcome in enumerate(outcomes):
                self.pending.append((self.ahead[number], outcome))
                if len(self.pending) >= BATCH or time.monotonic() - self.written_at > BEAT_S:
                    self._write()
                if self.result.stopped:
                    return False
        finally:
            outcomes.close()
        self._write()
        return not self.result.stopped

    def _originals(self) -> Iterator[Path]:
        after = 0
        while page := self.workspace.db.read(examining.waiting, after=after, limit=PAGE, without=self.left):
            for image in page:
                self.ahead.append(image)
                yield self.workspace.paths.original(image)
            after = page[-1].id

    def _write(self) -> None:
        judged = [(image, _judged(image, outcome, self.workspace)) for image, outcome in self.pending]
        self.workspace.db.insist(self._write_all, judged)
        self.pending.clear()
        self.written_at = time.monotonic()
        self._tell()

    def _write_all(self, db: sqlite3.Connection, judged: list[tuple[Image, Decoded | Damage | Rejection]]) -> None:
        for image, verdict in judged:
            if isinstance(verdict, Decoded):
                self.result.examined += examining.enter(db, image.id, verdict)
            elif isinstance(verdict, Damage):
                if examining.reject(db, image.id, verdict):
                    self.result.damaged.append(Rejection(image.source, verdict.code, verdict.reason))
            else:
                self.left.add(image.id)
                self.result.left.append(verdict)
                if verdict.code in ("changed", "missing") and images.get(db, image.id, concealed=True) == image:
                    images.set_health(db, image.id, verdict.code)

    def _tell(self) -> None:
        done = self.result.examined + len(self.result.damaged) + len(self.result.left)
        total = done + self.workspace.db.read(examining.count_waiting)
        self.result.stopped = self.beat(done, total, f"{len(self.result.damaged)} damaged")


def _judged(image: Image, outcome: Outcome, workspace: Workspace) -> Decoded | Damage | Rejection:
    """What `outcome` says of the bytes that were imported; of others it says nothing."""
    if isinstance(outcome, Decoded):
        return outcome if outcome.sha256 == image.sha256 else _left(image, CHANGED.code, CHANGED.reason)
    if outcome.code in GONE:
        return _left(image, "missing", SENTENCES[Code.VANISHED])
    if outcome.code in NOT_NOW:
        return _left(image, str(outcome.code), outcome.reason)
    try:
        same = hash_of(workspace.paths.original(image)) == image.sha256
    except OSError as error:
        return _left(image, str(Code.UNREADABLE), error.strerror or SENTENCES[Code.UNREADABLE])
    if not same:
        return _left(image, CHANGED.code, CHANGED.reason)
    return Damage(str(outcome.code), outcome.reason)


def _left(image: Image, code: str, reason: str) -> Rejection:
    return Rejection(display_name(image.path), code, reason)
