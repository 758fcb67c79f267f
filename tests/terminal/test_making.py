"""Threads that make pictures: the most urgent first, each once, nothing stale, and none of them dies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.making import Made, MakingQueue
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.terminal.scale import PictureError

LONG_S = 10.0


def request(name: str) -> Request:
    return Request(Path(name), 4, 2, 10, 20, Protocol.KITTY)


class Making:
    """Work that waits at a gate, and what came of it. `outcomes` says what a name gives instead of a payload."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.begun: list[str] = []
        self.told: list[tuple[str, Made]] = []
        self.outcomes: dict[str, Callable[[], Payload | None]] = {}
        self._changed = threading.Condition()

    def make(self, request: Request, wanted: Callable[[], bool]) -> Payload | None:
        self.begun.append(request.path.name)
        self.started.release()
        assert self.gate.wait(LONG_S)
        return self.outcomes.get(request.path.name, lambda: Payload(4, 2))()

    def done(self, request: Request, made: Made) -> None:
        with self._changed:
            self.told.append((request.path.name, made))
            self._changed.notify_all()

    def wait_for(self, number: int) -> list[str]:
        """The names told, once there are `number` of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) >= number, LONG_S), self.told
            return [name for name, _ in self.told]


@pytest.fixture
def making() -> Making:
    return Making()


@pytest.fixture
def queue(making: Making) -> Iterator[MakingQueue]:
    queue = MakingQueue(making.make, threads=1)
    yield queue
    making.gate.set()
    queue.close()


def busy(making: Making, queue: MakingQueue) -> None:
    """The one thread is at work on "first"."""
    queue.ask(request("first"), making.done)
    assert making.started.acquire(timeout=LONG_S)


def test_the_most_urgent_goes_first_and_equals_in_the_order_asked(making: Making, queue: MakingQueue) -> None:
    busy(making, queue)
    for name, urgency in (("later", 2), ("b", 1), ("a", 1), ("now", 0)):
        queue.ask(request(name), making.done, urgency=urgency)
    queue.ask(request("later"), making.done, urgency=0)
    making.gate.set()
    assert making.wait_for(6) == ["first", "now", "later", "later", "b", "a"]
    assert making.begun == ["first", "now", "later", "b", "a"]


def test_the_same_request_is_made_once_and_everybody_is_told_also_who_asks_meanwhile(
    making: Making, queue: MakingQueue
) -> None:
    busy(making, queue)
    queue.ask(request("first"), making.done)
    queue.ask(request("first"), making.done)
    making.gate.set()
    assert making.wait_for(3) == ["first"] * 3
    assert making.begun == ["first"]


def test_what_nobody_wants_any_more_is_not_made_and_nobody_is_told(making: Making, queue: MakingQueue) -> None:
    busy(making, queue)
    queue.ask(request("stale"), making.done, wanted=lambda: False)
    queue.ask(request("half stale"), lambda *_: pytest.fail("told"), wanted=lambda: False)
    queue.ask(request("half stale"), making.done)
    making.gate.set()
    assert making.wait_for(2) == ["first", "half stale"]
    assert making.begun == ["first", "half stale"]
    queue.ask(request("stale"), making.done)
    assert making.wait_for(3)[-1] == "stale"


def test_work_given_up_is_taken_up_again_when_somebody_asked_meanwhile(making: Making, queue: MakingQueue) -> None:
    outcomes = iter([None, Payload(4, 2)])
    making.outcomes["first"] = lambda: next(outcomes)
    busy(making, queue)
    queue.ask(request("first"), making.done)
    making.gate.set()
    assert making.wait_for(2) == ["first", "first"]
    assert making.begun == ["first", "first"]


def fail(error: Exception) -> Callable[[], Payload | None]:
    def raises() -> Payload | None:
        raise error

    return raises


def test_errors_are_told_and_the_thread_goes_on(making: Making, queue: MakingQueue) -> None:
    making.gate.set()
    making.outcomes = {"damaged": fail(PictureError("cut off", code="damaged")), "odd": fail(ZeroDivisionError("no"))}
    for name in ("damaged", "odd", "good"):
        queue.ask(request(name), making.done)
    making.wait_for(3)
    told = dict(making.told)
    assert isinstance(told["damaged"], PictureError)
    assert told["damaged"].code == "damaged"
    assert isinstance(told["odd"], PictureError)
    assert told["odd"].code == "unforeseen"
    assert "ZeroDivisionError: no" in told["odd"].sentence
    assert isinstance(told["good"], Payload)


def test_a_listener_that_fails_takes_nothing_from_the_others(
    making: Making, queue: MakingQueue, caplog: pytest.LogCaptureFixture
) -> None:
    def closed(_request: Request, _made: Made) -> None:
        raise RuntimeError("the loop is closed")

    busy(making, queue)
    queue.ask(request("second"), closed)
    queue.ask(request("second"), making.done)
    making.gate.set()
    assert making.wait_for(2) == ["first", "second"]
    assert "the loop is closed" in caplog.text


def test_nothing_is_made_or_told_after_the_end(making: Making, queue: MakingQueue) -> None:
    busy(making, queue)
    queue.ask(request("waiting"), making.done)
    queue.close()
    queue.ask(request("late"), making.done)
    making.gate.set()
    for thread in threading.enumerate():
        if thread.name == "pictures":
            thread.join(LONG_S)
    assert making.begun == ["first"]
    assert making.told == []


def test_two_threads_work_at_the_same_time() -> None:
    making = Making()
    queue = MakingQueue(making.make, threads=2)
    for name in ("a", "b", "c"):
        queue.ask(request(name), making.done)
    assert making.started.acquire(timeout=LONG_S)
    assert making.started.acquire(timeout=LONG_S)
    assert sorted(making.begun) == ["a", "b"]
    making.gate.set()
    assert sorted(making.wait_for(3)) == ["a", "b", "c"]
    queue.close()
