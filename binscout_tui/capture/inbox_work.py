"""An inbox at work: what is ready is decoded, kept, and written down in batches of one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from binscout_tui.capture.folder import Folder
from binscout_tui.capture.inbox import Failed, Inbox, Ready
from binscout_tui.capture.kinds import inbox_config
from binscout_tui.capture.staging import Stager, capture_of_file, failure
from binscout_tui.capture.wishes import Wishes
from binscout_tui.capture.work import Work
from binscout_tui.clock import to_text
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Code, Decoded, Rejected
from binscout_tui.store import capture_sources, captures, images
from binscout_tui.store.capture_sources import Request
from binscout_tui.store.captures import NewCapture
from binscout_tui.workspace import Workspace

BATCH = 64
# Requests are looked at between two runs of the decoders.
RUN = 512
TURN_S = 0.1
KEEPERS = 4
# So few are there before anybody could read that they come.
FEW = 8


class _Kept(msgspec.Struct, frozen=True):
    """A file whose bytes are an original; `arrived` is store text.

    It looks like the capture `near`, or like that of place `twin` of the same batch, which is newer.
    """

    file: Ready
    decoded: Decoded
    new: NewCapture
    arrived: str
    near: int | None
    twin: int | None


class InboxWork(Work):
    """Watches one folder."""

    _folder: Folder | None = None

    def live(self, workspace: Workspace) -> None:
        """See `Work.live`."""
        config = inbox_config(self.source.config)
        self._folder = self._folder or Folder(config.path)
        inbox = Inbox(
            config,
            workspace.settings.inbox,
            lambda fingerprint: bool(workspace.db.read(captures.known, [fingerprint])),
            self.nudge,
            self._folder,
        )
        inbox.open()
        try:
            with Stager(workspace) as stager, ThreadPoolExecutor(KEEPERS) as keepers:
                stager.warm_up()
                _Shift(self, workspace, inbox, stager, keepers).work(once=self._once)
        finally:
            self.tally.left = inbox.left
            inbox.close()


class _Shift:
    """One life of the inbox: from opening it until it fails or is left."""

    def __init__(
        self, work: InboxWork, workspace: Workspace, inbox: Inbox, stager: Stager, keepers: ThreadPoolExecutor
    ) -> None:
        self._work = work
        self._workspace = workspace
        self._inbox = inbox
        self._stager = stager
        self._keepers = keepers
        self._wishes = Wishes(workspace, work.source.id, stager, work.stop)
        self._uid = workspace.user.uid
        self._takes_all = inbox_config(work.source.config).accept == "all"
        self._next_turn = 0.0
        self._began = False

    def work(self, *, once: bool) -> None:
        while not self._work.stop.is_set():
            pause = self._inbox.turn()
            staged, more = self._wishes.look()
            self._work.tally.staged += staged
            if self._stage() or self._give_up() or more:
                continue
            if once and not self._inbox.left:
                return
            self._work.well(self._workspace, self._inbox.note)
            self._work.sleep(min(pause, 1.0))

    def _stage(self) -> bool:
        """Whether there was anything to decode."""
        given: deque[Ready] = deque()
        batch: deque[tuple[Ready, Decoded, Future[Rejected | None]]] = deque()
        for outcome in self._stager.pool.run(self._ready(given)):
            file = given.popleft()
            if isinstance(outcome, Rejected):
                self._inbox.refused(file, outcome.code, outcome.detail)
            elif (outcome.bytes, outcome.mtime_ns) != (file.look.size, file.look.mtime_ns):
                self._inbox.refused(file, Code.CHANGED_WHILE_READING)
            else:
                batch.append((file, outcome, self._keepers.submit(self._stager.keep, outcome)))
            if len(batch) >= BATCH:
                self._enter(batch)
        self._enter(batch)
        return self._began

    def _ready(self, given: deque[Ready]) -> Iterator[Path]:
        """The files to decode, in their order; `given` gets each."""
        self._began = False
        for _ in range(RUN):
            if (now := time.monotonic()) > self._next_turn:
                self._inbox.turn()
                # Never more than a tenth of the time, however many files wait.
                self._next_turn = time.monotonic() + max(TURN_S, 10 * (time.monotonic() - now))
            file = None if self._work.stop.is_set() else self._inbox.next_ready()
            if file is None:
                return
            if not self._began:
                self._began = True
                if self._inbox.ready > FEW:
                    self._work.say(self._workspace, "working", self._inbox.note)
            given.append(file)
            yield Path(file.path)

    def _enter(self, batch: deque[tuple[Ready, Decoded, Future[Rejected | None]]]) -> None:
        """Write the captures of a batch down in one transaction; `batch` is empty afterwards."""
        kept: list[_Kept] = []
        for file, decoded in self._standing(batch):
            new = capture_of_file(decoded, self._work.source.id, file.fingerprint)
            near = self._stager.judge.looks_like(self._workspace.db, decoded)
            twin = self._stager.judge.twin(decoded, [one.decoded for one in kept])
            kept.append(_Kept(file, decoded, new, _wall_clock(file.first_seen), near, twin))
        if not kept:
            return
        staged, duplicates, lost = self._workspace.db.insist(self._enter_all, kept)
        self._work.tally.staged += staged
        self._work.tally.duplicates += duplicates
        for place, one in enumerate(kept):
            if place in lost:
                self._inbox.refused(one.file, lost[place].code, lost[place].detail)
            else:
                self._inbox.done(one.file)

    def _standing(self, batch: deque[tuple[Ready, Decoded, Future[Rejected | None]]]) -> list[tuple[Ready, Decoded]]:
        """Those whose bytes are kept and that still are, at a second look, as they were decoded."""
        found: list[tuple[Ready, Decoded]] = []
        while batch:
            file, decoded, future = batch.popleft()
            rejected = future.result()
            if rejected is not None:
                self._inbox.refused(file, rejected.code, rejected.detail)
            else:
                found.append((file, decoded))
        # The one that came last decides; waiting for it costs no other file a look.
        self._work.stop.wait(max((self._inbox.stands(file) or 0.0 for file, _ in found), default=0.0))
        return [(file, decoded) for file, decoded in found if self._inbox.stands(file) == 0.0]

    def _enter_all(self, db: sqlite3.Connection, kept: list[_Kept]) -> tuple[int, int, dict[int, Rejected]]:
        """(staged, of these whose picture was there before, {place: why its bytes are kept no more})."""
        wanted = deque(capture_sources.open_shots(db, self._work.source.id))
        staged = duplicates = 0
        made: dict[int, int | None] = {}
        lost: dict[int, Rejected] = {}
        for place, one in enumerate(kept):
            there = images.by_hash(db, one.decoded.sha256, concealed=True)
            failed = captures.failed_at(db, self._work.source.id, one.decoded.path)
            if failed is None and there is not None and _only_touched(db, there.id, one):
                continue
            if (rejected := self._stager.keep_again(one.decoded)) is not None:
                lost[place] = rejected
                continue
            request = wanted.popleft() if wanted and wanted[0].at <= one.arrived else None
            near = one.near if one.twin is None else made.get(one.twin, one.near)
            made[place] = self._enter_one(db, one, near, request, failed)
            staged += 1
            duplicates += there is not None
        return staged, duplicates, lost

    def _enter_one(
        self, db: sqlite3.Connection, one: _Kept, near: int | None, request: Request | None, failed: int | None
    ) -> int | None:
        """The id of the capture."""
        judged = self._stager.judge.judge(db, one.decoded, request, near)
        new = msgspec.structs.replace(one.new, checks=judged.checks, compartment_id=judged.compartment_id)
        if request is not None:
            # Somebody waits for this picture, to look at it.
            return capture_sources.deliver(db, request.id, new)
        if failed is not None:
            captures.retry_done(db, self._uid, failed, new)
        capture_id = failed if failed is not None else captures.stage(db, self._uid, new)[0]
        if self._takes_all:
            captures.take_in(db, self._uid, capture_id)
        return capture_id

    def _give_up(self) -> bool:
        """Whether any files have failed for good, or until they change."""
        failed: list[Failed] = []
        while len(failed) < BATCH and (one := self._inbox.next_failed()):
            failed.append(one)
        if failed:
            self._workspace.db.insist(self._fail_all, failed)
            self._work.tally.failed += len(failed)
            for one in failed:
                self._inbox.done(one)
        return bool(failed)

    def _fail_all(self, db: sqlite3.Connection, failed: list[Failed]) -> None:
        for one in failed:
            path = Path(one.path)
            new = failure(
                Rejected.of(path, one.code, one.detail),
                source_id=self._work.source.id,
                origin=display_name(path),
                path=path,
                fingerprint=one.fingerprint,
            )
            before = captures.failed_at(db, self._work.source.id, path)
            if before is None:
                captures.fail(db, self._uid, new)
            else:
                captures.retry_done(db, self._uid, before, new)


def _only_touched(db: sqlite3.Connection, image_id: int, one: _Kept) -> bool:
    """Whether just this content was captured from just this file before; next time its new time is known too."""
    known = [capture.id for capture in captures.of_image(db, image_id) if capture.path == one.decoded.path]
    if known:
        captures.keep_fingerprint(db, known[-1], one.file.fingerprint)
    return bool(known)


def _wall_clock(monotonic: float) -> str:
    """A moment of the monotonic clock as store text."""
    return to_text(datetime.fromtimestamp(time.time() - (time.monotonic() - monotonic), UTC))
