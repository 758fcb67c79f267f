"""Kitty's graphics protocol with Unicode placeholders (https://sw.kovidgoyal.net/kitty/graphics-protocol/).

The pixels are sent once under an id; ordinary character cells, whose foreground colour is that id, say where
they show. So the picture is cut, covered and scrolled like text, also by tmux.

textual-image speaks this protocol too, but it decodes, encodes and sends the whole picture (860 kB in full view) again
at every refresh, on the event loop and past the app's writer; and it asks the terminal when it is imported. Here
bytes are made on threads, sent once, and few while moving.
"""

from __future__ import annotations

import itertools
import math
import random
from base64 import standard_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from binscout_tui.terminal import png
from binscout_tui.terminal.palette import indexed
from binscout_tui.terminal.tmux import wrap

CHUNK = 4096
MAX_DOTS = 1_200_000
_DOTS_A_BYTE = 2.1
_BYTES_BY_SIDE = 1.75
"""A palette PNG of half the side has 2 ** -1.75 of the bytes."""
_MARGIN = 0.96
_FEW_DOTS = 12_000
_EVERY = 4
_PALETTE_BYTES = 800
_SEVEN_BITS = [(value & 0xFE) | (value >> 7) for value in range(256)] * 3
_PLACEHOLDER = "\U0010eeee"
_MARK_RANGES = (
    "305 30D-30E 310 312 33D-33F 346 34A-34C 350-352 357 35B 363-36F 483-487 592-595 597-599 59C-5A1 5A8-5A9 "
    "5AB-5AC 5AF 5C4 610-617 657-65B 65D-65E 6D6-6DC 6DF-6E2 6E4 6E7-6E8 6EB-6EC 730 732-733 735-736 73A 73D "
    "73F-741 743 745 747 749-74A 7EB-7F1 7F3 816-819 81B-823 825-827 829-82D 951 953-954 F82-F83 F86-F87 "
    "135D-135F 17DD 193A 1A17 1A75-1A7C 1B6B 1B6D-1B73 1CD0-1CD2 1CDA-1CDB 1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC "
    "1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC 20E1 20E7 20E9 20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D "
    "A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF AAC1 FE20-FE26 10A0F 10A38 1D185-1D189 "
    "1D1AA-1D1AD 1D242-1D244"
)


def _marks() -> tuple[str, ...]:
    found: list[str] = []
    for part in _MARK_RANGES.split():
        first, _, last = part.partition("-")
        found.extend(chr(code) for code in range(int(first, 16), int(last or first, 16) + 1))
    return tuple(found)


# The combining marks that stand for row and column numbers, in the order the protocol gives them.
MARKS = _marks()
MAX_CELLS = len(MARKS)


@dataclass(frozen=True, slots=True)
class KittyPicture:
    """Pixels ready to send under any id: the first chunk, and all that follow it."""

    first: str
    last: bool
    rest: str
    columns: int
    rows: int
    tmux: bool
    unpacked_bytes: int = 0
    """What the pixels take in the terminal's memory, four bytes each."""

    def transmit(self, image_id: int) -> str:
        """What to write so that the terminal holds the picture as `image_id`, ready for placeholders."""
        head = f"a=T,U=1,q=2,f=100,t=d,i={image_id},c={self.columns},r={self.rows},m={int(not self.last)}"
        return _command(head, self.first, self.tmux) + self.rest

    def __len__(self) -> int:
        return len(self.first) + len(self.rest)


def draft_dots(budget: int) -> int:
    """How many dots a draft of an ordinary photo may have so that it takes at most `budget` bytes."""
    return max(1, int(_DOTS_A_BYTE * budget))


def encode(image: Image.Image, columns: int, rows: int, *, tmux: bool, budget: int | None = None) -> KittyPicture:
    """`image` (RGB) for a place of `columns` x `rows` cells as a PNG; the terminal scales it to the place.

    Without a budget in full colour, with one in at most 256 colours and of about at most `budget` bytes: a palette
    makes it about a third of the bytes, and over a slow link bytes are what takes time. Each chunk is wrapped for
    tmux on its own, because tmux drops envelopes that get large.
    """
    data, size = (_fine(image), image.size) if budget is None else _draft(image, budget)
    text = standard_b64encode(data).decode("ascii")
    chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    following = chunks[1:]
    rest = "".join(
        _command(f"q=2,m={int(number < len(following) - 1)}", chunk, tmux) for number, chunk in enumerate(following)
    )
    return KittyPicture(chunks[0], not following, rest, columns, rows, tmux, 4 * size[0] * size[1])


def _fine(image: Image.Image) -> bytes:
    """Seven bits a channel, never off by more than one of 255: a quarter less bytes, which were noise."""
    return png.of_rgb(np.asarray(image.point(_SEVEN_BITS)))


def _draft(image: Image.Image, budget: int) -> tuple[bytes, tuple[int, int]]:
    """The PNG and its size: with as many pixels as a sample says there is room for, at most one more try."""
    wanted = _MARGIN * budget * 3 / 4
    if image.width * image.height > max(wanted, _FEW_DOTS) and (foreseen := _foreseen_bytes(image)) > wanted:
        image = _shrunk(image, wanted / foreseen)
    data = _in_palette(image)
    if len(data) > wanted:
        image = _shrunk(image, wanted / len(data))
        data = _in_palette(image)
    return data, image.size


def _foreseen_bytes(image: Image.Image) -> float:
    """How large the PNG becomes, about: rows are written one by one, so that some of them tell of all."""
    rows = np.ascontiguousarray(np.asarray(image)[_EVERY // 2 :: _EVERY])
    sample = len(_in_palette(Image.fromarray(rows))) - _PALETTE_BYTES
    return _PALETTE_BYTES + sample * image.height / len(rows)


def _shrunk(image: Image.Image, bytes_ratio: float) -> Image.Image:
    """`image` with so few pixels that its PNG has this part of its bytes."""
    across = max(1, int(image.width * math.pow(bytes_ratio, 1 / _BYTES_BY_SIDE) * _MARGIN))
    return image.resize((across, max(1, round(across * image.height / image.width))), Image.Resampling.BOX)


def _in_palette(image: Image.Image) -> bytes:
    """With few colours they are chosen with care; of 256 those that Pillow finds in half the time are as good."""
    if image.width * image.height <= _FEW_DOTS:
        found = indexed(image, 64)
        return png.of_indices(found.indices, found.palette)
    flat = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.frombuffer(bytes(flat.getpalette() or b""), np.uint8).reshape(-1, 3)
    return png.of_indices(np.asarray(flat), palette)


@lru_cache(maxsize=1024)
def placeholder_row(row: int, columns: int, top_byte: int = 0) -> str:
    """The text of one row of placeholders. The style it is shown in must have `id_colour` as its foreground.

    Every cell names its row, its column and the top byte of the id, so that each is right on its own when something
    covers its neighbours.
    """
    mark, top = MARKS[row], MARKS[top_byte] if top_byte else ""
    return "".join(f"{_PLACEHOLDER}{mark}{MARKS[column]}{top}" for column in range(columns))


def id_colour(image_id: int) -> int:
    """The foreground colour 0xRRGGBB that stands for the lower three bytes of `image_id`."""
    return image_id & 0xFFFFFF


def id_top(image_id: int) -> int:
    """The top byte of `image_id`, which the cells name in a mark of their own."""
    return image_id >> 24


def delete(image_id: int, *, tmux: bool) -> str:
    """What to write so that the terminal forgets the picture and its pixels."""
    return _command(f"a=d,d=I,i={image_id},q=2", "", tmux)


def image_ids(seed: int | None = None) -> Iterator[int]:
    """Ids of 32 bits without end, no byte of them zero, beginning at a random one.

    Two programs in one terminal share the ids, hence the random beginning and a top byte of one's own; terminals and
    tmux take a colour with a zero byte for something else, hence no zero bytes.
    """
    pick = random.Random(seed)
    top = pick.randrange(1, 256)
    for number in itertools.count(pick.randrange(0x010101, 0x1000000)):
        if all((number >> shift) & 0xFF for shift in (0, 8, 16)):
            yield top << 24 | number & 0xFFFFFF


def _command(control: str, payload: str, tmux: bool) -> str:
    sequence = f"\x1b_G{control};{payload}\x1b\\" if payload else f"\x1b_G{control}\x1b\\"
    return wrap(sequence) if tmux else sequence
