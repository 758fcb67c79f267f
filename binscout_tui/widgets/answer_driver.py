"""A Textual driver that keeps late answers of the terminal away from the keys, and tells the app of them."""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.message import Message

from binscout_tui.terminal.answers import AnswerFilter, Answers, read_answers
from binscout_tui.terminal.graphics import TerminalGraphics
from binscout_tui.widgets.suspending_driver import SuspendingDriver

GRACE_S = 10.0
_POLL_S = 0.1
_READ_BYTES = 4096


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

    def run_input_thread(self) -> None:
        """Read until the app ends."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        answers = AnswerFilter()
        grace_ends = time.monotonic() + GRACE_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                answers.patient = time.monotonic() < grace_ends
                if selector.select(_POLL_S):
                    data = os.read(self.fileno, _READ_BYTES)
                    if not data:
                        break
                    text = self._without_answers(answers, decode(data))
                else:
                    text = answers.flush()
                for message in parser.feed(text) if text else ():
                    self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _without_answers(self, answers: AnswerFilter, text: str) -> str:
        known = len(answers.taken)
        keys = answers.feed(text)
        if len(answers.taken) > known:
            self.send_message(TerminalAnswered(read_answers(answers.taken.encode())))
        return keys


def driver_class(graphics: TerminalGraphics) -> type[Driver]:
    """What to give `App(driver_class=…)` on a real terminal."""
    return AnswerDriver if graphics.answers_due else SuspendingDriver
