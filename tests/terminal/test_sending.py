"""A picture on its way in pieces: what other commands do to it, and what the terminal holds afterwards."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from binscout_tui.terminal import kitty
from binscout_tui.terminal.held import Held
from binscout_tui.terminal.kitty import KittyPicture
from tests.seeing.kinds import KITTY
from tests.seeing.screen import Screen

PIECE = 10_000


def noise(seed: int = 0, *, tmux: bool = False) -> KittyPicture:
    pixels = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    return kitty.encode(Image.fromarray(pixels), 16, 6, tmux=tmux)


def held() -> Held:
    return Held(itertools.count(0x01020304))


@pytest.fixture(params=[False, True], ids=["plain", "tmux"])
def tmux(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_all_pieces_are_the_picture(tmux: bool) -> None:
    pictures, screen = held(), Screen(KITTY, 80, 24, unwrap_tmux=tmux)
    sending = pictures.begin("a", noise(tmux=tmux))
    assert sending is not None
    pieces = 0
    while not sending.is_complete:
        assert "a" not in pictures
        assert screen.held_ids == set()
        screen.feed(sending.piece(PIECE).encode())
        pieces += 1
    assert pieces > 3
    assert pictures.find("a") == (0x01020304, 16, 6)
    assert screen.held_ids == {0x01020304}
    assert sending.piece(PIECE) == sending.break_off() == ""
    assert screen.errors == []


def test_another_picture_breaks_it_off(tmux: bool) -> None:
    pictures, screen = held(), Screen(KITTY, 80, 24, unwrap_tmux=tmux)
    sending = pictures.begin("a", noise(1, tmux=tmux))
    assert sending is not None
    screen.feed(sending.piece(PIECE).encode())
    image_id, text = pictures.send("b", noise(2, tmux=tmux))
    screen.feed(text.encode())
    assert sending.is_broken_off
    assert screen.held_ids == {image_id}
    assert "a" not in pictures
    assert screen.errors == []


def test_only_one_is_on_its_way() -> None:
    pictures = held()
    first = pictures.begin("a", noise(1))
    assert first is not None
    assert pictures.begin("b", noise(2)) is None
    first.piece(PIECE)
    assert pictures.stop(first) != ""
    assert pictures.stop(first) == ""
    assert pictures.begin("b", noise(2)) is not None


def test_what_was_not_begun_needs_no_end() -> None:
    pictures = held()
    sending = pictures.begin("a", noise(1))
    assert sending is not None
    assert pictures.stop(sending) == ""


@pytest.mark.parametrize("pieces", [False, True])
def test_after_the_terminal_lost_all_the_next_command_ends_it_first(pieces: bool) -> None:
    pictures, screen = held(), Screen(KITTY, 80, 24)
    sending = pictures.begin("a", noise(1))
    assert sending is not None
    screen.feed(sending.piece(PIECE).encode())
    pictures.forget()
    assert sending.is_broken_off
    if pieces:
        again = pictures.begin("b", noise(2))
        assert again is not None
        while not again.is_complete:
            screen.feed(again.piece(PIECE).encode())
    else:
        screen.feed(pictures.send("b", noise(2))[1].encode())
    assert len(screen.held_ids) == 1
    assert screen.errors == []


def test_deletes_wait_for_its_end() -> None:
    pictures, screen = Held(itertools.count(1), limit_bytes=100_000), Screen(KITTY, 80, 24)
    for key in "ab":
        screen.feed(pictures.send(key, noise(ord(key)))[1].encode())
    sending = pictures.begin("c", noise(3))
    assert sending is not None
    screen.feed(sending.piece(PIECE).encode())
    pictures.show("somebody", ["b"])
    assert pictures.trim() == ""
    while not sending.is_complete:
        screen.feed(sending.piece(PIECE).encode())
    pictures.show("somebody", ["c"])
    screen.feed(pictures.trim().encode())
    assert screen.held_ids == {3}
    assert screen.errors == []


def test_at_the_end_nothing_stays() -> None:
    pictures, screen = held(), Screen(KITTY, 80, 24)
    screen.feed(pictures.send("a", noise(1))[1].encode())
    sending = pictures.begin("b", noise(2))
    assert sending is not None
    screen.feed(sending.piece(PIECE).encode())
    screen.feed(pictures.clear().encode())
    assert screen.held_ids == set()
    assert screen.errors == []
