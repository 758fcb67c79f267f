"""A decoder of sixel pictures that walks the bytes as a terminal does."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

BAND = 6
_HEAD = re.compile(r'([\d;]*)q(?:"([\d;]*))?')
_PART = re.compile(r"#(\d+)(?:;(\d+);(\d+);(\d+);(\d+))?|([!?-~\d]+)|([$-])")
_RUN = re.compile(r"!(\d+)([?-~])")


class BadSixelError(ValueError):
    """A terminal would draw this sequence wrongly or not at all."""


def decode(sequence: str) -> NDArray[np.uint8]:
    """(h, w, 4) uint8 RGBA of what stands between "DCS" and "ST"; alpha is 0 where nothing is drawn.

    Raises BadSixelError, also for what only some terminals draw wrongly: a colour that is defined after the first pixel
    (xterm, WezTerm), a missing size, pixels that are not square.
    """
    head = _HEAD.match(sequence)
    if head is None or head[2] is None:
        raise BadSixelError("no sixel introducer with a size")
    down, across, width, height = (int(number) for number in head[2].split(";"))
    if down != across:
        raise BadSixelError("pixels are not square")
    mode = head[1].split(";")[1:2]
    pixels = np.zeros((-(-height // BAND) * BAND, width, 4), dtype=np.uint8)
    if mode != ["1"]:
        pixels[:height, :, 3] = 255
    _draw(pixels, sequence[head.end() :])
    if pixels[height:, :, 3].any():
        raise BadSixelError("pixels below the size that was given")
    return pixels[:height]


def _draw(pixels: NDArray[np.uint8], text: str) -> None:
    palette: dict[int, tuple[int, int, int]] = {}
    x = y = colour = end = 0
    drawn = False
    for part in _PART.finditer(text):
        if part.start() != end:
            raise BadSixelError(f"{text[end : part.start()]!r} is no sixel")
        end = part.end()
        if part[1] is not None:
            colour = int(part[1])
            if part[2] is not None:
                _define(palette, colour, part, drawn)
        elif part[7] is not None:
            x, y = 0, y + BAND * (part[7] == "-")
        else:
            drawn = True
            if colour not in palette:
                raise BadSixelError(f"colour {colour} was never defined")
            x = _paint(pixels, x, y, part[6], palette[colour])
    if end != len(text):
        raise BadSixelError(f"{text[end : end + 20]!r} is no sixel")


def _define(palette: dict[int, tuple[int, int, int]], number: int, part: re.Match[str], drawn: bool) -> None:
    if drawn:
        raise BadSixelError("a colour is defined after the first pixel")
    if part[2] != "2":
        raise BadSixelError("a colour that is not red, green, blue")
    red, green, blue = (round(int(part[place]) * 255 / 100) for place in (3, 4, 5))
    palette[number] = (red, green, blue)


def _paint(pixels: NDArray[np.uint8], x: int, y: int, data: str, colour: tuple[int, int, int]) -> int:
    """Paint one row of sixels in one colour; returns the column after it."""
    columns = np.frombuffer(_RUN.sub(lambda run: run[2] * int(run[1]), data).encode("ascii"), dtype=np.uint8) - 63
    if x + columns.size > pixels.shape[1] or (y + BAND > pixels.shape[0] and columns.any()):
        raise BadSixelError("pixels outside the size that was given")
    if y + BAND <= pixels.shape[0]:
        mask = (columns[None, :] >> np.arange(BAND, dtype=np.uint8)[:, None]) & 1
        pixels[y : y + BAND, x : x + columns.size][mask.astype(bool)] = (*colour, 255)
    return x + int(columns.size)
