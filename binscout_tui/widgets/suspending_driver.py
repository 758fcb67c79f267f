"""A Textual driver that lets go of the terminal for job control and takes it back whole."""

from __future__ import annotations

import asyncio
import os
import signal

from binscout_tui.widgets.reading_driver import ReadingDriver


def has_job_control() -> bool:
    """Whether a shell with job control waits for us.

    Without one (started by a terminal or by tmux itself) nobody could wake a stopped program up again.
    """
    return os.getpgrp() != os.getsid(0)


class SuspendingDriver(ReadingDriver):
    """Stops and continues as a shell expects it.

    Textual's own driver stops only its own process, so that a wrapper which started it keeps the shell waiting; it
    freezes for ever where there is no shell; it handles the signals in the middle of whatever runs; and after
    SIGSTOP and SIGCONT it reads the keyboard twice. Here the signals are handled by the event loop.
    """

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        loop.add_signal_handler(signal.SIGCONT, self._continued)

    def _suspend(self) -> None:
        """Give the terminal back, stop the whole process group as ctrl+z would, go on when continued."""
        if not self._auto_restart:
            self._stop(signal.SIGTSTP)  # another program has the terminal; it is not ours to give back
            return
        self.suspend_application_mode()
        self._stop(signal.SIGTSTP)
        self._take_back()

    def _continued(self) -> None:
        """Continued although nobody asked us to stop: the shell has used the terminal in the meantime."""
        if self._auto_restart:
            self.suspend_application_mode()
            self._take_back()

    def _take_back(self) -> None:
        while not self._in_foreground():
            self._stop(signal.SIGTTOU)
        self._must_signal_resume = True
        self.resume_application_mode()

    def _stop(self, reason: signal.Signals) -> None:
        """Stop as the kernel does it for this signal: the whole group, and not at all where no shell is there."""
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)
        os.kill(0, reason)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        loop.add_signal_handler(signal.SIGCONT, self._continued)

    def _in_foreground(self) -> bool:
        if not has_job_control():
            return True
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return True  # the terminal has gone; reading from it ends the program
