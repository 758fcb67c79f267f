"""One exchange with the terminal: write a batch of queries, read until the last is answered."""

from __future__ import annotations

import os
import select
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from binscout_tui.terminal.answers import KITTY_QUERY_ID

VERSION = b"\x1b[>q"
KITTY = b"\x1b_Gi=%d,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" % KITTY_QUERY_ID
CELL_SIZE = b"\x1b[16t"
SIXEL_SIZE = b"\x1b[?2;4;0S"
"""XTSMGRAPHICS: the largest sixel picture. Reading the current one instead is limited by a window that may grow."""
ATTRIBUTES = b"\x1b[c"
MOST_BYTES = 1 << 16


@contextmanager
def raw_mode(descriptor: int) -> Iterator[None]:
    """The terminal without echo and line editing, set back afterwards whatever happens."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


def ask(
    queries: bytes, complete: Callable[[bytes], bool], timeout_s: float, *, stdin: int = 0, stdout: int = 1
) -> bytes:
    """Everything the terminal sent until `complete(received)`, until `timeout_s` is over, or until it is too much.

    Raises OSError or termios.error when the terminal has gone away.
    """
    received = b""
    with raw_mode(stdin):
        _write_all(stdout, queries)
        deadline = time.monotonic() + timeout_s
        while len(received) < MOST_BYTES and not complete(received):
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not select.select([stdin], [], [], remaining)[0]:
                break
            piece = os.read(stdin, 4096)
            if not piece:
                break
            received += piece
    return received


def drain(quiet_s: float, limit_s: float, *, stdin: int = 0) -> bytes:
    """Reads what still comes until `quiet_s` passed without anything; for commands that end in a shell again."""
    end = time.monotonic() + limit_s
    received = b""
    with raw_mode(stdin):
        while time.monotonic() < end and select.select([stdin], [], [], quiet_s)[0]:
            piece = os.read(stdin, 4096)
            if not piece:
                break
            received += piece
    return received


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
