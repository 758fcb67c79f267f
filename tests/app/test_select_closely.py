"""Looking closely at all candidates at once, at the same place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.previews import PREVIEW
from binscout_tui.store import journal, sets
from binscout_tui.terminal.view import View
from binscout_tui.workspace import Workspace
from tests.pictures import photo

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle
from .made_up import add_sets
from .selecting import chosen, screen, shown, stored


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Two sets."""
    return add_sets(root, [3, 2])


def views(app: BinScoutApp, count: int) -> list[View]:
    """What the frames look at."""
    return [frame.picture.view for frame in screen(app).strip.frames[:count]]


async def test_all_pictures_show_the_same_place_and_move_together(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "v")
        first = views(app, 3)
        assert len(set(first)) == 1
        assert first[0].zoom > 1
        await press(pilot, "plus", "right", "down", "L")
        second = views(app, 3)
        assert len(set(second)) == 1
        assert (second[0].zoom > first[0].zoom, second[0].x > 0.5, second[0].y > 0.5) == (True, True, True)
        assert screen(app).strip.zoom_text in screen_text(app)[1]
        assert "+ closer  - farther  ←↓↑→ pan  v whole  1-9 keep" in screen_text(app)[23]
        await press(pilot, "v")
        assert all(view.is_whole for view in views(app, 3))
        await press(pilot, "right")
        assert screen(app).strip.cursor == 1
        assert await app.workspace.db.read(journal.history) == []


@pytest.mark.parametrize("key", ["escape", "q", "v", "backspace"])
async def test_each_way_out_leads_back_to_the_whole_set(app: BinScoutApp, ids: list[int], key: str) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "v", key)
        assert app.current_mode == "select"
        assert not screen(app).strip.is_looking
        assert all(view.is_whole for view in views(app, 3))
        await decide(pilot, "2")
        assert chosen(await stored(app, ids[0])) == 2


async def test_a_digit_keeps_while_looking_and_the_next_set_comes_whole(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "v")
        await decide(pilot, "2")
        await ready(pilot)
        assert (chosen(await stored(app, ids[0])), shown(app)) == (2, ids[1])
        assert all(view.is_whole for view in views(app, 2))
        assert not screen(app).strip.is_looking
        await press(pilot, "v", "c", "escape", "h")
        await ready(pilot)
        assert shown(app) == ids[0]


async def test_zooming_out_as_far_as_the_whole_ends_the_look(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "v", *["minus"] * 12)
        assert not screen(app).strip.is_looking
        await press(pilot, "right")
        assert screen(app).strip.cursor == 1


async def test_every_candidate_gets_the_pixels_of_its_original(root: Path, tmp_path: Path) -> None:
    from binscout_tui.operations.importing import import_paths

    for number in range(3):
        photo(tmp_path / "photos" / f"{number}.jpg", number, size=(PREVIEW * 2, PREVIEW))
    with Workspace(root) as ws:
        import_paths(ws, [tmp_path / "photos"], sets="folder")
        assert len(ws.db.read(sets.ids)) == 1
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "v")
        await press(pilot, *["plus"] * 10)
        async with asyncio.timeout(20):
            while any(frame.picture._viewing.detail is None for frame in screen(app).strip.frames[:3]):
                await pilot.pause()
        await settle(pilot)
        details = [frame.picture._viewing.detail for frame in screen(app).strip.frames[:3]]
        assert all(detail is not None and detail.path.exists() for detail in details)
