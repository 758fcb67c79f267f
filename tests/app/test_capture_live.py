"""Item Capture with the real process that takes pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.capture.launch import running, stop_runner

from . import captures as made
from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle
from .made_up import picture


@pytest.fixture(autouse=True)
def stopped(root: Path) -> Iterator[None]:
    """Nothing goes on after the test."""
    yield
    stop_runner(root)
    assert running(root) is None


async def test_a_file_in_a_new_inbox_is_shown_and_accepted(app: BinScoutApp, root: Path) -> None:
    made.add_place(root, "A1", "M2 screw")
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "m", "c", *"A1", "enter")
        async with asyncio.timeout(30):
            while "● inbox" not in "\n".join(screen_text(app)):
                await pilot.pause(0.05)
        picture(1).resize((640, 480)).save(root / "inbox" / "1.png")
        async with asyncio.timeout(30):
            while "staged 1" not in "\n".join(screen_text(app)):
                await pilot.pause(0.05)
        await ready(pilot)
        await decide(pilot, "enter")
        await settle(pilot)
        assert [(one.state, one.item) for one in [made.capture(root, 1)]] == [("accepted", "M2 screw")]
        assert "have 1 of 30" in screen_text(app)[1]


async def test_a_command_shoots_with_one_key_and_again_with_another(app: BinScoutApp, root: Path, tmp_path: Path) -> None:
    photo = tmp_path / "shot.png"
    picture(3).resize((640, 480)).save(photo)
    made.add_source(root, "cam", "command", {"argv": ["cp", str(photo), "{output}"]})
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "space")
        async with asyncio.timeout(30):
            while "#1 ○ staged" not in "\n".join(screen_text(app)):
                await pilot.pause(0.05)
        await ready(pilot)
        await decide(pilot, "r")
        async with asyncio.timeout(30):
            while "attempt 2, replaces #1" not in "\n".join(screen_text(app)):
                await pilot.pause(0.05)
        assert made.states(root) == {1: "superseded", 2: "staged"}
