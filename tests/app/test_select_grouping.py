"""Making sets from Select with keys alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.store import sets

from .deciding import open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_named


def add_stages(root: Path) -> None:
    """Two runs of stages, and a picture that belongs to none."""
    names = ["a_stage1_.jpg", "a_stage2_.jpg", "b_stage1_.jpg", "b_stage1.5_.jpg", "b_stage2_.jpg", "lonely.jpg"]
    add_named(root, names)


async def test_sets_are_made_by_a_rule_after_it_was_said_what_it_makes(app: BinScoutApp, root: Path) -> None:
    add_stages(root)
    async with app.run_test(size=(100, 30)) as pilot:
        await open_area(pilot, "select", empty=True)
        assert "G makes sets of the images that are in none" in "\n".join(screen_text(app))
        await press(pilot, "G", *"stage", "enter")
        await _until(pilot, "Make these sets?")
        assert "2 sets of 5 images would be made by stage." in "\n".join(screen_text(app))
        assert (await app.workspace.db.read(sets.counts))["pending"] == 0
        await press(pilot, "y")
        await _until(pilot, "set 1 of 2")
        await ready(pilot)
        assert any("2 sets made by stage; 1 image in none." in line for line in told(app))
        assert (await app.workspace.db.read(sets.counts))["pending"] == 2


async def test_a_rule_that_finds_nothing_says_so(app: BinScoutApp, root: Path) -> None:
    add_named(root, ["lonely.jpg"])
    async with app.run_test(size=(100, 30)) as pilot:
        await open_area(pilot, "select", empty=True)
        await press(pilot, "G", *"stage", "enter")
        while not any("No set would be made by stage" in line for line in told(app)):
            await pilot.pause()


async def _until(pilot: Pilot[Any], words: str) -> None:
    while words not in "\n".join(screen_text(pilot.app)):
        await pilot.pause()
    await settle(pilot)
