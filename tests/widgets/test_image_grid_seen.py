"""The image grid in a terminal of every protocol, by the pixels and bytes that reach it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from binscout_tui.terminal.scale import fit
from binscout_tui.widgets.grid_layout import GridLayout, TileSize, lay_out
from tests.seeing.kinds import KITTY, PLAIN, XTERM, Kind
from tests.seeing.looking import NOT_THERE, difference
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal
from tests.widgets.grid_app import file_of, item_of, write_photos

KINDS = pytest.mark.parametrize("kind", [KITTY, XTERM, PLAIN], ids=["kitty", "sixel", "half blocks"])
CELL = (10, 20)
MOVE_BYTES = 600
PAGE_BYTES = 150_000


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures."""
    return write_photos(tmp_path_factory.mktemp("grid"))


@pytest.fixture
def terminal(kind: Kind, photos: Path) -> Iterator[Terminal]:
    """The grid in a terminal, at rest; at the end nothing may have been drawn that a terminal refuses."""
    command = [sys.executable, "-m", "tests.widgets.grid_app", photos]
    with Terminal(kind, 80, 24, CELL).start(command) as played:
        wait_page(played, photos, 1)
        wait_rest(played)
        yield played
        assert played.errors == []


def layout_of(screen: Screen) -> GridLayout:
    """The title is above the grid, the scroll bar beside it."""
    return lay_out(TileSize.M, (screen.columns - 1, screen.rows - 1), CELL)


def shows_page(screen: Screen, photos: Path, first: int) -> bool:
    """Whether every tile of the page that begins with the image `first` shows its picture."""
    layout, canvas = layout_of(screen), screen.canvas()
    return all(
        difference(canvas, file_of(photos, first + slot), _box(layout, photos, first + slot, slot)) < NOT_THERE
        for slot in range(layout.page)
    )


def _box(layout: GridLayout, photos: Path, image: int, slot: int) -> tuple[int, int, int, int]:
    row, column = divmod(slot, layout.columns)
    room = (layout.tile_width, layout.picture_rows)
    place = fit(item_of(photos, image).size, room, CELL, CELL)
    x = layout.lefts[column] + (room[0] - place.columns) // 2
    y = 1 + row * layout.tile_height + (room[1] - place.rows) // 2
    left, top, right, bottom = place.area
    return x * CELL[0] + left, y * CELL[1] + top, right - left, bottom - top


def wait_page(terminal: Terminal, photos: Path, first: int) -> None:
    """Wait until the page that begins with the image `first` is there, whole."""
    terminal.wait_for(
        lambda screen: f"#{first}" in screen.text() and shows_page(screen, photos, first),
        what=f"the page from image {first} on",
    )


def wait_rest(terminal: Terminal) -> None:
    """Wait until the pictures are fine."""
    terminal.wait_for(lambda screen: "at rest" in screen.text(), what="fine pictures")


@KINDS
def test_pages_show_their_pictures_and_cost_few_bytes(terminal: Terminal, photos: Path) -> None:
    page = layout_of(terminal.wait_quiet(0.1)).page
    for turned in range(1, 5):
        before = terminal.mark()
        terminal.press("n")
        wait_page(terminal, photos, 1 + turned * page)
        assert len(terminal.bytes_since(before)) < PAGE_BYTES


@KINDS
def test_moving_and_marking_send_two_captions(terminal: Terminal, photos: Path) -> None:
    for key, seen in [("l", "▸#2"), ("j", "▸#6"), ("h", "▸#5"), ("space", "▸✓#5")]:
        before = terminal.mark()
        terminal.press(key)
        terminal.wait_for(lambda screen, seen=seen: seen in screen.text(), what=seen)  # type: ignore[misc]
        assert len(terminal.bytes_since(before)) < MOVE_BYTES, key
    wait_rest(terminal)
    wait_page(terminal, photos, 1)


@pytest.mark.parametrize("kind", [KITTY])
def test_going_back_sends_cells_alone(terminal: Terminal, photos: Path) -> None:
    page = layout_of(terminal.wait_quiet(0.1)).page
    terminal.press("n")
    wait_page(terminal, photos, 1 + page)
    wait_rest(terminal)
    before = terminal.mark()
    terminal.press("p")
    wait_page(terminal, photos, 1)
    wait_rest(terminal)
    assert b"\x1b_G" not in terminal.bytes_since(before)


@KINDS
def test_after_a_modal_the_pictures_are_there_and_nothing_else(terminal: Terminal, photos: Path) -> None:
    before = terminal.canvas()
    terminal.press("m")
    terminal.wait_for(lambda screen: "what now?" in screen.text(), what="the modal")
    terminal.press("m")
    terminal.wait_for(
        lambda screen: "what now?" not in screen.text() and np.array_equal(screen.canvas(), before),
        what="the same screen as before",
    )


@KINDS
def test_another_size_of_the_terminal_and_back(terminal: Terminal, photos: Path) -> None:
    terminal.resize(120, 40)
    wait_page(terminal, photos, 1)
    terminal.wait_quiet(1.0)  # pixels that are on their way to a terminal which shrinks are cut
    terminal.resize(80, 24)
    wait_page(terminal, photos, 1)


@KINDS
def test_lost_pixels_are_sent_again(terminal: Terminal, photos: Path) -> None:
    before = terminal.mark()
    terminal.press("r")
    terminal.wait_for(lambda screen: "moving" in screen.text(), what="drafts")
    wait_rest(terminal)
    wait_page(terminal, photos, 1)
    sent = terminal.bytes_since(before)
    assert b"\x1b_G" in sent or b"\x1bP" in sent or "▀".encode() in sent


@KINDS
def test_a_toast_leaves_no_hole(terminal: Terminal) -> None:
    before = terminal.canvas()
    terminal.press("t")
    terminal.wait_for(lambda screen: "a toast" in screen.text(), what="the toast")
    terminal.wait_for(
        lambda screen: "a toast" not in screen.text() and np.array_equal(screen.canvas(), before),
        what="the same screen as before",
    )
