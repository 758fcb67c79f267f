"""The queue and the model thread, without a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.engine.batcher import Batcher, QueueFullError, SetWork, Ticket, Work
from binscout_tui.engine.isolation import BatchLimit, predict_isolated
from binscout_tui.engine.protocol import DEADLINE, Answer, failed

LATER = float("inf")


class OutOfMemoryError(RuntimeError):
    """Has the name of torch's error."""


def good(name: str) -> Answer:
    return Answer(name, 1.0, {}, False)


class StepModel:
    """A model whose batches wait until the test lets them go; keeps the names of each."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.released = 0

    def predict(self, works: Sequence[Work]) -> list[Answer]:
        names = [str(work.source) for work in works]
        self.batches.append(names)
        self.begun.release()
        assert self.go.acquire(timeout=10)
        return [good(name) for name in names]

    def release_memory(self) -> None:
        self.released += 1


class SetModel:
    """Keeps the sizes of the sets of each batch; more than `most` pictures are too many for its memory."""

    def __init__(self, most: int = 100) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Semaphore(0)
        self.most = most

    def predict(self, works: Sequence[SetWork]) -> list[Answer]:
        sizes = [len(work.sources) for work in works]
        if sum(sizes) > self.most:
            raise OutOfMemoryError
        self.batches.append(sizes)
        assert self.go.acquire(timeout=10)
        return [good("set") for _ in works]

    def release_memory(self) -> None:
        pass


class Closed:
    """Holds the model thread until its gate opens, so that what comes meanwhile is queued as a whole."""

    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate

    def predict(self, works: Sequence[Work]) -> list[Answer]:
        assert self.gate.wait(10)
        return [good("gate") for _ in works]

    def release_memory(self) -> None:
        pass


class Inbox:
    """Collects answers by name and lets the test wait for a number of them."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self._come = threading.Semaphore(0)

    def deliver(self, ticket: Ticket, answer: Answer) -> None:
        name = str(ticket.work.source)
        assert name not in self.answers, "answered twice"
        self.answers[name] = answer
        self._come.release()

    def wait(self, number: int) -> None:
        for _ in range(number):
            assert self._come.acquire(timeout=10)

    def tickets(self, model: StepModel, *names: str, expires: float = LATER) -> list[Ticket]:
        return [Ticket(model, Work(Path(name)), expires, self.deliver) for name in names]


@pytest.fixture
def batcher() -> Iterator[Callable[..., Batcher]]:
    made: list[Batcher] = []

    def make(capacity: int = 100, max_batch: int = 4) -> Batcher:
        batcher = Batcher(capacity=capacity, max_batch=max_batch)
        made.append(batcher)
        batcher.start()
        return batcher

    yield make
    for each in made:
        each.close()


def test_what_queues_while_the_model_works_is_the_next_batch(batcher: Callable[..., Batcher]) -> None:
    queue, model, inbox = batcher(), StepModel(), Inbox()
    queue.submit(inbox.tickets(model, "a"))
    assert model.begun.acquire(timeout=10)
    for name in "bcdefg":
        queue.submit(inbox.tickets(model, name))
    assert queue.waiting == 6
    for _ in range(3):
        model.go.release()
    inbox.wait(7)
    assert model.batches == [["a"], ["b", "c", "d", "e"], ["f", "g"]]
    assert inbox.answers["f"].label == "f"


def test_a_set_weighs_as_much_as_its_pictures_and_none_overtakes_it(batcher: Callable[..., Batcher]) -> None:
    queue, model, delivered = batcher(max_batch=4), SetModel(), threading.Semaphore(0)
    sizes = [1, 2, 2, 3, 1, 9, 1, 1]
    works = [SetWork((Path("a"),) * size) for size in sizes]
    model.go.release(len(sizes))
    gate = threading.Event()
    queue.submit([Ticket(Closed(gate), Work(Path("first")), LATER, lambda ticket, answer: None)])
    queue.submit([Ticket(model, work, LATER, lambda ticket, answer: delivered.release()) for work in works])
    gate.set()
    for _ in works:
        assert delivered.acquire(timeout=10)
    assert model.batches == [[1, 2], [2], [3, 1], [9], [1, 1]]


def test_memory_that_runs_out_for_sets_is_counted_in_pictures(batcher: Callable[..., Batcher]) -> None:
    queue, model, delivered = batcher(max_batch=32), SetModel(most=10), threading.Semaphore(0)
    model.go.release(100)
    works = [SetWork((Path("a"),) * 8)] * 3
    queue.submit([Ticket(model, work, LATER, lambda ticket, answer: delivered.release()) for work in works])
    for _ in works:
        assert delivered.acquire(timeout=10)
    assert queue.limit.now == 8, "half of 16, not of 2"
    assert model.batches == [[8], [8], [8]]


def test_a_batch_has_one_model_and_the_oldest_goes_first(batcher: Callable[..., Batcher]) -> None:
    queue, first, second, inbox = batcher(), StepModel(), StepModel(), Inbox()
    queue.submit(inbox.tickets(first, "a"))
    assert first.begun.acquire(timeout=10)
    queue.submit([*inbox.tickets(second, "b"), *inbox.tickets(first, "c"), *inbox.tickets(second, "d")])
    first.go.release()
    assert second.begun.acquire(timeout=10)
    second.go.release()
    first.go.release()
    inbox.wait(4)
    assert second.batches == [["b", "d"]]
    assert first.batches == [["a"], ["c"]]


def test_a_full_queue_takes_all_or_nothing(batcher: Callable[..., Batcher]) -> None:
    queue, model, inbox = batcher(capacity=3), StepModel(), Inbox()
    queue.submit(inbox.tickets(model, "a"))
    assert model.begun.acquire(timeout=10)
    queue.submit(inbox.tickets(model, "b", "c"))
    with pytest.raises(QueueFullError, match="2 of 3"):
        queue.submit(inbox.tickets(model, "d", "e"))
    assert queue.waiting == 2
    queue.submit(inbox.tickets(model, "f"))
    model.go.release(2)
    inbox.wait(4)
    assert set(inbox.answers) == {"a", "b", "c", "f"}


def test_work_that_was_not_begun_in_time_is_not_done(batcher: Callable[..., Batcher]) -> None:
    queue, model, inbox = batcher(), StepModel(), Inbox()
    queue.submit(inbox.tickets(model, "a"))
    assert model.begun.acquire(timeout=10)
    queue.submit(inbox.tickets(model, "late", expires=time.monotonic()))
    queue.submit(inbox.tickets(model, "b"))
    model.go.release(2)
    inbox.wait(3)
    assert inbox.answers["late"] == failed(DEADLINE)
    assert model.batches == [["a"], ["b"]]


def test_withdrawn_work_is_neither_done_nor_delivered(batcher: Callable[..., Batcher]) -> None:
    queue, model, inbox = batcher(), StepModel(), Inbox()
    running, waiting = inbox.tickets(model, "a"), inbox.tickets(model, "b", "c")
    queue.submit(running)
    assert model.begun.acquire(timeout=10)
    queue.submit(waiting)
    queue.submit(inbox.tickets(model, "d"))
    assert queue.withdraw([*running, *waiting]) == 2
    model.go.release(2)
    inbox.wait(1)
    assert list(inbox.answers) == ["d"]
    assert model.batches == [["a"], ["d"]]


def test_memory_that_runs_out_makes_batches_smaller(batcher: Callable[..., Batcher]) -> None:
    class Small(StepModel):
        def predict(self, works: Sequence[Work]) -> list[Answer]:
            if len(works) > 2:
                raise OutOfMemoryError
            return super().predict(works)

    queue, model, inbox = batcher(max_batch=8), Small(), Inbox()
    model.go.release(100)
    queue.submit(inbox.tickets(model, *"abcdefgh"))
    inbox.wait(8)
    assert all(answer.error is None for answer in inbox.answers.values())
    assert queue.limit.now == 2
    assert model.released >= 2
    queue.submit(inbox.tickets(model, *"ijkl"))
    inbox.wait(4)
    assert [len(batch) for batch in model.batches[-2:]] == [2, 2]
    assert model.released == 3, "the limit was learned, so nothing failed again"


def test_an_end_of_the_model_thread_is_told() -> None:
    told = threading.Event()
    queue, model = Batcher(capacity=4, max_batch=4, crashed=told.set), StepModel()
    model.go.release()

    def broken(ticket: Ticket, answer: Answer) -> None:
        raise SystemExit

    queue.start()
    queue.submit([Ticket(model, Work(Path("a")), LATER, broken)])
    assert told.wait(10)
    queue.close()


def test_the_limit_grows_again_after_a_good_time() -> None:
    limit = BatchLimit(16)
    limit.shrink(16)
    assert limit.now == 8
    for _ in range(BatchLimit.GOOD_BATCHES):
        limit.succeeded()
    assert limit.now == 16
    limit.shrink(1)
    assert limit.now == 1


@given(
    names=st.lists(st.sampled_from("gp"), min_size=1, max_size=40).map(
        lambda kinds: [f"{k}{i}" for i, k in enumerate(kinds)]
    ),
    fits=st.integers(1, 40),
)
@settings(max_examples=60, deadline=None)
def test_only_the_bad_pictures_of_a_batch_fail(names: list[str], fits: int) -> None:
    def predict(works: Sequence[str]) -> list[Answer]:
        if len(works) > fits:
            raise OutOfMemoryError
        if any(name.startswith("p") for name in works):
            raise ValueError("poison")
        return [good(name) for name in works]

    answers = predict_isolated(predict, names, lambda works: None)
    assert [answer.label for answer in answers] == [name if name.startswith("g") else None for name in names]
    assert all("poison" in (answer.error or "") for answer in answers if answer.label is None)


def test_a_model_that_gives_too_few_answers_gives_none() -> None:
    answers = predict_isolated(lambda works: [good("a")][: len(works) - 1], ["a", "b"], lambda works: None)
    assert [answer.label for answer in answers] == [None, None]
