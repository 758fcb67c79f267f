"""The played terminal draws what real ones draw, and complains where they would."""

from __future__ import annotations

import sys
import time
from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from binscout_tui.terminal import kitty, sixel
from binscout_tui.terminal.tmux import wrap
from tests.seeing.kinds import KITTY, OLD_KITTY, PLAIN, SILENT, XTERM, Kind
from tests.seeing.looking import difference, find_picture, shows
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

CELL = (10, 20)


def picture(width: int = 320, height: int = 240, seed: int = 1) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def png(image: Image.Image) -> str:
    stream = BytesIO()
    image.save(stream, "PNG")
    return b64encode(stream.getvalue()).decode()


def commands(control: str, payload: str) -> bytes:
    """`payload` in chunks, the first with `control`."""
    chunks = [payload[start : start + 4096] for start in range(0, len(payload), 4096)]
    last = len(chunks) - 1
    return "".join(
        f"\x1b_G{control + ',' if not number else ''}m={int(number < last)};{chunk}\x1b\\"
        for number, chunk in enumerate(chunks)
    ).encode()


def cells(image_id: int, columns: int, rows: int, *, x: int = 0, y: int = 0) -> bytes:
    """The placeholders of a picture with its upper left corner at column `x`, row `y`."""
    red, green, blue = image_id >> 16 & 255, image_id >> 8 & 255, image_id & 255
    lines = "".join(f"\x1b[{y + row + 1};{x + 1}H{kitty.placeholder_row(row, columns)}" for row in range(rows))
    return f"\x1b[38;2;{red};{green};{blue}m{lines}\x1b[39m".encode()


def with_kitty_picture(image: Image.Image, image_id: int = 0x123456) -> Screen:
    screen = Screen(KITTY, 80, 24, CELL)
    screen.feed(commands(f"a=T,U=1,q=2,f=100,i={image_id},c=32,r=12", png(image)))
    screen.feed(cells(image_id, 32, 12, x=5, y=3))
    return screen


@pytest.mark.parametrize("begun", ["\x1b", "\x1b[38;2;1", "\x1b]0;title"])
def test_what_was_cut_off_does_not_hold_up_the_rest(begun: str) -> None:
    screen = Screen(PLAIN, 20, 2)
    screen.feed(f"{begun}\x1b[1mseen".encode())
    assert "seen" in screen.text()
    assert screen.errors == []


def test_a_kitty_picture_is_exact_where_its_cells_are() -> None:
    image = picture()
    screen = with_kitty_picture(image)
    assert difference(screen.canvas(), image, (50, 60, 320, 240)) == 0
    assert screen.shown()[0].box == (5, 3, 32, 12)
    assert screen.held_bytes == 320 * 240 * 4
    assert screen.errors == []


def test_text_covers_the_cells_of_a_kitty_picture_and_deleting_empties_them() -> None:
    image = picture()
    screen = with_kitty_picture(image)
    screen.feed(b"\x1b[8;10H\x1b[48;2;0;0;0m          ")
    assert not shows(screen.canvas(), image, (50, 60, 320, 240))
    screen.feed(cells(0x123456, 32, 12, x=5, y=3))
    assert shows(screen.canvas(), image, (50, 60, 320, 240))
    screen.feed(b"\x1b_Ga=d,d=a\x1b\\")
    assert shows(screen.canvas(), image, (50, 60, 320, 240))
    screen.feed(b"\x1b_Ga=d,d=I,i=1193046\x1b\\")
    assert screen.held_ids == set()
    assert not screen.canvas().any()


def test_another_colour_or_a_blended_one_is_another_picture() -> None:
    screen = with_kitty_picture(picture())
    screen.feed(cells(0x123455, 32, 12, x=5, y=3))
    assert not screen.canvas().any()


@pytest.mark.parametrize(("options", "mode"), [("f=24", "RGB"), ("f=32", "RGBA"), ("f=24,o=z", "RGB")])
def test_raw_pixels_and_ids_of_32_bits(options: str, mode: str) -> None:
    import zlib

    image = picture(40, 40)
    data = image.convert(mode).tobytes()
    payload = b64encode(zlib.compress(data) if "o=z" in options else data).decode()
    screen = Screen(KITTY, 20, 10, CELL)
    image_id = 0x7A010203
    screen.feed(commands(f"a=t,i={image_id},q=2,s=40,v=40,{options}", payload))
    screen.feed(f"\x1b_Ga=p,U=1,i={image_id},q=2,c=4,r=2\x1b\\".encode())
    marked = "".join(
        f"\x1b[{row + 1}H\x1b[38;2;1;2;3m\U0010eeee{kitty.MARKS[row]}{kitty.MARKS[0]}{kitty.MARKS[0x7A]}"
        + "\U0010eeee" * 3
        for row in range(2)
    )
    screen.feed(marked.encode())
    assert difference(screen.canvas(), image, (0, 0, 40, 40)) == 0


def test_a_picture_keeps_its_aspect_in_its_place() -> None:
    image = picture(100, 200)
    screen = Screen(KITTY, 40, 20, CELL)
    screen.feed(commands("a=T,U=1,q=2,f=100,i=66051,c=20,r=10", png(image)) + cells(66051, 20, 10))
    assert difference(screen.canvas(), image, (50, 0, 100, 200)) == 0


def test_kitty_answers_unless_it_is_told_to_be_quiet() -> None:
    screen = Screen(KITTY, 80, 24, CELL)
    assert screen.feed(b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\") == b"\x1b_Gi=31;OK\x1b\\"
    assert b"OK" in screen.feed(commands("a=T,U=1,f=100,i=66051,c=20,r=10", png(picture())))
    assert screen.feed(commands("a=T,U=1,q=2,f=100,i=66051,c=20,r=10", png(picture()))) == b""
    assert b"ENOENT" in screen.feed(b"\x1b_Ga=p,U=1,i=9,c=1,r=1\x1b\\")


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b_Ga=T,U=1,q=2,f=100,i=66051,c=2,r=1,m=0;AAAA\x1b\\",
        b"\x1b_Ga=t,q=2,f=100,i=66051,m=1;AAAA\x1b\\\x1b_Ga=d,d=I,i=5\x1b\\",
        b"\x1b_Ga=t,q=2,f=100,i=66051,m=1;AAA\x1b\\",
        b"\x1b_Ga=t,q=2,f=100,i=66051,m=1;" + b"A" * 5000 + b"\x1b\\",
        wrap("\x1b_Ga=d\x1b\\").encode(),
        b'\x1bP0;1q"1;1;4;6#1;2;0;0;0#1~~~~\x1b\\',
    ],
    ids=["no picture", "amid chunks", "uneven chunk", "large chunk", "envelope", "sixel"],
)
def test_kitty_complains(data: bytes) -> None:
    screen = Screen(KITTY, 80, 24, CELL)
    screen.feed(data)
    assert screen.errors


@pytest.mark.parametrize(
    ("at", "data"),
    [
        ("H", b'0;1q"1;1;4;6#1;2;0;0;0#1~~~~#2;2;9;9;9#2~~'),
        ("H", b'0;1q"1;1;4;6#1;2;0;0;0#1~~~~~~'),
        ("H", b'0;1q"1;1;4;6#1~~~~'),
        ("H", b"0;1q#1;2;0;0;0#1~~~~"),
        ("H", b'0;1q"1;1;1001;6#1;2;0;0;0#1!1001~'),
        ("24H", b'0;1q"1;1;4;20#1;2;0;0;0#1~~~~-~-~-B'),
        ("24H", b'0;1q"1;1;4;24#1;2;0;0;0#1~~~~-~-~-~'),
    ],
    ids=["late colour", "too wide", "no colour", "no size", "too large", "last band", "scrolls"],
)
def test_a_sixel_terminal_complains(at: str, data: bytes) -> None:
    screen = Screen(XTERM, 80, 24, CELL)
    screen.feed(b"\x1b[" + at.encode() + b"\x1bP" + data + b"\x1b\\")
    assert screen.errors


@pytest.mark.parametrize("kind", [PLAIN, SILENT])
def test_a_plain_terminal_draws_no_pictures(kind: Kind) -> None:
    screen = Screen(kind, 80, 24, CELL)
    screen.feed(commands("a=T,U=1,q=2,f=100,i=66051,c=20,r=10", png(picture())) + cells(66051, 20, 10))
    assert screen.errors
    assert screen.shown() == []


def test_sixel_pixels_stay_until_text_is_written_there() -> None:
    image = picture()
    screen = Screen(XTERM, 80, 24, CELL)
    screen.feed(b"\x1b7\x1b[4;6H" + sixel.encode(image).encode() + b"\x1b8hello")
    box = (50, 60, 320, 240)
    assert shows(screen.canvas(), image, box)
    screen.feed(b"\x1b[4;1Habcde\x1b[4;38H\x1b[K\x1b[16;6H" + b"x" * 32)
    assert shows(screen.canvas(), image, box)
    screen.feed(b"\x1b[9;10H    ")
    assert not shows(screen.canvas(), image, box)
    screen.feed(b"\x1b[2J")
    assert not screen.canvas().any()
    assert screen.errors == []


def test_half_blocks_are_two_pixels() -> None:
    screen = Screen(PLAIN, 4, 2, CELL)
    screen.feed("\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[7m▀\x1b[0m█".encode())
    canvas = screen.canvas()
    assert canvas[0, 0].tolist() == canvas[19, 19].tolist() == [255, 0, 0]
    assert canvas[19, 0].tolist() == canvas[0, 19].tolist() == [0, 0, 255]
    assert canvas[0, 25].tolist() == [204, 204, 204]


def test_bytes_may_be_cut_anywhere() -> None:
    image = picture(60, 40)
    data = (
        b"\x1b[?1049h" + commands("a=T,U=1,q=2,f=100,i=66051,c=6,r=2", png(image)) + cells(66051, 6, 2) + "é▀".encode()
    )
    whole, cut = Screen(KITTY, 20, 5, CELL), Screen(KITTY, 20, 5, CELL)
    whole.feed(data)
    for place in range(len(data)):
        cut.feed(data[place : place + 1])
    assert (cut.canvas() == whole.canvas()).all()
    assert cut.text() == whole.text()
    assert shows(cut.canvas(), image, (0, 0, 60, 40))


def test_the_alternate_screen_is_empty_and_gives_back_what_was_there() -> None:
    screen = Screen(XTERM, 20, 5, CELL)
    screen.feed(b"before\x1b[?1049h")
    assert screen.text().strip() == ""
    screen.feed(b"amid\x1b[?1049l!")
    assert screen.text().strip() == "before!"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (KITTY, b"\x1bP>|kitty(0.41.1)\x1b\\\x1b[6;20;10t\x1b[?2026;2$y\x1b[?62;c"),
        (OLD_KITTY, b"\x1bP>|kitty(0.26.5)\x1b\\\x1b[6;20;10t\x1b[?2026;2$y\x1b[?62;c"),
        (XTERM, b"\x1bP>|XTerm(379)\x1b\\\x1b[?2026;0$y\x1b[?63;1;2;4;6;9;15;16;22;28c"),
        (PLAIN, b"\x1b[6;20;10t\x1b[?2026;0$y\x1b[?62;22c"),
        (SILENT, b""),
    ],
)
def test_answers(kind: Kind, answer: bytes) -> None:
    assert Screen(kind, 80, 24, CELL).feed(b"\x1b[>q\x1b[16t\x1b[?2026$p\x1b[c") == answer


def test_how_large_a_sixel_picture_may_be_can_be_asked() -> None:
    screen = Screen(XTERM, 160, 40, CELL)
    assert screen.feed(b"\x1b[?2;4;0S\x1b[?2;1;0S") == b"\x1b[?2;0;1000;1000S\x1b[?2;0;1000;800S"
    assert screen.errors == []


def test_a_tmux_that_lets_through_can_be_played() -> None:
    screen = Screen(KITTY, 80, 24, CELL, unwrap_tmux=True)
    image = picture(60, 40)
    sequences = commands("a=T,U=1,q=2,f=100,i=66051,c=6,r=2", png(image)).decode().split("\x1b\\")[:-1]
    screen.feed("".join(wrap(sequence + "\x1b\\") for sequence in sequences).encode() + cells(66051, 6, 2))
    assert shows(screen.canvas(), image, (0, 0, 60, 40))
    assert screen.errors == []


def test_a_picture_is_found_where_it_is_and_only_there() -> None:
    canvas = np.zeros((600, 1000, 3), dtype=np.uint8)
    canvas[100:340, 300:620] = np.asarray(picture())
    found = find_picture(canvas, picture(640, 480))
    assert found.there
    assert all(abs(seen - wanted) <= 4 for seen, wanted in zip(found.box, (300, 100, 320, 240), strict=True))
    assert not find_picture(canvas, picture(seed=2)).there


ECHO = """
import os, sys, termios, tty
tty.setraw(0)
os.write(1, b"\\x1b[c")
answer = os.read(0, 100)
os.write(1, b"\\x1b[H" + answer[2:].strip(b"c") + b" ready")
sizes = []
import signal
signal.signal(signal.SIGWINCH, lambda *_: os.write(1, (b"\\x1b[2H%dx%d" % tuple(os.get_terminal_size()))))
while (key := os.read(0, 1)) != b"q":
    os.write(1, b"\\x1b[3H" + key)
sys.exit(7)
"""


def test_a_program_is_answered_typed_to_and_resized() -> None:
    began = time.monotonic()
    with Terminal(PLAIN, 40, 10, delay_s=0.3).start([sys.executable, "-c", ECHO]) as terminal:
        terminal.wait_for(lambda screen: "?62;22" in screen.text() or "62;22 ready" in screen.text())
        assert time.monotonic() - began >= 0.3
        mark = terminal.mark()
        terminal.press("x")
        terminal.wait_for(lambda screen: screen.text().splitlines()[2] == "x")
        assert terminal.bytes_since(mark) == b"\x1b[3Hx"
        terminal.resize(50, 12)
        terminal.wait_for(lambda screen: "50x12" in screen.text())
        terminal.press("q")
        assert terminal.wait_end() == 7


def test_waiting_for_what_never_comes_tells_what_is_there() -> None:
    with (
        Terminal(PLAIN, 40, 10).start(["echo", "only this"]) as terminal,
        pytest.raises(AssertionError, match="only this"),
    ):
        terminal.wait_for(lambda screen: "that" in screen.text(), limit_s=5)
