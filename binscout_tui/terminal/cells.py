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
        if (cell := cell_within((columns, rows), (width, height))) is not None:
            return cell
    return None


def cell_within(cells: tuple[int, int], pixels: tuple[int, int]) -> tuple[int, int] | None:
    """(width, height) of a cell when `cells` (columns, rows) fill `pixels` (width, height); None for nonsense."""
    if cells[0] < 1 or cells[1] < 1:
        return None
    width, height = pixels[0] // cells[0], pixels[1] // cells[1]
    return (width, height) if 2 <= width <= 200 and 4 <= height <= 400 else None


def _descriptors() -> list[int]:
    return [stream.fileno() for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__) if stream is not None]
