"""Grouping by name from the gallery: listed first, made of what is chosen, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.dialogs.by_name import ByName
from binscout_tui.errors import StorageError
from binscout_tui.screens.live_keys import perform
from binscout_tui.store import name_sources, named, texts
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.widgets.batch_bar import BatchBar, Running
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_named

FILES = ["m3-washer_001.jpg", "m3-washer_002.jpg", "hexbolt_1.jpg", "hexbolt_2.jpg", "hexbolts_1.jpg", "hexbolts_2.jpg"]


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Three rows of files, of which two are nearly equal, and a person."""
    found = add_named(root, FILES)
    with Workspace(root) as ws:
        ws.db.write(texts.set_meta, found[0], {"people": ["Anna [b]Berg"]})
    return found


async def test_names_are_shown_apart_chosen_made_and_taken_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await perform(app.screen, "gallery.by_name")  # type: ignore[arg-type]
        await settle(pilot)
        assert isinstance(app.screen, ByName)
        text = "\n".join(screen_text(app))
        assert "4 names · 0 collections to make" in text
        assert text.index("Anna [b]Berg") < text.index("Look at these first") < text.index("hexbolts")
        await press(pilot, "enter")
        assert "No name is chosen" in told(app)[0]
        await press(pilot, "a", "end", "down", "down", "space")
        assert "3 collections to make" in "\n".join(screen_text(app))
        assert await app.workspace.db.read(named.listed, COLLECTION) == [], "nothing is made by looking"
        await press(pilot, "enter")
        while not any("put under" in line for line in told(app)):
            await pilot.pause()
        await ready(pilot)
        made = {one.name: one.images for one in await app.workspace.db.read(named.listed, COLLECTION)}
        assert made == {"Anna [b]Berg": 1, "m3 washer": 2, "hexbolt": 2}
        await decide(pilot, "z")
        await settle(pilot)
        assert all(one.images == 0 for one in await app.workspace.db.read(named.listed, COLLECTION))


async def test_names_that_cannot_be_read_are_not_none(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise StorageError("The disk is gone.", code="gone")

    monkeypatch.setattr(name_sources, "page", fail)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await perform(app.screen, "gallery.by_name")  # type: ignore[arg-type]
        await settle(pilot)
        text = "\n".join(screen_text(app))
        assert "could not be read" in text
        assert "No file name" not in text
        await press(pilot, "escape")
        await ready(pilot)


async def test_tags_are_made_instead_and_escape_makes_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        shown: list[Running | None] = []
        app.screen.watch(app.screen.query_one(BatchBar), "running", lambda now: shown.append(now))
        await perform(app.screen, "gallery.by_name")  # type: ignore[arg-type]
        await settle(pilot)
        await press(pilot, "space", "escape")
        assert await app.workspace.db.read(named.listed, COLLECTION) == []
        await perform(app.screen, "gallery.by_name")  # type: ignore[arg-type]
        await settle(pilot)
        await press(pilot, "space", "t", "enter")
        while not any("put under" in line for line in told(app)):
            await pilot.pause()
        assert [one.name for one in await app.workspace.db.read(named.listed, TAG)] == ["m3 washer"]
        running = [one for one in shown if one is not None]
        assert (running[0].what, running[0].total) == ("Grouping images by name", 2)
