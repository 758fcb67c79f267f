"""Boxes in every protocol, by the pixels and letters that a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from binscout_tui.labelling.boxing import UNCLASSED, ClassLook
from tests.command_line import ok
from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, PLAIN, XTERM, Kind
from tests.seeing.scenes import binscout, decide, wait_picture
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

KINDS = pytest.mark.parametrize("kind", [KITTY, XTERM, PLAIN], ids=["kitty", "sixel", "half blocks"])
COLOUR = ClassLook().colour(1)
"""Of the first class, which has none of its own."""
MOVES = 6
PLACE, STEP = 160, 16
"""Where a new box begins in a picture 640 pixels wide, and how far an arrow moves it."""


@pytest.fixture
def terminal(kind: Kind, scene: Scene) -> Iterator[Terminal]:
    """The app on the first image, with a class of the key 1; nothing may be drawn that a terminal refuses."""
    ok(scene.root, "label", "add-class", "washer")
    with Terminal(kind, 100, 30).start(binscout(scene.root, "open", "boxes")) as played:
        played.wait_for(lambda screen: "0 boxes" in screen.text(), what="the first image")
        wait_picture(played, scene.photo(0))
        yield played
        assert played.errors == []


def says(text: str, screen: Screen) -> bool:
    """Whether this stands on the screen."""
    return text in screen.text()


def sides(screen: Screen, colour: tuple[int, int, int]) -> tuple[int, int] | None:
    """The first and last column with a long line of nearly this colour, the sides of a box; None without one."""
    near = (np.abs(screen.canvas().astype(int) - np.array(colour)) <= 24).all(axis=2).sum(axis=0)
    columns = np.flatnonzero(near > max(60, near.max() * 0.6))
    return (int(columns[0]), int(columns[-1])) if columns.size else None


@KINDS
def test_a_box_is_seen_in_its_colour_with_its_name_and_where_it_was_moved_to(terminal: Terminal, kind: Kind) -> None:
    decide(terminal, "n", lambda screen: "1 of 1, no class" in screen.text(), "a box")
    terminal.wait_for(lambda screen: sides(screen, UNCLASSED), what="the box without a class")
    decide(terminal, "1", lambda screen: "1 of 1, washer" in screen.text(), "its class")
    before = sides(terminal.wait_for(lambda screen: sides(screen, COLOUR), what="the colour of the class"), COLOUR)
    assert before is not None
    picture = "\n".join(terminal.text().splitlines()[2:26])
    assert ("▸washer" in picture) is (kind is not XTERM), "over sixel cells lose: it is in the pixels"
    for place in range(1, MOVES + 1):
        at = f" at {PLACE + place * STEP},"
        decide(terminal, "\x1b[C", partial(says, at), "a move")

    def is_moved(screen: Screen) -> bool:
        now = sides(screen, COLOUR)
        return now is not None and now[0] > before[0] + 30 and now[1] > before[1] + 30

    terminal.wait_for(is_moved, what="the box where it was moved to")


@pytest.mark.parametrize("kind", [KITTY, XTERM], ids=["kitty", "sixel"])
def test_after_the_next_image_nothing_of_a_box_is_left(terminal: Terminal, scene: Scene) -> None:
    decide(terminal, "n", lambda screen: "1 of 1, no class" in screen.text(), "a box")
    decide(terminal, "1", lambda screen: "1 of 1, washer" in screen.text(), "its class")
    decide(terminal, "\r", lambda screen: "p01.jpg" in screen.text(), "the next image")
    box = wait_picture(terminal, scene.photo(1))
    terminal.wait_quiet()
    assert "washer" not in "\n".join(terminal.text().splitlines()[2:26])
    assert box[3] > 300
