"""Details beside the pictures and titles, with keys; asserted on the screen and on the store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.outcomes import Told
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import labels, named, reviews, texts, told
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.widgets.details_panel import DetailsPanel
from binscout_tui.workspace import Workspace

from .deciding import open_area, press, ready
from .driving import screen_text, settle
from .driving import told as said
from .made_up import add_classes, add_images

PROMPT = "a **brass** gear\n" + "\n".join(f"line {number}" for number in range(60))


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twelve images, the newest first; of the first two something is known."""
    add_classes(root, ["washer"])
    found = add_images(root, 12)[::-1]
    with Workspace(root) as ws:
        uid = ws.user.uid

        def say(db: sqlite3.Connection) -> None:
            labels.set_label(db, uid, found[0], "washer")
            named.put(db, uid, TAG, named.ensure(db, uid, TAG, "[bold]brass"), found[:2])
            named.put(db, uid, COLLECTION, named.ensure(db, uid, COLLECTION, "Screws"), found[:1])
            reviews.set_note(db, uid, found[0], "dusty")
            told.note(db, found[0], Told(prompt=PROMPT, data={"camera": "EOS R", "negative": "blurry"}))

        ws.db.write(say)
    return found


def gallery(app: BinScoutApp) -> GalleryScreen:
    """The gallery on the screen."""
    screen = app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


def panel(app: BinScoutApp) -> DetailsPanel:
    """The details that are shown."""
    return gallery(app).panel


async def says(pilot: Pilot[Any], *words: str, never: tuple[str, ...] = ()) -> None:
    """Wait until the details say all of these."""
    text: Callable[[], str] = lambda: gallery(pilot.app).panel.text  # type: ignore[arg-type]  # noqa: E731
    async with asyncio.timeout(10):
        while not all(word in text() for word in words):
            await pilot.pause()
    assert not any(word in text() for word in never)


async def test_one_key_shows_more_and_more_and_none(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        assert not panel(app).display
        columns = gallery(app).grid.columns
        await press(pilot, "i")
        await says(pilot, f"#{ids[0]}", "washer", "[bold]brass", "Screws", never=("dusty", "EOS R"))
        assert "[bold]brass" in "\n".join(screen_text(app))
        await press(pilot, "i")
        await says(pilot, "dusty", "400x300", never=("EOS R",))
        await press(pilot, "i")
        await says(pilot, "a brass gear", "EOS R", "blurry")
        assert 2 <= gallery(app).grid.columns < columns
        assert gallery(app).here == ids[0]
        await press(pilot, "i")
        assert not panel(app).display
        assert gallery(app).grid.columns == columns


async def test_the_details_follow_the_cursor_and_what_others_change(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "i", "i")
        await says(pilot, "dusty")
        await press(pilot, "l")
        await says(pilot, f"#{ids[1]}", "[bold]brass", never=("dusty", "Screws"))
        with Workspace(root) as ws:
            ws.db.write(lambda db: labels.set_label(db, ws.user.uid, ids[1], "washer"))
        await says(pilot, "washer")
        assert gallery(app).here == ids[1]


async def test_a_size_is_kept_over_a_restart_apart_for_grid_and_full_view(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test(size=(120, 40)) as pilot:
        await open_area(pilot, "gallery")
        assert gallery(first).panel_size == "M"
        await press(pilot, "i", "enter")
        await ready(pilot)
        assert not panel(first).display
        await press(pilot, "i")
        assert gallery(first).panel_size == "S"
    second = BinScoutApp(root)
    async with second.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        assert gallery(second).is_full
        assert gallery(second).panel_size == "S"
        await press(pilot, "escape")
        assert gallery(second).panel_size == "L"


async def test_beside_an_image_in_full_they_follow_from_image_to_image(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await ready(pilot)
        whole = gallery(app).full.picture.size.width
        await press(pilot, "i", "i")
        await says(pilot, f"#{ids[0]}", "dusty")
        assert gallery(app).full.picture.size.width == whole - 34
        await press(pilot, "p")
        await settle(pilot)
        await press(pilot, "n")
        await ready(pilot)
        await says(pilot, f"#{ids[1]}", never=("dusty",))
        await press(pilot, "N")
        await ready(pilot)
        await says(pilot, f"#{ids[0]}", "dusty")
        await press(pilot, "escape")
        assert not gallery(app).is_full


async def test_long_details_are_read_with_keys_and_esc_leads_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "I")
        assert any("No details are shown; i shows them." in line for line in said(app))
        await press(pilot, "i", "i", "i")
        await says(pilot, "line 59")
        await press(pilot, "I", "j", "pagedown")
        assert panel(app).top > 10
        assert gallery(app).here == ids[0]
        await press(pilot, "end")
        assert "EOS R" in "\n".join(screen_text(app))
        await press(pilot, "escape")
        assert app.current_mode == "gallery"
        assert not panel(app).has_focus
        await press(pilot, "l")
        await says(pilot, f"#{ids[1]}")
        assert panel(app).top == 0
        await press(pilot, "enter", "i", "I", "escape")
        assert gallery(app).is_full


async def test_a_title_is_given_found_and_taken_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "i", "l", "r")
        await press(pilot, *"Old gear", "enter")
        await says(pilot, "Old gear")
        assert (await app.workspace.db.read(texts.get, ids[1])).title == "Old gear"
        await press(pilot, "enter")
        await ready(pilot)
        await press(pilot, "r", "end", "s", "enter")
        await ready(pilot)
        assert (await app.workspace.db.read(texts.get, ids[1])).title == "Old gears"
        await press(pilot, "z", "escape")
        assert (await app.workspace.db.read(texts.get, ids[1])).title == "Old gear"
        await press(pilot, "r", "escape")
        assert (await app.workspace.db.read(texts.get, ids[1])).title == "Old gear"
        await press(pilot, "r", "backspace", "enter")
        assert (await app.workspace.db.read(texts.get, ids[1])).title == ""


async def test_a_title_too_long_is_told_and_nothing_changes(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "r")
        app.screen.query_one("Input").value = "x" * 300  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert any("200 printable characters" in line for line in said(app))
        assert (await app.workspace.db.read(texts.get, ids[0])).title == ""
