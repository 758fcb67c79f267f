"""The real app is killed while boxes are drawn: what the screen calls a draft is there in the next life."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from binscout_tui import workspace
from binscout_tui.store import box_drafts, box_labels
from binscout_tui.workspace import Workspace

from .app.made_up import add_images
from .test_kill import PATIENCE_S, Terminal

PLACE = re.compile(r" at (\d+),(\d+)")
WIDTH = 400


def rests(terminal: Terminal) -> None:
    """Wait until the terminal is quiet and the screen says that the draft is on the disk."""
    until = time.monotonic() + PATIENCE_S
    assert terminal.wait(lambda: "· draft ·" in terminal.screen.display[1] and not terminal.read(0.3), until), (
        "\n".join(terminal.screen.display)
    )


def left_edge(terminal: Terminal) -> int:
    """Where the box is by the line below the picture, in pixels."""
    found = PLACE.search("\n".join(terminal.screen.display))
    assert found, "\n".join(terminal.screen.display)
    return int(found[1])


@pytest.mark.timeout(300)
def test_a_draft_survives_a_kill(tmp_path: Path) -> None:
    root = tmp_path / "bins"
    workspace.create(root)
    image = add_images(root, 1)[0]
    seen = 100
    for life, keys in enumerate((b"nff", b"\x1b[C" * 3, b"\x1b[D" * 7)):
        terminal = Terminal(root)
        try:
            until = time.monotonic() + PATIENCE_S
            assert terminal.wait(lambda: "Home" in terminal.screen.display[0], until)  # noqa: B023
            terminal.press(b",")
            assert terminal.wait(lambda: "Go to" in "".join(terminal.screen.display), until)  # noqa: B023
            terminal.press(b"o")
            assert terminal.wait(lambda: " box" in terminal.screen.display[1], until)  # noqa: B023
            while terminal.read(0.3):
                pass
            assert not life or left_edge(terminal) == seen
            terminal.press(keys)
            rests(terminal)
            seen = left_edge(terminal)
        finally:
            terminal.kill()
        with Workspace(root) as ws:
            draft = ws.db.read(box_drafts.get, ws.user.uid, image)
            assert draft is not None
            assert round(draft.boxes[0].box[0] * WIDTH) == seen
            assert ws.db.read(box_labels.get, image).state is None
            assert ws.db.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
