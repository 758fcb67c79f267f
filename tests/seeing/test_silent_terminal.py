"""A terminal that answers nothing at all can be used all the same."""

from __future__ import annotations

import time

from binscout_tui.store import labels
from binscout_tui.workspace import Workspace
from tests.app.made_up import add_classes
from tests.seeing.conftest import Scene
from tests.seeing.kinds import SILENT
from tests.seeing.scenes import binscout, open_label, wait_picture
from tests.seeing.terminal import LIMIT_S, Terminal


def test_keys_decide_where_nobody_says_that_a_picture_was_drawn(scene: Scene) -> None:
    add_classes(scene.root, ["nut"])
    with Terminal(SILENT, 80, 24) as terminal, Workspace(scene.root) as ws:
        terminal.start(binscout(scene.root))
        open_label(terminal)
        wait_picture(terminal, scene.photo(0))
        before = ws.db.read(labels.counts)["class"]
        end = time.monotonic() + LIMIT_S
        while ws.db.read(labels.counts)["class"] == before:
            assert time.monotonic() < end, terminal.text()
            mark = terminal.mark()
            terminal.press("1")
            terminal.wait_for(lambda _, mark=mark: terminal.mark() > mark, what="an answer to the key")
