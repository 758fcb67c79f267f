"""A terminal played by the test: a pseudo-terminal whose other end answers queries as it is told."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

QUERY_END = b"\x1b[c"


@dataclass
class Played:
    """What happened: what the program wrote, what it reported, and the terminal's settings before and after."""

    written: bytes = b""
    report: dict[str, Any] = field(default_factory=dict)
    settings_before: list[Any] = field(default_factory=list)
    settings_after: list[Any] = field(default_factory=list)


Step = Callable[[int, bytes], None]
"""Called with the terminal's descriptor and everything written so far, each time something was written."""


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Played]:
    """Runs Python code in a terminal played by `step`; the code finds the name of its report file in REPORT."""

    def run(code: str, step: Step, env: Mapping[str, str] | None = None, limit_s: float = 20.0) -> Played:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        played = Played(settings_before=termios.tcgetattr(slave))
        report = tmp_path / "report.json"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BINSCOUT_", "SSH_", "TMUX", "TERM", "COLORTERM", "STY"))
        }
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**inherited, "TERM": "xterm-256color", "REPORT": str(report), **(env or {})},
        )
        try:
            end = time.monotonic() + limit_s
            while process.poll() is None:
                assert time.monotonic() < end, f"did not end: {played.written!r}"
                if select.select([master], [], [], 0.02)[0]:
                    played.written += os.read(master, 65536)
                    step(master, played.written)
            played.settings_after = termios.tcgetattr(slave)
        finally:
            process.kill()
            process.wait()
            os.close(master)
            os.close(slave)
        assert report.exists(), played.written.decode("utf-8", "replace")
        played.report = json.loads(report.read_text())
        return played

    return run


def answering(reply: bytes) -> Step:
    """Answers the batch of queries once with `reply`."""
    done: list[bool] = []

    def step(master: int, written: bytes) -> None:
        if QUERY_END in written and not done:
            done.append(True)
            os.write(master, reply)

    return step


def kitty_reply(written: bytes) -> bytes:
    """What kitty answers to a graphics query found in `written`."""
    query = re.search(rb"\x1b_Gi=(\d+)[^\x1b]*a=q", written)
    return b"\x1b_Gi=" + query[1] + b";OK\x1b\\" if query else b""


VERSION_KITTY = b"\x1bP>|kitty(0.41.1)\x1b\\"
OK = b"\x1b_Gi=31;OK\x1b\\"
CELL = b"\x1b[6;22;11t"
PLAIN = b"\x1b[?62;22c"
WITH_SIXEL = b"\x1b[?62;4;22c"
