"""The queue and the one thread that runs models: what waits while it works is the next batch."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from binscout_tui.engine.isolation import BatchLimit, predict_isolated
from binscout_tui.engine.protocol import DEADLINE, Crop, failed
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.sources import Pinned

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A picture as path (perhaps pinned to its bytes) or as the bytes of its file, and the part of it that counts."""

    source: Path | Pinned | bytes
    crop: Crop | None = None

    @property
    def pictures(self) -> int:
        """How many a model has to look at."""
        return 1


@dataclass(frozen=True, slots=True)
class SetWork:
    """The candidates of one set."""

    sources: tuple[Path | Pinned | bytes, ...]

    @property
    def pictures(self) -> int:
        """How many a model has to look at."""
        return len(self.sources)


class Model(Protocol):
    """What the batcher needs of a model. `predict` may raise; `release_memory` is called when memory ran out."""

    def predict(self, works: Sequence[Any]) -> Sequence[Any]: ...

    def release_memory(self) -> None: ...


@dataclass(eq=False, slots=True)
class Ticket:
    """A place in the queue. `deliver` is called once, on the model thread, unless the ticket is withdrawn.

    `expires` is a moment of `time.monotonic()`; work that has not begun by then is answered with `deadline`, as an
    answer that `failed` makes. What may wait `later` is begun only when nothing else waits.
    """

    model: Model
    work: Work | SetWork
    expires: float
    deliver: Callable[[Ticket, Any], None]
    failed: Callable[[str], Any] = failed
    later: bool = False
    withdrawn: bool = field(default=False, init=False)


class QueueFullError(BinScoutError):
    """The queue cannot take the items; `retry_after` is a guess in seconds."""

    code = "queue_full"

    def __init__(self, waiting: int, capacity: int, retry_after: float) -> None:
        super().__init__(
            f"The engine is busy: {waiting} of {capacity} places in its queue are taken.", hint="Try again later."
        )
        self.retry_after = retry_after


class Batcher:
    """Runs models on one thread, in batches of up to `max_batch` pictures of the same model, first come first served.

    A set of more pictures than that is a batch of its own. `capacity` counts what was asked, whatever its pictures.
    `crashed` is called on that thread when it ends for a reason that is not a model's error.
    """

    def __init__(self, *, capacity: int, max_batch: int, crashed: Callable[[], None] = lambda: None) -> None:
        self.capacity = capacity
        self.limit = BatchLimit(max_batch)
        self._crashed = crashed
        self._queue: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._seconds_each = 0.0
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Drop what is queued and wait up to `timeout` seconds for the batch that runs."""
        with self._changed:
            self._closing = True
            self._queue.clear()
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    @property
    def waiting(self) -> int:
        """Number of tickets in the queue, without those that are being worked on."""
        return len(self._queue)

    def submit(self, tickets: Sequence[Ticket]) -> None:
        """Queue all of `tickets`, or none: raises QueueFullError."""
        with self._changed:
            waiting = len(self._queue)
            if waiting + len(tickets) > self.capacity:
                raise QueueFullError(waiting, self.capacity, waiting * self._seconds_each)
            self._queue.extend(tickets)
            self._changed.notify()

    def withdraw(self, tickets: Iterable[Ticket]) -> int:
        """Nobody waits for these any more: the queued ones leave, the others are not delivered.

        Returns how many left the queue.
        """
        with self._changed:
            for ticket in tickets:
                ticket.withdrawn = True
            before = len(self._queue)
            self._queue = deque(ticket for ticket in self._queue if not ticket.withdrawn)
            return before - len(self._queue)

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._work(batch)
        except BaseException:
            log.critical("the model thread ended", exc_info=True)
            self._crashed()

    def _next_batch(self) -> list[Ticket]:
        """The oldest ticket that cannot wait, else the oldest, and those after it like it; empty when closing."""
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            if self._closing:
                return []
            first = next((ticket for ticket in self._queue if not ticket.later), self._queue[0])
            batch: list[Ticket] = []
            others: deque[Ticket] = deque()
            room = self.limit.now
            for ticket in self._queue:
                like = ticket.model is first.model and ticket.later is first.later
                if like:
                    room -= ticket.work.pictures  # below 0 from the first that does not fit: none overtakes it
                fits = like and (room >= 0 or not batch)
                (batch if fits else others).append(ticket)
            self._queue = others
            return batch

    def _work(self, batch: list[Ticket]) -> None:
        begun = time.monotonic()
        late = [ticket for ticket in batch if ticket.expires <= begun]
        for ticket in late:
            _hand_over(ticket, ticket.failed(DEADLINE))
        batch = [ticket for ticket in batch if ticket.expires > begun]
        if not batch:
            return
        model = batch[0].model

        def out_of_memory(works: Sequence[Work | SetWork]) -> None:
            self.limit.shrink(sum(work.pictures for work in works))
            model.release_memory()

        works = [ticket.work for ticket in batch]
        answers = predict_isolated(model.predict, works, out_of_memory, batch[0].failed)
        self.limit.succeeded()
        each = (time.monotonic() - begun) / len(batch)
        self._seconds_each = each if not self._seconds_each else 0.8 * self._seconds_each + 0.2 * each
        for ticket, answer in zip(batch, answers, strict=True):
            _hand_over(ticket, answer)


def _hand_over(ticket: Ticket, answer: Any) -> None:
    if not ticket.withdrawn:
        ticket.deliver(ticket, answer)
