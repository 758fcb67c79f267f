"""A pseudo-terminal that plays the terminal: it has a size in cells and pixels, answers queries, and reads all."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from binscout_tui.bench.area import Area
from binscout_tui.terminal.graphics import Protocol

CHUNK = 1 << 20
_QUERY = re.compile(rb"\x1b_G([^;\x1b]*)")
_IDENTIFIER = re.compile(rb"(?:^|,)i=(\d+)")


def answers(data: bytes, protocol: Protocol, area: Area) -> bytes:
    """What a terminal of that kind says to the queries in `data`."""
    said = b""
    is_kitty = protocol is Protocol.KITTY
    for query in _QUERY.findall(data) if is_kitty else ():
        if b"a=q" in query:
            identifier = _IDENTIFIER.search(query)
            said += b"\x1b_Gi=" + (identifier[1] if identifier else b"1") + b";OK\x1b\\"
    if b"\x1b[>q" in data or b"\x1b[>0q" in data:
        said += b"\x1bP>|" + (b"kitty(0.41.1)" if is_kitty else b"XTerm(379)") + b"\x1b\\"
    if b"\x1b[16t" in data:
        said += b"\x1b[6;%d;%dt" % (area.cell_height, area.cell_width)
    if b"\x1b]11;?" in data:
        said += b"\x1b]11;rgb:0000/0000/0000\x1b\\"
    if b"\x1b[c" in data or b"\x1b[0c" in data:
        said += b"\x1b[?62;4;22c" if protocol is Protocol.SIXEL else b"\x1b[?62;22c"
    return said


def set_size(descriptor: int, area: Area) -> None:
    """Give the terminal its size in cells and pixels."""
    packed = struct.pack("HHHH", area.rows, area.columns, *area.pixels)
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, packed)


def open_raw(area: Area) -> tuple[int, int]:
    """(the terminal's own end, the program's end) of a new pseudo-terminal that passes bytes as they are."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    set_size(slave, area)
    return master, slave


@contextmanager
def beside(area: Area) -> Iterator[int]:
    """A descriptor of a terminal of that size for programs that write their picture into a pipe."""
    master, slave = open_raw(area)
    stop_read, stop_write = os.pipe()
    thread = threading.Thread(target=_play, args=(master, stop_read, area), daemon=True)
    thread.start()
    try:
        yield slave
    finally:
        os.write(stop_write, b".")
        thread.join()
        for descriptor in (master, slave, stop_read, stop_write):
            os.close(descriptor)


def _play(master: int, stop: int, area: Area) -> None:
    while True:
        ready, _, _ = select.select([master, stop], [], [])
        if stop in ready:
            return
        if said := answers(os.read(master, CHUNK), Protocol.HALFBLOCK, area):
            os.write(master, said)
