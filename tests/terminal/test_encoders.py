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
from binscout_tui.terminal.halfblock import Run, half_blocks
from binscout_tui.terminal.palette import indexed
from binscout_tui.terminal.sixel_bands import DOTS
from binscout_tui.terminal.tmux import wrap


def gradient(width: int, height: int) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 / max(1, width - 1), y * 255 / max(1, height - 1), (x + y) % 256], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


def like_a_photo(width: int, height: int, noise: float = 4.0) -> Image.Image:
    """Smooth light, some things with edges, and noise of that standard deviation."""
    pick = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([120 + 60 * x / width, 110 + 50 * y / height, 100 + 40 * (x + y) / (width + height)], axis=2)
    for _ in range(30):
        cx, cy, radius = pick.integers(0, width), pick.integers(0, height), pick.integers(height // 30, height // 8)
        pixels[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] = pick.integers(20, 230, 3)
    return Image.fromarray(np.clip(pixels + pick.normal(0, noise, pixels.shape), 0, 255).astype(np.uint8))


def white_noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


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
    assert kitty.placeholder_row(2, 2, 3) == "\U0010eeee\u030e\u0305\u0310\U0010eeee\u030e\u030d\u0310"


def test_a_fine_picture_is_off_by_one_at_most_and_a_draft_keeps_rare_colours() -> None:
    picture = like_a_photo(400, 300)
    picture.paste((230, 20, 20), (10, 10, 40, 20))
    fine = kitty_decode(kitty.encode(picture, 40, 15, tmux=False).transmit(1))
    assert np.abs(np.asarray(fine, dtype=int) - np.asarray(picture, dtype=int)).max() == 1
    assert (fine.size, fine.getpixel((20, 15))) == (picture.size, (231, 20, 20))
    draft = kitty_decode(kitty.encode(picture, 40, 15, tmux=False, budget=60_000).transmit(1))
    assert difference(draft.resize(picture.size), picture) < 8
    red = draft.resize(picture.size).getpixel((20, 15))
    assert isinstance(red, tuple)
    assert red[0] > 180
    assert max(red[1:]) < 80


@pytest.mark.parametrize("budget", [2_000, 20_000, 100_000])
@pytest.mark.parametrize("noise", [0.0, 4.0, 30.0])
def test_a_kitty_draft_keeps_its_budget_and_its_shape(budget: int, noise: float) -> None:
    side = int((4 / 3 * kitty.draft_dots(budget)) ** 0.5)
    picture = like_a_photo(side, side * 3 // 4, noise)
    sent = kitty.encode(picture, 40, 15, tmux=False, budget=budget)
    shown = kitty_decode(sent.transmit(1))
    assert len(sent) < budget * 1.1
    assert sent.unpacked_bytes == 4 * shown.width * shown.height
    assert shown.width / shown.height == pytest.approx(picture.width / picture.height, rel=1.2 / shown.height)
    assert difference(shown.resize(picture.size), picture) < 4 + noise


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_ids_have_no_zero_byte_and_do_not_repeat_soon(seed: int) -> None:
    found = list(itertools.islice(kitty.image_ids(seed), 600))
    assert len(set(found)) == 600
    assert all((number >> shift) & 0xFF for number in found for shift in (0, 8, 16, 24))
    assert all(number < 2**32 for number in found)
    assert all(kitty.id_top(number) << 24 | kitty.id_colour(number) == number for number in found)
    assert all(1 <= kitty.id_top(number) < len(kitty.MARKS) for number in found)


def test_deleting_names_the_picture() -> None:
    assert kitty.delete(77, tmux=False) == "\x1b_Ga=d,d=I,i=77,q=2\x1b\\"


@given(
    st.integers(1, 40),
    st.integers(1, 25),
    st.integers(1, 256),
    st.sampled_from(DOTS),
    st.integers(0, 2**32),
)
@settings(max_examples=80, deadline=None)
def test_any_indexed_picture_survives_sixel(width: int, height: int, colours: int, dot: int, seed: int) -> None:
    pick = np.random.default_rng(seed)
    indices = pick.integers(0, colours, (height * 6 // dot, width)).astype(np.uint8)
    palette = np.round(pick.integers(0, 101, (colours, 3)) * 255 / 100).astype(np.uint8)
    size = (width * dot - int(pick.integers(0, dot)), height * 6)
    wanted = palette[indices].repeat(dot, axis=0).repeat(dot, axis=1)[:, : size[0]]
    np.testing.assert_array_equal(sixel_decode(sixel.encode_indexed(indices, palette, size, dot)), wanted)


@pytest.mark.parametrize(("width", "height"), [(2500, 12), (5000, 390), (1, 900)])
def test_sixel_of_any_shape(width: int, height: int) -> None:
    indices = np.tile(np.arange(width, dtype=np.int64) // 3 % 200, (height, 1)).astype(np.uint8)
    palette = (np.arange(200)[:, None] * 255 // 200 * [1, 1, 1]).astype(np.uint8)
    decoded = sixel_decode(sixel.encode_indexed(indices, palette))
    assert np.abs(decoded.astype(int) - palette[indices]).max() <= 2


def test_a_height_that_is_no_whole_band_is_filled_up() -> None:
    text = sixel.encode(Image.new("RGB", (30, 14), (200, 10, 10)))
    assert sixel_decode(text.replace("30;14#", "30;18#")).shape == (18, 30, 3)


def test_a_picture_survives_sixel() -> None:
    picture = gradient(320, 240)
    text = sixel.encode(picture)
    assert difference(Image.fromarray(sixel_decode(text)), picture) < 6
    assert "!" in sixel.encode(Image.new("RGB", (300, 12), (200, 10, 10)))


@pytest.mark.parametrize(("noise", "budget"), [(0.0, 140_000), (4.0, 140_000), (12.0, 140_000), (4.0, 40_000)])
def test_a_sixel_draft_keeps_its_budget_and_its_place(noise: float, budget: int) -> None:
    size = (1100, 822)
    picture = like_a_photo(*size, noise)
    dot = sixel.first_dot(size, budget)
    small = picture.resize((-(-size[0] // dot), size[1] // dot), Image.Resampling.BOX)
    text = sixel.encode(small, size, budget)
    assert len(text) <= budget * 1.1
    shown = Image.fromarray(sixel_decode(text))
    assert shown.size == size
    assert difference(shown.reduce(6), picture.reduce(6)) < 10


def test_sixel_stays_below_a_megabyte_or_gives_up() -> None:
    for size in ((480, 360), (1200, 900)):
        assert len(sixel.encode(white_noise(*size))) <= sixel.MAX_BYTES
    with pytest.raises(sixel.TooLargeError):
        sixel.encode(Image.new("RGB", (3000, 1200)))


@given(st.integers(2, 256), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_a_picture_of_few_colours_keeps_them(colours: int, seed: int) -> None:
    pick = np.random.default_rng(seed)
    few = pick.integers(0, 256, (3, 3), dtype=np.uint8)
    picture = few[pick.integers(0, 3, (40, 50))]
    found = indexed(Image.fromarray(picture), colours)
    assert found.indices.max() < len(found.palette) <= colours
    if colours >= 3:
        assert np.abs(found.palette[found.indices].astype(int) - picture).max() <= 16


def cells_of(rows: list[list[Run]]) -> NDArray[np.int64]:
    """(h, w, 6): the colours of every cell."""
    packed = np.array([[(run.top, run.bottom) for run in row for _ in range(run.length)] for row in rows])
    return (packed[..., None] >> np.array([16, 8, 0]) & 255).reshape(*packed.shape[:2], 6)


def written_bytes(rows: list[list[Run]]) -> int:
    return sum(
        len(f"\x1b[48;2;99;99;99m{' ' * run.length}\x1b[0m")
        if run.top == run.bottom
        else len(f"\x1b[38;2;199;99;99;48;2;199;99;99m{'▀' * run.length}\x1b[0m".encode())
        for row in rows
        for run in row
    )


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 20), st.sampled_from([0.0, 3.0, 40.0]))
@settings(max_examples=60, deadline=None)
def test_half_blocks_are_never_off_by_more_than_twice_the_tolerance(
    width: int, height: int, tolerance: int, noise: float
) -> None:
    pixels = np.asarray(like_a_photo(width + 9, 2 * height + 30, noise))[: 2 * height, :width]
    rows = half_blocks(pixels, tolerance)
    assert [sum(run.length for run in row) for row in rows] == [width] * height
    wanted = np.concatenate([pixels[0::2], pixels[1::2]], axis=2).astype(int)
    assert np.abs(cells_of(rows) - wanted).max() <= max(1, 2 * tolerance + 1)


def test_half_blocks_have_the_colours_of_the_picture() -> None:
    pixels = np.asarray(gradient(40, 20))
    wanted = np.concatenate([pixels[0::2], pixels[1::2]], axis=2).astype(int)
    assert np.abs(cells_of(half_blocks(pixels)) - wanted).mean() < 1


def test_half_blocks_keep_black_and_white_and_merge_runs() -> None:
    pixels = np.zeros((2, 10, 3), dtype=np.uint8)
    pixels[:, 4:] = 255
    (row,) = half_blocks(pixels)
    assert row == [Run(4, 0, 0), Run(6, 0xFFFFFF, 0xFFFFFF)]


@pytest.mark.parametrize("budget", [30_000, 60_000, 110_000])
@pytest.mark.parametrize("noise", [2.0, 10.0, 30.0])
def test_half_blocks_keep_their_budget(budget: int, noise: float) -> None:
    pixels = np.asarray(like_a_photo(110, 84, noise))
    rows = half_blocks(pixels, 4, budget)
    assert written_bytes(rows) <= budget
    free = written_bytes(half_blocks(pixels, 4))
    assert written_bytes(rows) > min(free, budget) * 0.6, "coarser than it had to be"
