"""Compared images, by the pixels that a terminal shows: one place of all, whatever their sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.command_line import ok
from tests.seeing.kinds import KITTY
from tests.seeing.looking import COARSE, Box, find_picture
from tests.seeing.scenes import binscout
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

SIZES = ((800, 600), (2400, 1800), (400, 300), (1200, 900))
COLUMNS, ROWS = 120, 40
CLOSE = 150
"""Pixels that the part is high at least once it is four times as close; before it has a third of that."""
AROUND = 0.08
"""Half the side of the part that is looked for, in shares of the picture."""


@pytest.fixture
def picture() -> Image.Image:
    """A picture of which each part is like no other."""
    random = np.random.default_rng(5).integers(0, 256, (45, 60, 3), dtype=np.uint8)
    return Image.fromarray(random).resize((800, 600), Image.Resampling.BICUBIC)


@pytest.fixture
def terminal(picture: Image.Image, tmp_path: Path) -> Iterator[Terminal]:
    """The gallery with the picture in four sizes."""
    (tmp_path / "photos").mkdir()
    for number, size in enumerate(SIZES):
        picture.resize(size, Image.Resampling.BICUBIC).save(tmp_path / "photos" / f"{number}.png")
    ok(tmp_path / "bins", "init")
    ok(tmp_path / "bins", "import", tmp_path / "photos")
    with Terminal(KITTY, COLUMNS, ROWS).start(binscout(tmp_path / "bins", "open", "gallery")) as played:
        played.wait_for(lambda screen: "4 images" in screen.text(), what="the gallery")
        yield played
        assert played.errors == []


def around(picture: Image.Image, x: float, y: float) -> Image.Image:
    """The part around a point."""
    width, height = picture.size
    corners = ((x - AROUND) * width, (y - AROUND) * height, (x + AROUND) * width, (y + AROUND) * height)
    return picture.crop(tuple(round(corner) for corner in corners))  # type: ignore[arg-type]


def middles(screen: Screen, part: Image.Image, least: int) -> list[tuple[float, float]]:
    """Where the part is in each of the four frames, at least `least` pixels high: its middle in pixels of the frame.

    None where one has it not.
    """
    canvas = screen.canvas()
    height, width = canvas.shape[0] * (ROWS - 3) // ROWS // 2, canvas.shape[1] // 2
    top = canvas.shape[0] // ROWS
    frames: list[Box] = [(x, top + y, width, height) for y in (0, height) for x in (0, width)]
    found = [(find_picture(canvas, part, least=least, near=frame), frame) for frame in frames]
    if any(one.difference > COARSE for one, _ in found):
        return []
    return [(one.box[0] + one.box[2] / 2 - f[0], one.box[1] + one.box[3] / 2 - f[1]) for one, f in found]


def test_four_sizes_show_the_same_place_after_zoom_and_pan(terminal: Terminal, picture: Image.Image) -> None:
    terminal.press("A")
    terminal.wait_for(lambda screen: "4 marked" in screen.text(), what="the marks")
    terminal.press("c")
    terminal.wait_for(lambda screen: "comparing 4" in screen.text(), what="the comparison")
    terminal.wait_for(lambda screen: middles(screen, around(picture, 0.7, 0.7), 40), what="four whole pictures")
    terminal.press("+", "+", "+", "+", "L", "J")
    # Four times as close, and a quarter of what is seen to the right and down: all have that in their middle.
    seen = terminal.wait_for(
        lambda screen: middles(screen, around(picture, 0.5625, 0.5625), CLOSE), what="the same place"
    )
    found = np.array(middles(seen, around(picture, 0.5625, 0.5625), CLOSE))
    middle = np.array([COLUMNS * 10 / 4, (ROWS - 3) * 20 / 4])
    assert np.abs(found - found[0]).max() <= 22, "a cell at most: rows are not dealt out evenly"
    assert np.abs(found - middle).max() <= 60, "a frame is wider than the picture, so a quarter of it is more"
