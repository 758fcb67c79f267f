"""A program whose terminal goes without a signal ends, instead of reading nothing with all of a processor."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from binscout_tui.widgets.reading_driver import HUNG_UP
from tests.conftest import REPOSITORY

PROBE = [sys.executable, "-m", "tests.app.probe_app"]
LIMIT_S = 20.0


def shown(master: int) -> None:
    """Wait until the program has drawn something."""
    written, end = b"", time.monotonic() + LIMIT_S
    while b"redrawn=" not in written:
        assert time.monotonic() < end, written
        if select.select([master], [], [], 0.1)[0]:
            written += os.read(master, 65536)


@pytest.mark.parametrize("ignored", [False, True])
def test_it_ends_when_the_terminal_has_gone_without_a_word(ignored: bool) -> None:
    master, slave = pty.openpty()
    # In a session of its own and without a controlling terminal: the kernel sends no signal.
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *PROBE] if ignored else PROBE
    with subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(REPOSITORY)},
    ) as process:
        try:
            os.close(slave)
            shown(master)
            os.close(master)
            # The tests themselves may run where the signal is ignored, and then so does the program.
            assert process.wait(LIMIT_S) in ({HUNG_UP} if ignored else {HUNG_UP, -signal.SIGHUP})
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
