"""The body of a sixel sequence: bands of six pixel rows, drawn once for each colour in them.

All of it is a few passes over arrays: which rows of a column have the same colour, one sort that brings the columns
of a colour together, runs of equal columns, and the text of all runs at once. The identical bytes from a sort of all
pixels took four times as long.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BAND = 6
DOTS = (1, 2, 3, 6)
"""How many screen pixels a pixel of the indices may stand for, each way."""
_EMPTY = ord("?")
_BITS = {1: (1, 2, 4, 8, 16, 32), 2: (3, 12, 48), 3: (7, 56), 6: (63,)}
_BIT_FIELD = 6
_COLOUR_FIELD = 8

Keys = NDArray[np.uint32]
"""band, colour, column, six bits of pixels; from high to low bits of one number."""


def bands(indices: NDArray[np.uint8], dot: int, width: int) -> str:
    """`indices` (h, w) as the text between the palette and the end of the sequence.

    Each of them is `dot` x `dot` screen pixels; `width` is where the last column is cut, in screen pixels. The height
    must be whole bands.
    """
    # One column more than there are, so that the last of a colour and the first of the next are no neighbours.
    column_field = indices.shape[1].bit_length()
    at_once = 1 << max(0, min(6, 32 - _BIT_FIELD - _COLOUR_FIELD - column_field))
    high = at_once * BAND // dot
    parts = [
        _text(_sorted_keys(indices[top : top + high], dot, column_field), column_field, dot, width, follows=top > 0)
        for top in range(0, indices.shape[0], high)
    ]
    return b"".join(parts).decode("ascii")


def _sorted_keys(indices: NDArray[np.uint8], dot: int, column_field: int) -> Keys:
    found = np.concatenate([values[mask] for values, mask in _columns(indices, _BITS[dot], column_field)])
    found.sort()
    return found


def _columns(
    indices: NDArray[np.uint8], units: tuple[int, ...], column_field: int
) -> Iterator[tuple[Keys, NDArray[np.bool_]]]:
    """For each row of a band: keys (bands, width), and where no row above it in the band has the same colour."""
    rows = [np.ascontiguousarray(indices[row :: len(units)]) for row in range(len(units))]
    band = np.arange(rows[0].shape[0], dtype=np.uint32)[:, None] << np.uint32(_BIT_FIELD + _COLOUR_FIELD + column_field)
    place = band | (np.arange(indices.shape[1], dtype=np.uint32) << np.uint32(_BIT_FIELD))
    for row, colours in enumerate(rows):
        bits = np.full(colours.shape, units[row], dtype=np.uint8)
        for below in range(row + 1, len(units)):
            bits += (rows[below] == colours).view(np.uint8) * np.uint8(units[below])
        first = np.ones(colours.shape, dtype=bool)
        for above in range(row):
            first &= rows[above] != colours
        yield place | (colours.astype(np.uint32) << np.uint32(_BIT_FIELD + column_field)) | bits, first


def _text(keys: Keys, column_field: int, dot: int, width: int, *, follows: bool) -> bytes:
    """Bands as text; `follows` says that bands came before these."""
    bits = (keys & np.uint32(63)).astype(np.uint8)
    places = keys >> np.uint32(_BIT_FIELD)
    begins = np.ones(keys.size, dtype=bool)
    begins[1:] = (bits[1:] != bits[:-1]) | (places[1:] - places[:-1] != 1)
    starts = np.flatnonzero(begins)
    lanes = (places[starts] >> np.uint32(column_field)).astype(np.int32)
    columns = (places[starts] & np.uint32((1 << column_field) - 1)).astype(np.int32)
    ends = columns + np.diff(starts, append=keys.size).astype(np.int32)
    columns, ends = columns * dot, np.minimum(ends * dot, width)
    first = np.ones(starts.size, dtype=bool)
    first[1:] = lanes[1:] != lanes[:-1]
    counts = np.empty((starts.size, 2), dtype=np.int32)
    counts[0, 0] = columns[0]
    counts[1:, 0] = np.where(first[1:], columns[1:], columns[1:] - ends[:-1])
    counts[:, 1] = ends - columns
    characters = np.full((starts.size, 3), _EMPTY, dtype=np.uint8)
    characters[:, 2] += bits[starts]
    text = _written(counts, characters, np.flatnonzero(first), lanes)
    # the very first lane of a picture has nothing to go back from
    return text if follows else text[1:]


def _written(
    counts: NDArray[np.int32], characters: NDArray[np.uint8], heads: NDArray[np.intp], lanes: NDArray[np.int32]
) -> bytes:
    """The text of all runs: a head where a lane begins, the gap before the run, the run.

    `counts` (n, 2) are columns of gap and run, `characters` (n, 3) stand for head, gap and run, `heads` says which
    runs begin a lane, `lanes` (n,) is band * 256 + colour. Up to three columns are written out, more are "!n" and the
    character: first everything as if it were written out, then the numbers over it.
    """
    colours, steps = lanes[heads] & 255, np.diff(lanes[heads] >> _COLOUR_FIELD, prepend=-1)
    sizes = np.zeros((counts.shape[0], 3), dtype=np.int32)
    sizes[:, 1:] = counts
    sizes[heads, 0] = 2 + _digits(colours)
    flat = sizes.ravel()
    long = np.flatnonzero(flat > 3)
    long = long[long % 3 != 0]
    numbers = flat[long]
    flat[long] = 2 + _digits(numbers)
    ends = np.cumsum(flat, dtype=np.int32)
    text = np.repeat(characters.ravel(), flat)
    text[ends[long] - flat[long]] = ord("!")
    _write_numbers(text, ends[long] - 2, numbers)
    starts = ends[heads * 3] - flat[heads * 3]
    text[starts] = np.where(steps > 0, ord("-"), ord("$"))
    text[starts + 1] = ord("#")
    _write_numbers(text, ends[heads * 3] - 1, colours)
    return text.tobytes()


def _digits(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """How many decimal digits; numbers below 100,000."""
    return np.searchsorted(np.array([10, 100, 1_000, 10_000]), numbers, side="right").astype(np.int32) + 1


def _write_numbers(text: NDArray[np.uint8], last: NDArray[np.int32], numbers: NDArray[np.int32]) -> None:
    """Write each number in decimal so that its last digit is at `last`."""
    while numbers.size:
        text[last] = ord("0") + numbers % 10
        more = numbers >= 10
        last, numbers = last[more] - 1, numbers[more] // 10
