"""A Textual driver that reads the keyboard, and ends the program when its terminal has gone."""

from __future__ import annotations

import os
import select
import signal
from codecs import getincrementaldecoder

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

HUNG_UP = 128 + signal.SIGHUP
_POLL_MS = 100
_READ_BYTES = 4096
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class ReadingDriver(LinuxDriver):
    """Reads until the app ends.

    Textual's own loop reads on for ever, with all of a processor, when the terminal goes without a signal: the shell
    that would have passed it on was killed, or there was none. It also panics at bytes that are no UTF-8.
    """

    def run_input_thread(self) -> None:
        """Read until the app ends, or the terminal has gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        while not self.exit_event.is_set():
            found = poll.poll(_POLL_MS)
            data = self._read() if found else b""
            if found and not data:
                if found[0][1] & _GONE:
                    leave()
                self.exit_event.wait(_POLL_MS / 1000)
            text = self.keys_in(decode(data)) if data else self.keys_held_back()
            for message in parser.feed(text) if text else ():
                self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def keys_in(self, text: str) -> str:
        """What of `text` comes from keys and the mouse."""
        return text

    def keys_held_back(self) -> str:
        """What was held back in `keys_in`, now that nothing came for a moment."""
        return ""

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ_BYTES)
        except OSError:  # what a terminal that has gone answers
            return b""


def leave() -> None:
    """End as a hang-up ends a program: every decision is on the disk, and nobody is there to be told."""
    os.kill(os.getpid(), signal.SIGHUP)
    os._exit(HUNG_UP)  # the signal was ignored, as under nohup
