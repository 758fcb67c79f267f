"""The gallery's sidebar over the pictures, by the pixels that a terminal shows."""

from __future__ import annotations

import pytest

from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, XTERM, Kind
from tests.seeing.looking import COARSE
from tests.seeing.scenes import NUMBER, binscout, wait_picture, wait_same
from tests.seeing.terminal import Terminal

COLUMNS = 25


@pytest.mark.slow
@pytest.mark.parametrize("kind", [KITTY, XTERM], ids=["kitty", "sixel"])
def test_the_sidebar_lies_over_the_pictures_and_leaves_nothing_behind(kind: Kind, scene: Scene) -> None:
    with Terminal(kind, 80, 24).start(binscout(scene.root, "open", "gallery")) as terminal:
        boxes = [wait_picture(terminal, scene.photo(n), f"number {n}", limit=COARSE) for n in range(NUMBER)]
        terminal.wait_quiet()
        terminal.press("s")
        terminal.wait_for(lambda screen: "Uncategorised" in screen.text(), what="the sidebar")
        terminal.wait_quiet()
        assert is_plain(terminal), "no pixel of a picture shines through"
        terminal.press("j")
        terminal.wait_for(lambda screen: "▸   Starred" in screen.text(), what="the cursor further down")
        terminal.wait_quiet()
        assert is_plain(terminal)
        terminal.press("escape")
        terminal.wait_for(lambda screen: "Uncategorised" not in screen.text(), what="the pictures alone")
        for number, box in enumerate(boxes):
            wait_same(terminal, scene.photo(number), box, f"number {number} after the sidebar", limit=COARSE)
        assert terminal.errors == []


def is_plain(terminal: Terminal) -> bool:
    """Whether the sidebar is grey below the first rows, where the cursor is; letters are, and pictures are not."""
    canvas = terminal.canvas()
    height, width = canvas.shape[0] // 24, canvas.shape[1] // 80
    area = canvas[5 * height : 22 * height, : COLUMNS * width].astype(int)
    return bool((area.max(axis=2) - area.min(axis=2) < 24).mean() > 0.99)
