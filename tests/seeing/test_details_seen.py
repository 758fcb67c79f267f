"""Details beside the pictures, by the pixels and bytes that a terminal gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, XTERM, Kind
from tests.seeing.looking import COARSE
from tests.seeing.scenes import NUMBER, binscout, wait_picture, wait_same
from tests.seeing.terminal import Terminal


@pytest.fixture
def terminal(kind: Kind, scene: Scene) -> Iterator[Terminal]:
    """The app on the gallery; at the end nothing may have been drawn that a terminal refuses."""
    with Terminal(kind, 120, 36).start(binscout(scene.root, "open", "gallery")) as played:
        played.wait_for(lambda screen: f"{NUMBER} images" in screen.text(), what="the gallery")
        yield played
        assert played.errors == []


@pytest.mark.parametrize("kind", [KITTY, XTERM], ids=["kitty", "sixel"])
def test_details_that_follow_the_cursor_send_no_picture_again(terminal: Terminal, scene: Scene) -> None:
    terminal.wait_for(lambda screen: "taken" in screen.text(), what="the details")
    boxes = [wait_picture(terminal, scene.photo(n), f"number {n}", limit=COARSE) for n in range(NUMBER)]
    terminal.wait_quiet()
    mark = terminal.mark()
    terminal.press("right", "down", "right")
    terminal.wait_quiet()
    sent = terminal.bytes_since(mark)
    assert b"a=T" not in sent
    assert b"\x1bP" not in sent
    for number, box in enumerate(boxes):
        wait_same(terminal, scene.photo(number), box, f"number {number} beside the details", limit=COARSE)
    terminal.press("i", "i")
    terminal.wait_for(lambda screen: "taken" not in screen.text(), what="the grid alone")
    for number in range(NUMBER):
        wait_picture(terminal, scene.photo(number), f"number {number} alone", limit=COARSE)
