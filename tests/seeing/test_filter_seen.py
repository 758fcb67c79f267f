"""What floats over the pictures while a filter is typed, by the pixels that a terminal shows."""

from __future__ import annotations

import numpy as np
import pytest

from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, PLAIN, XTERM, Kind
from tests.seeing.looking import COARSE
from tests.seeing.scenes import NUMBER, binscout, wait_picture, wait_same
from tests.seeing.terminal import Terminal

ROWS = 6


@pytest.mark.parametrize("kind", [KITTY, XTERM, PLAIN], ids=["kitty", "sixel", "half blocks"])
def test_completions_lie_over_the_pictures_and_leave_nothing_behind(kind: Kind, scene: Scene) -> None:
    with Terminal(kind, 80, 24).start(binscout(scene.root, "open", "gallery")) as terminal:
        boxes = [wait_picture(terminal, scene.photo(n), f"number {n}", limit=COARSE) for n in range(NUMBER)]
        terminal.wait_quiet()
        terminal.press("/", "s", "i")
        terminal.wait_for(lambda screen: "size:" in screen.text(), what="the completions")
        terminal.wait_quiet()
        assert is_plain(terminal, rows=ROWS), "no pixel of a picture shines through"
        terminal.press("z")
        terminal.wait_for(lambda screen: "/ siz" in screen.text(), what="another letter")
        terminal.wait_quiet()
        assert is_plain(terminal, rows=ROWS)
        terminal.press("escape")
        terminal.wait_for(lambda screen: f"{NUMBER} images" in screen.text(), what="the header again")
        for number, box in enumerate(boxes):
            wait_same(terminal, scene.photo(number), box, f"number {number} after the line", limit=COARSE)
        assert terminal.errors == []


def is_plain(terminal: Terminal, *, rows: int) -> bool:
    """Whether the rows below the line have one ground from side to side, but for letters."""
    canvas = terminal.canvas()
    height = canvas.shape[0] // 24
    area = canvas[2 * height : (2 + rows) * height]
    ground = np.median(area.reshape(-1, 3), axis=0)
    return bool((np.abs(area.astype(int) - ground).max(axis=2) < 24).mean() > 0.8)
