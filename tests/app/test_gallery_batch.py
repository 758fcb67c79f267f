"""Decisions on many images of the gallery with keys and mouse: stars, labels, trash, purge, export, the menu."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.dialogs.context_menu import ContextMenu
from binscout_tui.dialogs.export_images import ExportImages
from binscout_tui.dialogs.pick import Pick
from binscout_tui.dialogs.typed import TypedConfirm
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import images, journal, labels, named, views
from binscout_tui.store.events import Event
from binscout_tui.widgets.image_grid import ImageGrid
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_files, add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twelve images, the newest first as the gallery shows them; there are two classes."""
    add_classes(root, ["nut", "washer"])
    return add_images(root, 12)[::-1]


def gallery(app: BinScoutApp) -> GalleryScreen:
    """The gallery on the screen."""
    screen = app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


def text(app: BinScoutApp) -> str:
    """The screen's rows."""
    return "\n".join(screen_text(app))


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(60):
        while not holds():
            await pilot.pause()


def tile_at(grid: ImageGrid, position: int) -> int:
    """The first column of cells on a tile of the first row."""
    layout = grid._place.layout
    return next(x for x in range(layout.width) if layout.at(x, 3, 0) == position)


async def counts(app: BinScoutApp) -> dict[str, int]:
    """How many images each view has."""
    return await app.workspace.db.read(views.counts)


async def starred(app: BinScoutApp, ids: list[int]) -> list[bool]:
    """Which of these have a star."""
    return [(await app.workspace.db.read(images.get, image_id)).starred for image_id in ids]


async def test_stars_for_what_is_marked_or_here_and_in_full(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await decide(pilot, "f")
        await until(pilot, lambda: any("1 image starred. z takes it back." in line for line in told(app)))
        assert await starred(app, ids[:3]) == [True, False, False]
        await until(pilot, lambda: "★" in text(app))
        await press(pilot, "space", "space", "space")
        assert " 3 marked" in screen_text(app)[22]
        assert "f star" in screen_text(app)[22]
        await decide(pilot, "f")
        await settle(pilot)
        assert await starred(app, ids[:4]) == [True, True, True, False]
        assert gallery(app).marked == 3
        await decide(pilot, "f")
        await settle(pilot)
        assert await starred(app, ids[:3]) == [False, False, False]
        await decide(pilot, "z", "z")
        await settle(pilot)
        assert await starred(app, ids[:3]) == [True, False, False]
        await press(pilot, "asterisk", "end", "enter")
        await decide(pilot, "f")
        await settle(pilot)
        assert await starred(app, ids[-1:]) == [True]
        assert (await counts(app))["starred"] == 2


async def test_all_of_a_view_are_marked_and_unmarked(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "A")
        assert gallery(app).grid.marks == frozenset(ids)
        await press(pilot, "A")
        assert gallery(app).marked == 0


async def test_a_class_for_all_that_is_marked_is_one_decision(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "space")
        await decide(pilot, "L")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"washer", "enter")
        await until(pilot, lambda: any("2 images labelled washer." in line for line in told(app)))
        said = [await app.workspace.db.read(labels.get, image_id) for image_id in ids[:3]]
        assert [one and one.name for one in said] == ["washer", "washer", None]
        await decide(pilot, "z")
        await settle(pilot)
        assert await app.workspace.db.read(labels.get, ids[0]) is None
        assert any("2 images again." in line for line in told(app))


async def test_the_trash_gives_back_and_lets_go_only_for_the_typed_word(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "space", "space")
        await decide(pilot, "d")
        await settle(pilot)
        assert gallery(app).marked == 0
        assert (await counts(app))["trash"] == 3
        await decide(pilot, "D")
        assert any("Only what is in the trash can be deleted for ever" in line for line in told(app))
        await press(pilot, "slash", *"in:trash", "enter")
        await ready(pilot)
        await decide(pilot, "R")
        await settle(pilot)
        assert (await counts(app))["trash"] == 2
        await press(pilot, "A")
        found = await app.workspace.db.read(images.get, ids[1])
        files = [root / found.path, *(root / "previews").rglob(f"{found.sha256}*")]
        assert len(files) == 3
        await decide(pilot, "D")
        await until(pilot, lambda: isinstance(app.screen, TypedConfirm))
        assert "2 images would be deleted for ever." in text(app)
        await pilot.press(*"yes", "enter")
        assert isinstance(app.screen, TypedConfirm)
        await press(pilot, "escape")
        assert (await counts(app))["trash"] == 2
        await decide(pilot, "D")
        await until(pilot, lambda: isinstance(app.screen, TypedConfirm))
        await pilot.press(*"purge", "enter")
        await until(pilot, lambda: any("2 images deleted for ever" in line for line in told(app)))
        assert (await counts(app))["trash"] == 0
        assert not any(path.exists() for path in files)
        assert list(gallery(app).grid.ids) == []
        assert [one.action for one in await app.workspace.db.read(journal.history, area="purge")] == ["purge"] * 2


async def test_only_an_admin_lets_images_go(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(images.trash, ws.user.uid, ids[:1])
        ws.db.connection.execute("UPDATE user SET role = 'operator'")
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "slash", *"in:trash", "enter")
        await decide(pilot, "D")
        assert any("needs the role admin" in line for line in told(app))
        assert isinstance(app.screen, GalleryScreen)


async def test_the_menu_offers_what_is_allowed_now_and_does_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "full_stop")
        assert isinstance(app.screen, ContextMenu)
        shown = text(app)
        assert f"Image #{ids[0]}" in shown
        assert "▸ Enter  open" in shown
        assert "Move to the trash; undo brings back." in shown
        assert "back from the trash" not in shown
        await press(pilot, "escape")
        assert gallery(app).here == ids[0]
        await press(pilot, "full_stop", "f")
        await until(pilot, lambda: any("1 image starred." in line for line in told(app)))
        assert await starred(app, ids[:2]) == [True, False]
        await press(pilot, "l", "full_stop", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await settle(pilot)
        assert await starred(app, ids[:2]) == [True, True]
        await press(pilot, "enter")
        await ready(pilot)
        await press(pilot, "full_stop", "d")
        await until(pilot, lambda: gallery(app).here == ids[2])
        assert (await counts(app))["trash"] == 1


async def test_the_menu_does_nothing_to_another_image_than_it_was_asked_about(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen = gallery(app)
        await press(pilot, "full_stop")
        with Workspace(root) as ws:
            ws.db.write(images.trash, ws.user.uid, ids[:1])
        await screen.resume()
        assert screen.here == ids[1]
        await press(pilot, "d")
        assert any("What the menu was about has changed meanwhile" in line for line in told(app))
        assert (await counts(app))["trash"] == 1
        await press(pilot, "space", "space", "space", "l", "full_stop")
        assert f"3 marked images; the image here is #{screen.here}" in text(app)


async def test_in_full_commands_are_about_the_image_that_is_shown_whatever_is_marked(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "space", "enter")
        await decide(pilot, "f")
        await settle(pilot)
        assert await starred(app, ids[:4]) == [False, False, True, False]
        for key, title in (("t", f"Tags of #{ids[2]}"), ("m", "Collection for 1 image"), ("E", "Export this image")):
            await decide(pilot, key)
            await until(pilot, lambda title=title: title in text(app))  # type: ignore[misc]
            await press(pilot, "escape")
        await press(pilot, "full_stop")
        assert f"Image #{ids[2]} " in text(app)
        await press(pilot, "escape")
        await decide(pilot, "d")
        await until(pilot, lambda: gallery(app).here == ids[3])
        assert (await counts(app))["trash"] == 1
        assert gallery(app).grid.marks == set(ids[:2])


async def test_an_export_that_is_forgotten_keeps_no_change_from_other_screens(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen = gallery(app)
        screen._exports.add(4711)
        await screen.hear([Event(1, "job", "4711")])
        assert not screen._exports


async def test_the_menu_takes_out_of_a_collection_only_inside_one(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        box = ws.db.write(named.ensure, ws.user.uid, named.COLLECTION, "Box 3")
        ws.db.write(named.put, ws.user.uid, named.COLLECTION, box, ids[:3])
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "full_stop")
        assert "  M      " not in text(app)
        await press(pilot, "escape", "slash", *'collection:"Box 3"', "enter")
        await ready(pilot)
        await press(pilot, "full_stop")
        assert "  M      " in text(app)
        await press(pilot, "M")
        await until(pilot, lambda: list(gallery(app).grid.ids) == ids[1:3])
        assert [name.images for name in await app.workspace.db.read(named.listed, named.COLLECTION)] == [2]
        await press(pilot, "enter")
        await ready(pilot)
        await press(pilot, "full_stop")
        shown = text(app)
        assert "export" in shown
        assert "Label with a class." in shown


async def test_the_right_button_goes_to_the_tile_and_opens_the_menu(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        grid = gallery(app).grid
        await pilot.click(grid, offset=(tile_at(grid, 1), 3), button=3)
        await until(pilot, lambda: isinstance(app.screen, ContextMenu))
        assert f"Image #{ids[1]}" in text(app)
        await press(pilot, "escape")
        assert gallery(app).here == ids[1]


async def test_clicks_with_keys_mark(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        grid = gallery(app).grid
        await pilot.click(grid, offset=(tile_at(grid, 0), 3), control=True)
        await settle(pilot)
        assert grid.marks == {ids[0]}
        await pilot.click(grid, offset=(tile_at(grid, 2), 3), shift=True)
        await settle(pilot)
        assert grid.marks == set(ids[:3])
        await pilot.click(grid, offset=(tile_at(grid, 1), 3), control=True)
        await settle(pilot)
        assert grid.marks == {ids[0], ids[2]}


async def test_export_asks_where_to_and_writes_in_its_own_process(app: BinScoutApp, root: Path, tmp_path: Path) -> None:
    folder, ids = tmp_path / "out", add_files(root, tmp_path / "photos", 3)[::-1]
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "space")
        await press(pilot, "E")
        assert isinstance(app.screen, ExportImages)
        await pilot.press("enter")
        await settle(pilot)
        assert "Say into which folder." in text(app)
        await pilot.press(*str(folder), "enter")
        await until(pilot, lambda: any("2 images exported to" in line for line in told(app)))
    beside = [json.loads(path.read_text()) for path in folder.glob("*.*.json")]
    assert {one["id"] for one in beside} == set(ids[:2])
    listed = json.loads((folder / "manifest.json").read_text())["files"]
    assert {hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() for one in listed} == {
        one["sha256"] for one in beside
    }
