"""How many pixels a character cell has, as the kernel knows it."""

from __future__ import annotations

import fcntl
import struct
import sys
import termios


def cell_size(descriptor: int | None = None) -> tuple[int, int] | None:
    """(width, height) of a cell in pixels, or None where the terminal does not tell the kernel.

    Cheap enough for every resize: zooming the font changes it.
    """
    for candidate in (descriptor,) if descriptor is not None else _descriptors():
        try:
            rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(candidate, termios.TIOCGWINSZ, bytes(8)))
        except OSError:
            continue
        if rows and columns and width // columns >= 2 and height // rows >= 4:
            return width // columns, height // rows
    return None


def _descriptors() -> list[int]:
    return [stream.fileno() for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__) if stream is not None]
