"""Decoding many files in a few worker processes that can be killed."""

from __future__ import annotations

import itertools
import os
import select
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

from ..errors import BinScoutError
from . import wire
from .outcomes import Code, Decoded, Glanced, Limits, Outcome, Rejected, Unpacked
from .process import COMMAND, WorkerProcess

MOST_WORKERS = 8
AHEAD_PER_WORKER = 32
ATTEMPTS = 2  # a worker can die of something that is not the file's fault
NO_CODES = "The reader of codes {how} on this picture, so codes in it were not read."


Answer = Outcome | Unpacked | wire.Glances
Look = tuple[Path, Glanced | Rejected]


class DecoderError(BinScoutError):
    """No worker process comes up, so nothing can be said about any file."""

    code = "decoder"


@dataclass(slots=True)
class _Place:
    """One file in the order of the results."""

    task: wire.Task
    attempts: int = 0
    outcome: Answer | None = None
    without_codes: str = ""

    def spare_codes(self, how: str) -> bool:
        """Whether it can be tried again without reading codes: the picture may be good all the same."""
        if not self.task.with_codes:
            return False
        self.task = msgspec.structs.replace(self.task, with_codes=False)
        self.without_codes = NO_CODES.format(how=how)
        return True


class DecodePool:
    """Worker processes that examine files: a context manager.

    They are started when needed, kept, killed when a file takes too long, and replaced when they die. Each file
    gets exactly one outcome. Previews are written below `previews_root`, or none at all without one. With `measuring`
    and `codes` the pictures are measured and their codes are read; one on which the reader of codes dies or takes too
    long is decoded without it. A pool that only glances at files starts faster without `decoding`. One run at a time,
    from one thread at a time; every call blocks, so an event loop calls from a thread.
    """

    def __init__(
        self,
        previews_root: Path | None,
        limits: Limits | None = None,
        workers: int | None = None,
        *,
        measuring: bool = False,
        codes: bool = False,
        decoding: bool = True,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._measuring = measuring
        self._codes = codes
        self._previews_root = previews_root
        self._limits = limits or Limits()
        self._most = workers or min(MOST_WORKERS, os.cpu_count() or 1)
        self._decoding = decoding
        self._command = command
        self._workers: dict[WorkerProcess, _Place | None] = {}
        self._running = False

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of the worker processes that live now."""
        return tuple(worker.pid for worker in self._workers)

    def decode_one(self, path: Path) -> Outcome:
        """The outcome of one file. Raises DecoderError."""
        [outcome] = self.run([path])
        return outcome

    def unpack(self, path: Path, target: Path, longest: int | None = None) -> Unpacked | Rejected:
        """Have all upright RGB pixels of one file written to `target`, or those of it made smaller.

        Raises DecoderError, RuntimeError as `run`.
        """
        [outcome] = self._run_alone(iter([_Place(wire.Task(path, target, longest))]))
        if isinstance(outcome, Decoded | wire.Glances):
            raise _cannot_start("it did something else than was asked for")
        return outcome

    def run(self, paths: Iterable[Path]) -> Generator[Outcome, None, None]:
        """One outcome for each of `paths`, in their order, as soon as it and all before it are known.

        `paths` is read lazily, at most 32 a worker ahead of the consumer. Leaving the iteration early, also by an
        exception, kills the workers that are busy. Raises DecoderError when workers do not start, RuntimeError
        when another run of this pool is not finished.
        """
        with closing(self._run_alone(map(self._place, paths))) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Unpacked | wire.Glances):
                    raise _cannot_start("it did something else than was asked for")
                yield outcome

    def glance(self, batches: Iterable[Sequence[Path]]) -> Generator[list[Look], None, None]:
        """What becomes of the files of each batch, in their order: hashed, and their first bytes understood.

        One message carries a batch; one in which a worker dies or is late is gone through file by file. Otherwise as
        `run`. A batch has at least one file.
        """
        given: deque[tuple[Path, ...]] = deque()

        def places() -> Iterator[_Place]:
            for batch in batches:
                given.append(tuple(batch))
                yield _Place(wire.Task(batch[0], batch=given[-1]))

        with closing(self._run_alone(places())) as outcomes:
            for outcome in outcomes:
                batch = given.popleft()
                if isinstance(outcome, Rejected):
                    yield [(batch[0], outcome)] if len(batch) == 1 else self._one_by_one(batch)
                elif isinstance(outcome, wire.Glances) and len(outcome.outcomes) == len(batch):
                    yield list(zip(batch, outcome.outcomes, strict=True))
                else:
                    raise _cannot_start("it did something else than was asked for")

    def _one_by_one(self, batch: Sequence[Path]) -> list[Look]:
        with DecodePool(None, self._limits, 1, decoding=self._decoding, command=self._command) as pool:
            return [look for looks in pool.glance([path] for path in batch) for look in looks]

    def _place(self, path: Path) -> _Place:
        return _Place(wire.Task(path, measuring=self._measuring, with_codes=self._codes))

    def _run_alone(self, places: Iterator[_Place]) -> Generator[Answer, None, None]:
        if self._running:
            raise RuntimeError("this pool is running already")
        self._running = True
        try:
            yield from self._run(places)
        finally:
            self._running = False
            for worker in [worker for worker in self._workers if not worker.idle]:
                self._drop(worker, kill=True)

    def close(self) -> None:
        """End all workers and wait for them. The pool can be used again afterwards."""
        for worker in self._workers:
            worker.dismiss()
        for worker in list(self._workers):
            self._drop(worker, kill=not worker.idle)

    def _run(self, places: Iterator[_Place]) -> Iterator[Answer]:
        window: deque[_Place] = deque()
        waiting: deque[_Place] = deque()
        while True:
            fresh = list(itertools.islice(places, self._most * AHEAD_PER_WORKER - len(window)))
            window.extend(fresh)
            waiting.extend(fresh)
            self._assign(waiting)
            while window and window[0].outcome is not None:
                yield window.popleft().outcome  # type: ignore[misc]
            if window:
                self._wait(waiting)
            elif not fresh:
                return

    def _assign(self, waiting: deque[_Place]) -> None:
        """Give the waiting files to idle workers; start more workers while there are more files than those."""
        for worker in [worker for worker in self._workers if worker.idle]:
            if not waiting:
                return
            try:
                worker.begin(waiting[0].task)
            except BrokenPipeError:  # it died while it was idle
                self._drop(worker, kill=True)
            else:
                self._workers[worker] = waiting.popleft()
        starting = sum(not worker.ready for worker in self._workers)
        for _ in range(min(self._most - len(self._workers), len(waiting) - starting)):
            try:
                worker = WorkerProcess(self._limits, self._previews_root, self._command, decoding=self._decoding)
            except OSError as error:
                raise _cannot_start(str(error)) from error
            self._workers[worker] = None

    def _wait(self, waiting: deque[_Place]) -> None:
        """Wait until a worker answers, dies or is late, and deal with it."""
        busy = {worker.fileno(): worker for worker in self._workers if not worker.idle}
        if not busy:
            raise RuntimeError("the pool was closed during a run")
        poll = select.poll()
        for descriptor in busy:
            poll.register(descriptor, select.POLLIN)
        deadline = min(worker.deadline or 0.0 for worker in busy.values())
        for descriptor, _ in poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            self._hear(busy.pop(descriptor), waiting)
        now = time.monotonic()
        for worker in [worker for worker in busy.values() if (worker.deadline or now + 1) <= now]:
            self._give_up(worker, waiting)

    def _hear(self, worker: WorkerProcess, waiting: deque[_Place]) -> None:
        place = self._workers[worker]
        try:
            message = worker.receive()
        except EOFError:
            self._bury(worker, place, waiting)
            return
        if place is not None and isinstance(message, Decoded | wire.Glances | Unpacked | Rejected):
            place.outcome = _with_noise(message, place.without_codes or worker.noise())
            self._workers[worker] = None

    def _bury(self, worker: WorkerProcess, place: _Place | None, waiting: deque[_Place]) -> None:
        if place is None:
            status, noise = worker.wait(), worker.noise()
            self._drop(worker, kill=True)
            raise _cannot_start(noise or f"exit status {status}")
        place.attempts += 1
        if place.spare_codes("crashed") or place.attempts < ATTEMPTS:
            waiting.appendleft(place)
        else:
            place.outcome = worker.rejection(place.task.path, Code.CRASHED)
        self._drop(worker, kill=True)

    def _give_up(self, worker: WorkerProcess, waiting: deque[_Place]) -> None:
        place = self._workers[worker]
        if place is None:
            self._drop(worker, kill=True)
            raise _cannot_start("it does not answer")
        if place.spare_codes("took too long"):
            waiting.appendleft(place)
        else:
            place.outcome = worker.rejection(place.task.path, Code.TIMEOUT)
        self._drop(worker, kill=True)

    def _drop(self, worker: WorkerProcess, *, kill: bool) -> None:
        del self._workers[worker]
        worker.close(kill=kill)


def _with_noise(outcome: Answer, noise: str) -> Answer:
    """`outcome` with what a C library printed: as a warning, or as part of the detail."""
    if not noise or isinstance(outcome, Unpacked | wire.Glances):
        return outcome
    if isinstance(outcome, Decoded):
        return msgspec.structs.replace(outcome, warnings=(*outcome.warnings, noise))
    return msgspec.structs.replace(outcome, detail="; ".join(filter(None, [outcome.detail, noise])))


def _cannot_start(why: str) -> DecoderError:
    return DecoderError(
        f"The picture decoder does not start: {why}.",
        hint="Run `binscout doctor`; reinstalling the program usually mends this.",
    )
