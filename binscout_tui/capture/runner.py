"""The process that holds the sources of a workspace: `binscout capture run`.

Everybody else talks to it through the database alone: rows of sources and of wanted shots. It looks whether anything
changed twenty times a second, by one number that SQLite keeps.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from binscout_tui.backup.swapping import in_use
from binscout_tui.capture.camera_work import CameraWork
from binscout_tui.capture.inbox_work import InboxWork
from binscout_tui.capture.instance import only_instance
from binscout_tui.capture.staging import sweep
from binscout_tui.capture.work import Tally, Work, log
from binscout_tui.errors import BinScoutError
from binscout_tui.store import capture_sources, events
from binscout_tui.store.capture_sources import Source
from binscout_tui.workspace import Workspace

POLL_S = 0.05
CHECK_S = 1.0
LEAVE_S = 5.0
REBORN_S = 10.0
NICENESS = 10
SWITCHED_OFF = "The source is switched off."


def run(root: Path) -> None:
    """Run every enabled source until SIGTERM or SIGINT, or until the workspace is gone.

    Where a restored workspace is put in place it lets go of the old one, and goes on with the new.
    Raises RefusedError when another process does so already.
    """
    stop = threading.Event()
    with _leaving_by_signal(stop):
        give_way()
        while _run(root, stop):
            log("waits until a restored workspace is in place")
            while in_use.notice(root) is not None and not stop.wait(POLL_S):
                pass


def _run(root: Path, stop: threading.Event) -> bool:
    """Run the sources; True when the workspace is wanted by somebody who puts another in its place."""
    with _allowed(root) as workspace, only_instance(root):
        log(f"captures of {root} are taken by process {os.getpid()}")
        _begin(workspace)
        crew = Crew(workspace)
        try:
            return _watch(workspace, crew, stop)
        finally:
            crew.leave()
            log("left")


def give_way() -> None:
    """Let whoever presses keys go first: thousands of files at once take all processors.

    Linux weighs sessions against each other before the processes in them, so one of our own is told as well.
    """
    os.nice(NICENESS)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # a kernel without groups of sessions
            Path("/proc/self/autogroup").write_text(str(NICENESS))


def run_once(root: Path) -> dict[str, Tally]:
    """Take what waits now: files in inboxes, and shots that were asked for; {source name: what came of it}.

    Raises RefusedError when a process that does so all the time lives.
    """
    stop = threading.Event()
    with _allowed(root) as workspace, only_instance(root), _leaving_by_signal(stop):
        _begin(workspace)
        crew = Crew(workspace, once=True)
        crew.arrange()
        while crew.busy and not stop.wait(POLL_S):
            pass
        crew.leave()
        return {work.source.name: work.tally for work in crew.works}


class Crew:
    """The threads at work, one a source."""

    def __init__(self, workspace: Workspace, *, once: bool = False) -> None:
        self._workspace = workspace
        self._once = once
        self._works: dict[int, Work] = {}
        self._begun: dict[int, float] = {}

    @property
    def works(self) -> list[Work]:
        """Those of the enabled sources."""
        return list(self._works.values())

    @property
    def busy(self) -> bool:
        """Whether any of them works."""
        return any(work.is_alive() for work in self._works.values())

    def arrange(self) -> None:
        """Begin what was added, end what was removed or switched off, begin anew what was changed or broke."""
        wanted = {source.id: source for source in self._workspace.db.read(capture_sources.sources)}
        for source_id, work in list(self._works.items()):
            source = wanted.get(source_id)
            broken = not work.is_alive() and time.monotonic() > self._begun[source_id] + REBORN_S
            if source is None or not source.enabled or _differs(source, work.source) or broken:
                work.leave()
                work.join(LEAVE_S)
                del self._works[source_id]
        for source in wanted.values():
            if source.enabled and source.id not in self._works:
                self._begin(source)
            elif not source.enabled:
                self._put_off(source)

    def nudge(self) -> None:
        """Let everybody look at what was asked."""
        for work in self._works.values():
            work.nudge()

    def leave(self) -> None:
        """End everybody, together."""
        for work in self._works.values():
            work.leave()
        until = time.monotonic() + LEAVE_S
        for work in self._works.values():
            work.join(max(0.0, until - time.monotonic()))

    def _begin(self, source: Source) -> None:
        kind = InboxWork if source.kind == "inbox" else CameraWork
        work = kind(self._workspace.paths.root, source, once=self._once)
        self._works[source.id] = work
        self._begun[source.id] = time.monotonic()
        work.start()

    def _put_off(self, source: Source) -> None:
        write = self._workspace.db.insist
        if source.state != "off":
            write(capture_sources.set_state, source.id, "off", "")
        for request in self._workspace.db.read(capture_sources.open_requests, source.id):
            write(capture_sources.fail_request, request.id, SWITCHED_OFF)


@contextmanager
def _allowed(root: Path) -> Iterator[Workspace]:
    with Workspace(root) as workspace:
        workspace.user.must_be("operator", "Taking captures")
        yield workspace


def _begin(workspace: Workspace) -> None:
    sweep(workspace.paths.incoming)
    workspace.db.insist(capture_sources.release_requests)


def _watch(workspace: Workspace, crew: Crew, stop: threading.Event) -> bool:
    """Until the process is to leave; True when the workspace is to be let go of for a while only."""
    there = _identity(workspace.paths.database)
    version, checked = -1, 0.0
    while not stop.wait(POLL_S):
        if workspace.is_wanted:
            return True
        now = time.monotonic()
        if now - checked > CHECK_S:
            checked = now
            if _identity(workspace.paths.database) != there:
                log("the workspace is gone")
                return False
        try:
            seen = workspace.db.read(events.data_version)
            # Once a second all the same: a thread may have broken.
            if seen != version or now == checked:
                version = seen
                crew.arrange()
                crew.nudge()
        except BinScoutError as error:
            log(f"{error.sentence}")
    return False


def _differs(one: Source, other: Source) -> bool:
    return (one.name, one.kind, one.config) != (other.name, other.kind, other.config)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _leaving_by_signal(stop: threading.Event) -> Iterator[None]:
    """While this lasts, SIGTERM and SIGINT set `stop`."""

    def leave(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
