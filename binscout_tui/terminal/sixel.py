"""Sixel graphics: bands of six pixel rows, drawn once for each colour in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_BYTES = 1_000_000
MAX_PIXELS = 3_000_000
COLOURS = (256, 64, 16)
BAND = 6
_EMPTY = ord("?")


class TooLargeError(ValueError):
    """Even with few colours the picture has more bytes than terminals and tmux take in one sequence."""


def encode(image: Image.Image) -> str:
    """`image` (RGB) as one sixel sequence of at most MAX_BYTES, with fewer colours where that is needed.

    Raises TooLargeError.
    """
    if image.width * image.height > MAX_PIXELS:
        raise TooLargeError(f"{image.width} x {image.height} pixels")
    for colours in COLOURS:
        data = encode_indexed(image.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
        if len(data) <= MAX_BYTES:
            return data
    raise TooLargeError(f"{len(data)} bytes")


def encode_indexed(image: Image.Image) -> str:
    """A palette image as a sixel sequence.

    The whole palette stands before the first pixel: xterm and WezTerm paint wrong strips where a colour is
    defined later. "0;1" in the introducer leaves pixels alone that are not drawn.
    """
    indices = np.asarray(image, dtype=np.int64)
    height, width = indices.shape
    palette = np.asarray(image.getpalette() or [], dtype=np.int64).reshape(-1, 3)
    used = np.unique(indices)
    colours = "".join(
        f"#{index};2;{red};{green};{blue}"
        for index, (red, green, blue) in zip(used.tolist(), _percent(palette[used]), strict=True)
    )
    return f'\x1bP0;1q"1;1;{width};{height}{colours}{_bands(indices)}\x1b\\'


def _percent(colours: NDArray[np.int64]) -> list[list[int]]:
    found: list[list[int]] = ((colours * 100 + 127) // 255).tolist()
    return found


def _bands(indices: NDArray[np.int64]) -> str:
    """All bands as text.

    Every (band, colour, column) that has pixels gets one value of six bits. Equal neighbours become a run, a
    hole before a run becomes a run of empty columns, and each run is written into a fixed cell of a byte array,
    whose unused bytes are taken out at the end.
    """
    keys, bits = _columns(indices)
    width = indices.shape[1]
    lane, column = keys // width, keys % width
    begins = np.ones(keys.size, dtype=bool)
    begins[1:] = (keys[1:] != keys[:-1] + 1) | (bits[1:] != bits[:-1]) | (lane[1:] != lane[:-1])
    starts = np.flatnonzero(begins)
    lengths = np.diff(np.append(starts, keys.size))
    lane, column, bits = lane[starts], column[starts], bits[starts]
    first = np.ones(starts.size, dtype=bool)
    first[1:] = lane[1:] != lane[:-1]
    previous_end = np.roll(column + lengths, 1)
    gap = np.where(first, column, column - previous_end)
    cells = np.concatenate(
        [
            _lane_starts(lane, first),
            _runs(gap, np.full(starts.size, _EMPTY)),
            _runs(lengths, bits + _EMPTY),
        ],
        axis=1,
    )
    return cells.tobytes().translate(None, b"\0").decode("ascii")


def _columns(indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sorted keys (band * 256 + colour) * width + column, and the six bits of each."""
    height, width = indices.shape
    y = np.arange(height)[:, None]
    lanes = ((y // BAND) * 256 + indices) * width + np.arange(width)[None, :]
    combined = np.sort((lanes * 8 + y % BAND).astype(np.int32 if lanes[-1].max() < 2**28 else np.int64), axis=None)
    keys = combined >> 3
    changes = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    bits = np.add.reduceat(np.left_shift(1, combined & 7), changes)
    return keys[changes].astype(np.int64), bits.astype(np.int64)


def _lane_starts(lane: NDArray[np.int64], first: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """For the first run of each lane: as many "-" as bands were passed, or "$", and the colour's "#n"."""
    band, colour = lane // 256, lane % 256
    cells = np.zeros((lane.size, 5), dtype=np.uint8)
    steps = np.diff(band, prepend=0)
    cells[:, 0] = np.where(steps > 0, ord("-"), ord("$"))
    cells[0, 0] = 0
    cells[:, 1] = ord("#")
    cells[:, 2:] = _digits(colour, 3)
    cells[~first] = 0
    return cells


def _runs(lengths: NDArray[np.int64], characters: NDArray[np.int64]) -> NDArray[np.uint8]:
    """ "!n" and the character for four or more, the character itself one to three times for fewer."""
    cells = np.zeros((lengths.size, 6), dtype=np.uint8)
    long = lengths > 3
    cells[long, 0] = ord("!")
    cells[long, 1:5] = _digits(lengths[long], 4)
    cells[long, 5] = characters[long]
    for place in range(3):
        here = ~long & (lengths > place)
        cells[here, place] = characters[here]
    return cells


def _digits(numbers: NDArray[np.int64], places: int) -> NDArray[Any]:
    """Decimal digits as ASCII, (n, places) uint8; zero bytes instead of leading zeros."""
    powers = 10 ** np.arange(places - 1, -1, -1)
    digits = (numbers[:, None] // powers) % 10 + ord("0")
    leading = numbers[:, None] < powers
    leading[:, -1] = False
    digits[leading] = 0
    return digits.astype(np.uint8)
