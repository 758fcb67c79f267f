"""Results that are fetched ahead come in order, end with what was raised, and end when nobody takes them any more."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from binscout_tui.imaging.ahead import ahead


def counted(most: int, seen: list[object]) -> Generator[int, None, None]:
    """Numbers; `seen` is told of each, and of the end."""
    try:
        for number in range(most):
            seen.append(number)
            yield number
    finally:
        seen.append("closed")


def test_all_come_in_their_order() -> None:
    seen: list[object] = []
    assert list(ahead(counted(100, seen), 3)) == list(range(100))
    assert seen[-1] == "closed"


def test_the_next_ones_are_fetched_while_one_is_looked_at() -> None:
    fetched = threading.Event()

    def items() -> Generator[str, None, None]:
        yield "first"
        fetched.set()
        yield "second"

    taken = ahead(items(), 2)
    assert next(taken) == "first"
    assert fetched.wait(10)
    assert list(taken) == ["second"]


def test_no_more_than_asked_for_are_fetched() -> None:
    seen: list[object] = []
    taken = ahead(counted(100, seen), 2)
    next(taken)
    taken.close()
    # One was taken, two wait, one is in hand.
    assert seen[-1] == "closed"
    assert len(seen) <= 5


def test_what_is_raised_comes_out_at_its_place() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        raise LookupError("gone")

    taken = ahead(items(), 5)
    assert next(taken) == 1
    with pytest.raises(LookupError, match="gone"):
        next(taken)
