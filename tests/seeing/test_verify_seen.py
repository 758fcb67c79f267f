"""Pages of Verify by the pixels that a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.made_up import add_classes, add_model
from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY
from tests.seeing.looking import COARSE
from tests.seeing.scenes import NUMBER, binscout, decide, wait_picture
from tests.seeing.terminal import Terminal

PAGE = 4
FINE_S = 1.2
"""After this long without a key the pictures are fine ones."""


@pytest.fixture
def terminal(scene: Scene) -> Iterator[Terminal]:
    """The app on Verify with two pages of four; at the end nothing may have been drawn that a terminal refuses."""
    add_classes(scene.root, ["nut"])
    add_model(scene.root, {number + 1: ("nut", 0.9 - number / 100) for number in range(NUMBER)})
    with Terminal(KITTY, 44, 28).start(binscout(scene.root, "open", "verify")) as played:
        played.wait_for(lambda screen: f"nut? {NUMBER} wait" in screen.text(), what="the list")
        yield played
        assert played.errors == []


def wait_page(terminal: Terminal, scene: Scene, first: int) -> None:
    """Wait until the pictures of a page are there."""
    for number in range(first, first + PAGE):
        wait_picture(terminal, scene.photo(number), f"number {number}", limit=COARSE)


def test_a_page_is_taken_comes_back_and_marks_send_no_picture(terminal: Terminal, scene: Scene) -> None:
    wait_page(terminal, scene, 0)
    terminal.wait_quiet(FINE_S)
    mark = terminal.mark()
    decide(terminal, "x", lambda screen: "✗ wrong" in screen.text(), "the mark")
    terminal.wait_quiet()
    assert b"a=T" not in terminal.bytes_since(mark)
    assert b"\x1bP" not in terminal.bytes_since(mark)
    decide(terminal, "enter", lambda screen: "nut? 4 wait" in screen.text(), "the next page")
    wait_page(terminal, scene, PAGE)
    decide(terminal, "z", lambda screen: "nut? 8 wait" in screen.text(), "the page again")
    wait_page(terminal, scene, 0)
    assert "✗ wrong" in terminal.text()
