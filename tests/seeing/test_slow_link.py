"""Over a slow link a fine picture on its way does not keep the next picture waiting."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.command_line import ok
from tests.seeing.kinds import KITTY
from tests.seeing.scenes import binscout, decide
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

BYTES_A_SECOND = 300_000
"""A fine picture takes two seconds and more: whoever watches sees it on its way."""

PIXELS = (1280, 960)
MOST_BEFORE_THE_NEXT = 260_000
"""A draft, its cells, and what was on its way when the key was pressed; the fine picture has more than 600,000."""


@pytest.fixture(scope="module")
def grainy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of pictures with grain, whose fine pictures take many bytes."""
    folder = tmp_path_factory.mktemp("grainy")
    (folder / "photos").mkdir()
    for number in range(3):
        random = np.random.default_rng(number)
        coarse = Image.fromarray(random.integers(40, 216, (6, 8, 3), dtype=np.uint8)).resize(PIXELS)
        grain = random.integers(-12, 13, (PIXELS[1], PIXELS[0], 3))
        Image.fromarray((np.asarray(coarse) + grain).clip(0, 255).astype(np.uint8)).save(
            folder / "photos" / f"{number}.jpg", quality=92
        )
    ok(folder / "bins", "init")
    ok(folder / "bins", "import", folder / "photos")
    return folder / "bins"


def shows_another(screen: Screen, before: set[int]) -> bool:
    return any(shown.image_id not in before for shown in screen.shown())


def test_a_key_amid_a_fine_picture_is_answered_before_the_rest_of_it(grainy: Path) -> None:
    with Terminal(KITTY, 110, 45, bytes_a_second=BYTES_A_SECOND) as terminal:
        terminal.start(binscout(grainy, "open", "gallery", "--full"))
        shown = terminal.wait_for(lambda screen: screen.shown(), what="the draft of the first picture").shown()
        drafts = {picture.image_id for picture in shown}
        # Counted from the start: the fine picture may have begun before the draft was looked at.
        amid = re.compile(rb"a=T.*a=T,[^;]*m=1;.*m=1;.{30000}", re.DOTALL)
        terminal.wait_for(lambda _: amid.search(terminal.bytes_since(0)), what="a part of the fine picture")
        assert {shown.image_id for shown in terminal.wait_for(lambda screen: screen.shown()).shown()} == drafts
        mark = terminal.mark()
        terminal.press("l")
        terminal.wait_for(lambda screen: shows_another(screen, drafts), what="the next picture")
        assert len(terminal.bytes_since(mark)) < MOST_BEFORE_THE_NEXT
        terminal.wait_for(lambda screen: len(screen.transmitted) == 3, what="its fine picture")
        assert len(terminal.held_ids) == 3, "of the one that was broken off nothing stays"
        assert terminal.errors == []


def test_no_key_decides_on_a_page_that_has_not_gone_out(grainy: Path) -> None:
    with Terminal(KITTY, 80, 24, bytes_a_second=60_000) as terminal:
        terminal.start(binscout(grainy, "open", "gallery"))
        terminal.wait_for(lambda screen: len(screen.shown()) == 3, what="the tiles")
        terminal.wait_quiet()
        terminal.press("+", "+", "+", "l", "d")
        terminal.wait_for(lambda screen: "size XXL" in screen.text(), what="the largest tiles")
        terminal.wait_quiet()
        with Workspace(grainy) as ws:
            assert ws.db.read(images.page, trashed=True) == []
        decide(terminal, "d", lambda screen: "2 images" in screen.text(), "one image less")
