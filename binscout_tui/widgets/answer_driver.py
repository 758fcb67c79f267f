"""A Textual driver that keeps late answers of the terminal away from the keys, and tells the app of them."""

from __future__ import annotations

import time

from textual.driver import Driver
from textual.message import Message

from binscout_tui.terminal.answers import AnswerFilter, Answers, read_answers
from binscout_tui.terminal.graphics import TerminalGraphics
from binscout_tui.widgets.suspending_driver import SuspendingDriver

GRACE_S = 10.0


class TerminalAnswered(Message):
    """The terminal answered a query that was sent before the app started; `answers` are all so far."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self.answers = answers


class AnswerDriver(SuspendingDriver):
    """Reads the keyboard like its parent, less what `AnswerFilter` recognises.

    Without it a slow link's answer to the queries at start would be read as some twenty keys, among them digits
    that label pictures. For ten seconds a key that could be the beginning of an answer waits a moment.
    """

    _answers: AnswerFilter
    _grace_ends: float

    def run_input_thread(self) -> None:
        """Read until the app ends."""
        self._answers = AnswerFilter()
        self._grace_ends = time.monotonic() + GRACE_S
        super().run_input_thread()

    def keys_in(self, text: str) -> str:
        """`text` without answers, of which the app is told."""
        answers = self._answers
        answers.patient = time.monotonic() < self._grace_ends
        known = len(answers.taken)
        keys = answers.feed(text)
        if len(answers.taken) > known:
            self.send_message(TerminalAnswered(read_answers(answers.taken.encode())))
        return keys

    def keys_held_back(self) -> str:
        """What turned out to be no answer."""
        self._answers.patient = time.monotonic() < self._grace_ends
        return self._answers.flush()


def driver_class(graphics: TerminalGraphics) -> type[Driver]:
    """What to give `App(driver_class=…)` on a real terminal."""
    return AnswerDriver if graphics.answers_due else SuspendingDriver
