"""Threads that make payloads, the most urgent first; what nobody wants any longer is not made."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from binscout_tui.errors import BinScoutError
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.terminal.scale import PictureError

_log = logging.getLogger(__name__)

THREADS = 2
IDLE_S = 5.0

Made = Payload | PictureError
Make = Callable[[Request, Callable[[], bool]], Payload | None]
Done = Callable[[Request, Made], None]
Wanted = Callable[[], bool]


@dataclass(slots=True)
class _Job:
    request: Request
    urgency: int
    asked: list[tuple[Wanted, Done]] = field(default_factory=list)

    def is_wanted(self) -> bool:
        return any(wanted() for wanted, _ in self.asked)


class MakingQueue:
    """Requests waiting to be made, and up to two threads that make them.

    `make(request, wanted)` does the work on a thread. `done` is called on that thread, once for each `ask` that is
    still wanted when the work is done; one that is not wanted any more hears nothing. A thread with nothing to do
    for a while ends, so that nobody has to close a queue; `close` ends them at once.
    """

    def __init__(self, make: Make, threads: int = THREADS) -> None:
        self._make = make
        self._most = threads
        self._alive = 0
        self._idle = 0
        self._serial = 0
        self._heap: list[tuple[int, int, _Job]] = []
        self._jobs: dict[Request, _Job] = {}
        self._changed = threading.Condition()
        self._closed = False

    def ask(self, request: Request, done: Done, *, urgency: int = 0, wanted: Wanted = lambda: True) -> None:
        """Have `request` made; smaller `urgency` goes first. The same request asked twice is made once."""
        with self._changed:
            if self._closed:
                return
            job = self._jobs.get(request)
            if job is None:
                job = self._jobs[request] = _Job(request, urgency)
                self._push(job)
            elif urgency < job.urgency:
                job.urgency = urgency
                self._push(job)
            job.asked.append((wanted, done))
            if self._idle:
                self._changed.notify()
            elif self._alive < self._most:
                self._alive += 1
                threading.Thread(target=self._work, name="pictures", daemon=True).start()

    def close(self) -> None:
        """Make nothing more; what is being made is dropped."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._jobs.clear()
            self._changed.notify_all()

    def _push(self, job: _Job) -> None:
        self._serial += 1
        heapq.heappush(self._heap, (job.urgency, self._serial, job))

    def _work(self) -> None:
        while (job := self._next()) is not None:
            result = self._made(job)
            for wanted, done in self._finish(job, result):
                _tell(job.request, result, wanted, done)

    def _finish(self, job: _Job, result: Made | None) -> list[tuple[Wanted, Done]]:
        """Take a job off the list and say whom to tell; given up, but asked for again meanwhile, it goes back."""
        with self._changed:
            if self._closed:
                return []
            if result is None and job.is_wanted():
                job.urgency = 0
                self._push(job)
                return []
            del self._jobs[job.request]
            return job.asked

    def _next(self) -> _Job | None:
        """The most urgent job that somebody wants, or None when there was none for a while."""
        with self._changed:
            while not self._closed:
                job = self._pop()
                if job is not None:
                    return job
                self._idle += 1
                woken = self._changed.wait(IDLE_S)
                self._idle -= 1
                if not woken and not self._heap:
                    break
            self._alive -= 1
            return None

    def _pop(self) -> _Job | None:
        while self._heap:
            urgency, _, job = heapq.heappop(self._heap)
            if self._jobs.get(job.request) is not job or urgency != job.urgency:
                continue
            if job.is_wanted():
                job.urgency = -1  # under way: asking again only adds somebody to tell
                return job
            del self._jobs[job.request]
        return None

    def _made(self, job: _Job) -> Made | None:
        try:
            return self._make(job.request, job.is_wanted)
        except PictureError as error:
            return error
        except Exception as error:  # noqa: BLE001  a thread that died would leave every later picture loading for ever
            return _unforeseen(error)


def _tell(request: Request, result: Made | None, wanted: Wanted, done: Done) -> None:
    try:
        if result is not None and wanted():
            done(request, result)
    except Exception:  # noqa: BLE001  a thread that died would leave every later picture loading for ever
        _log.exception("nobody could be told that %s is ready", request.path.name)


def _unforeseen(error: Exception) -> PictureError:
    told = error.sentence if isinstance(error, BinScoutError) else f"{type(error).__name__}: {error}"
    return PictureError(f"the picture cannot be prepared: {told}", code="unforeseen")
