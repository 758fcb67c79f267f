"""Pixels in, bytes out, pixels back."""

from __future__ import annotations

import base64
import itertools
import re
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.terminal import kitty, sixel
from binscout_tui.terminal.halfblock import half_blocks
from binscout_tui.terminal.tmux import wrap


def gradient(width: int, height: int) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 / max(1, width - 1), y * 255 / max(1, height - 1), (x + y) % 256], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


def difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, dtype=float) - np.asarray(second, dtype=float)).mean())


def kitty_commands(text: str) -> list[tuple[dict[str, str], str]]:
    return [
        (dict(part.split("=") for part in control.split(",")), payload)
        for control, payload in re.findall(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\", text)
    ]


def kitty_decode(text: str) -> Image.Image:
    commands = kitty_commands(text)
    assert [int(control["m"]) for control, _ in commands] == [1] * (len(commands) - 1) + [0]
    assert all(len(payload) <= 4096 for _, payload in commands)
    return Image.open(BytesIO(base64.standard_b64decode("".join(payload for _, payload in commands)))).convert("RGB")


def sixel_decode(text: str) -> NDArray[np.uint8]:
    """A decoder of its own kind: it walks the bytes as a terminal does."""
    head = re.match(r'\x1bP0;1q"1;1;(\d+);(\d+)', text)
    assert head is not None
    assert text.endswith("\x1b\\")
    width, height = int(head[1]), int(head[2])
    pixels = np.zeros((height + 6, width, 3), dtype=np.uint8)
    palette: dict[int, tuple[int, ...]] = {}
    x = y = colour = 0
    drawn = False
    for token in re.finditer(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|([$-])", text[head.end() : -2]):
        if token[1] is not None:
            if token[2] is not None:
                assert not drawn, "a colour is defined after the first pixel"
                palette[int(token[1])] = tuple(round(int(token[place]) * 255 / 100) for place in (2, 3, 4))
            else:
                colour = int(token[1])
        elif token[8] is not None:
            x, y = 0, y + 6 * (token[8] == "-")
        else:
            drawn = True
            count, bits = (int(token[5]), ord(token[6])) if token[5] else (1, ord(token[7]))
            for row in range(6):
                if (bits - 63) >> row & 1:
                    pixels[y + row, x : x + count] = palette[colour]
            x += count
            assert x <= width
    assert not pixels[height:].any()
    return pixels[:height]


@pytest.mark.parametrize("tmux", [False, True])
def test_kitty_bytes_decode_to_the_picture(tmux: bool) -> None:
    picture = gradient(320, 240)
    text = kitty.encode(picture, 32, 12, tmux=tmux).transmit(0x123456)
    if tmux:
        envelopes = re.findall(r"\x1bPtmux;(.*?[^\x1b])\x1b\\", text, re.DOTALL)
        assert "".join(wrap(part.replace("\x1b\x1b", "\x1b")) for part in envelopes) == text
        text = "".join(part.replace("\x1b\x1b", "\x1b") for part in envelopes)
    control, _ = kitty_commands(text)[0]
    assert {name: control[name] for name in ("a", "U", "i", "c", "r", "f", "q")} == {
        "a": "T", "U": "1", "i": str(0x123456), "c": "32", "r": "12", "f": "100", "q": "2",
    }  # fmt: skip
    decoded = kitty_decode(text)
    assert decoded.size == picture.size
    assert difference(decoded, picture) < 8


def test_a_small_picture_is_one_command() -> None:
    assert kitty_decode(kitty.encode(gradient(4, 4), 1, 1, tmux=False).transmit(5)).size == (4, 4)


def test_placeholders_name_row_and_column_and_are_one_cell_each() -> None:
    assert len(kitty.MARKS) == 297
    assert (kitty.MARKS[0], kitty.MARKS[1], kitty.MARKS[296]) == ("\u0305", "\u030d", "\U0001d244")
    assert kitty.placeholder_row(2, 2) == "\U0010eeee\u030e\u0305\U0010eeee\u030e\u030d"


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_ids_have_no_zero_byte_and_do_not_repeat_soon(seed: int) -> None:
    found = list(itertools.islice(kitty.image_ids(seed), 600))
    assert len(set(found)) == 600
    assert all((number >> shift) & 0xFF for number in found for shift in (0, 8, 16))
    assert all(kitty.id_colour(number) == number for number in found)


def test_deleting_names_the_picture() -> None:
    assert kitty.delete(77, tmux=False) == "\x1b_Ga=d,d=I,i=77,q=2\x1b\\"


@given(
    st.integers(1, 40),
    st.integers(1, 25),
    st.integers(1, 8),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_any_indexed_picture_survives_sixel(width: int, height: int, colours: int, random: object) -> None:
    pick = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    indices = pick.integers(0, colours, (height, width)).astype(np.uint8)
    palette = np.round(pick.integers(0, 101, (colours, 3)) * 255 / 100).astype(np.uint8)
    image = Image.frombytes("P", (width, height), indices.tobytes())
    image.putpalette(palette.tobytes())
    np.testing.assert_array_equal(sixel_decode(sixel.encode_indexed(image)), palette[indices])


def test_a_picture_survives_sixel() -> None:
    picture = gradient(320, 240)
    text = sixel.encode(picture)
    assert difference(Image.fromarray(sixel_decode(text)), picture) < 10
    assert "!" in sixel.encode(Image.new("RGB", (300, 12), (200, 10, 10)))


def test_sixel_stays_below_a_megabyte_or_gives_up() -> None:
    pick = np.random.default_rng(1)
    noise = Image.fromarray(pick.integers(0, 255, (360, 480, 3), dtype=np.uint8))
    assert len(sixel.encode(noise)) <= sixel.MAX_BYTES
    with pytest.raises(sixel.TooLargeError):
        sixel.encode(Image.fromarray(pick.integers(0, 255, (900, 1200, 3), dtype=np.uint8)))


def test_half_blocks_have_the_colours_of_the_picture() -> None:
    pixels = np.asarray(gradient(40, 20))
    rows = half_blocks(pixels)
    assert len(rows) == 10
    for y, row in enumerate(rows):
        cells = [(run.top, run.bottom) for run in row for _ in range(run.length)]
        assert len(cells) == 40
        for x, (top, bottom) in enumerate(cells):
            for packed, wanted in ((top, pixels[2 * y, x]), (bottom, pixels[2 * y + 1, x])):
                got = np.array([packed >> 16, packed >> 8 & 255, packed & 255])
                assert np.abs(got - wanted.astype(int)).max() <= 3


def test_half_blocks_keep_black_and_white_and_merge_runs() -> None:
    pixels = np.zeros((2, 10, 3), dtype=np.uint8)
    pixels[:, 4:] = 255
    (row,) = half_blocks(pixels)
    assert [(run.length, run.top, run.bottom) for run in row] == [(4, 0, 0), (6, 0xFFFFFF, 0xFFFFFF)]
