"""Item Capture with the real process that takes pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from binscout_tui.app import BinScoutApp
from binscout_tui.capture.launch import running, stop_runner
from binscout_tui.engine.background_files import DEFAULT_MODEL
from binscout_tui.store import captures
from binscout_tui.widgets.cut_view import CutView
from binscout_tui.widgets.picture import Picture
from binscout_tui.workspace import Workspace
from tests.command_line import ok
from tests.engine import tiny_onnx

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


async def test_a_command_shoots_with_one_key_and_again_with_another(
    app: BinScoutApp, root: Path, tmp_path: Path
) -> None:
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


async def test_the_picture_without_its_background_stands_beside_it(
    app: BinScoutApp, root: Path, tmp_path: Path
) -> None:
    tiny_onnx.write(root / DEFAULT_MODEL)
    photo = tmp_path / "part.png"
    part = Image.new("RGB", (640, 480), (8, 8, 8))
    ImageDraw.Draw(part).rectangle((200, 150, 440, 330), fill=(230, 220, 210))
    part.save(photo)
    ok(root, "import", photo)
    with Workspace(root) as ws:
        ws.db.write(captures.stage, ws.user.uid, captures.NewCapture(image_id=1))
    try:
        async with app.run_test(size=(120, 30)) as pilot:
            await open_area(pilot, "capture")
            await press(pilot, "b")
            cut = app.screen.query_one(CutView)
            async with asyncio.timeout(60):
                while not cut.has_class("-shown") or cut.query_one(Picture).state != "shown":
                    assert "✗" not in "\n".join(screen_text(app))
                    await pilot.pause(0.05)
            assert app.screen.query_one("#capture-picture", Picture).state == "shown"
    finally:
        ok(root, "engine", "stop")
