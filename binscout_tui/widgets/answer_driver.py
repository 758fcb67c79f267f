"""A Textual driver that keeps late answers of the terminal away from the keys."""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from binscout_tui.terminal.answers import AnswerFilter
from binscout_tui.terminal.graphics import TerminalGraphics

GRACE_S = 10.0
_POLL_S = 0.1
_READ_BYTES = 4096


class AnswerDriver(LinuxDriver):
    """Reads the keyboard like its parent, less what `AnswerFilter` recognises in the first ten seconds.

    Without it a slow link's answer to the queries at start would be read as some twenty keys, among them digits
    that label pictures.
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
                if time.monotonic() > grace_ends:
                    answers.finished = True
                text = ""
                if selector.select(_POLL_S):
                    data = os.read(self.fileno, _READ_BYTES)
                    if not data:
                        break
                    text = answers.feed(decode(data))
                else:
                    text = answers.flush()
                if text:
                    for message in parser.feed(text):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)


def driver_class(graphics: TerminalGraphics) -> type[Driver] | None:
    """What to give `App(driver_class=…)`: None, Textual's own choice, unless answers are still to come."""
    return AnswerDriver if graphics.answers_due else None
