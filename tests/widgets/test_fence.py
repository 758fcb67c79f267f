"""The question behind a frame, and the terminal's answers."""

from __future__ import annotations

import re

from binscout_tui.widgets.fence import COLUMNS, FIRST_S, LEAST_S, ROW, TIMES, Fence


class Link:
    """What was written, and a clock to set."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.time = 0.0
        self.fence = Fence(self.written.append, lambda: self.time)

    def column(self, index: int = -1) -> int:
        """Where the cursor was put for a question."""
        found = re.search(r"\[2;(\d+)H\x1b\[6n\x1b8\Z", self.written[index])
        assert found is not None
        return int(found[1])


def test_an_answer_belongs_to_its_question() -> None:
    link = Link()
    first, second = link.fence.ask(), link.fence.ask()
    assert link.fence.answered(ROW, link.column(0), 0.1) == first
    assert link.fence.answered(ROW, link.column(1), 0.1) == second


def test_a_lost_answer_is_not_mistaken_for_the_next() -> None:
    link = Link()
    link.fence.ask()
    second = link.fence.ask()
    assert link.fence.answered(ROW, link.column(1), 0.1) == second
    assert link.fence.answered(ROW, link.column(0), 0.2) == 0, "too late for what nobody waits for"


def test_an_answer_that_nobody_asked_for_counts_for_nothing() -> None:
    link = Link()
    assert link.fence.answered(ROW, 3, 0.1) == 0
    question = link.fence.ask()
    assert link.fence.answered(ROW, link.column() % COLUMNS + 1, 0.1) == 0
    assert link.fence.answered(ROW, link.column(), 0.2) == question, "the question is still open"


def test_a_key_that_looks_like_an_answer_is_none() -> None:
    link = Link()
    question = link.fence.ask()
    assert link.fence.answered(1, link.column(), 0.1) == 0, "shift+F3"
    assert link.fence.answered(ROW, link.column(), 0.2) == question


def test_a_silent_terminal_is_not_asked_again() -> None:
    link = Link()
    assert link.fence.ask() == 1
    assert link.fence.patience_s == FIRST_S
    link.fence.gave_up()
    assert link.fence.ask() is None
    assert len(link.written) == 1


def test_a_slow_terminal_is_asked_again_once_it_has_answered() -> None:
    link = Link()
    link.fence.ask()
    link.fence.gave_up()
    assert link.fence.answered(ROW, link.column(), 0.9) == 1
    assert link.fence.ask() == 2
    assert link.fence.patience_s == TIMES * 0.9


def test_patience_is_never_short() -> None:
    link = Link()
    link.fence.ask()
    link.fence.answered(ROW, link.column(), 0.001)
    assert link.fence.patience_s == LEAST_S
    link.fence.gave_up()
    assert link.fence.ask() == 2, "one lost answer does not silence a terminal that answers"
