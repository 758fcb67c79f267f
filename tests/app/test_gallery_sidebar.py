"""The gallery's sidebar with keys: views, collections, saved filters, tags, hiding and safe mode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import Opening
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import images, named, safe_mode, saved_filters, stars, users
from binscout_tui.store.named import COLLECTION, TAG, Name, Named
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.widgets.sidebar import Sidebar
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twenty images, the newest first; "Screws" has the first four, the tag "brass" the first six."""
    found = add_images(root, 20)[::-1]
    with Workspace(root) as ws:
        uid = ws.user.uid
        screws = ws.db.write(named.add, uid, COLLECTION, "Screws")
        ws.db.write(named.put, uid, COLLECTION, screws, found[:4])
        brass = ws.db.write(named.add, uid, TAG, "brass", colour="#cc8844")
        ws.db.write(named.put, uid, TAG, brass, found[:6])
        ws.db.write(stars.star, uid, found[2:5])
        ws.db.write(images.trash, uid, found[-2:])
        ws.db.write(saved_filters.save, uid, "Fine ones", "star tag:brass")
    return found


def gallery(app: BinScoutApp) -> GalleryScreen:
    """The gallery on the screen."""
    screen = app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


def sidebar(app: BinScoutApp) -> Sidebar:
    return gallery(app).sidebar


def shown(app: BinScoutApp) -> list[int]:
    return list(gallery(app).grid.ids)


def row(app: BinScoutApp, words: str) -> str:
    """The row of the sidebar with these words, "" without one; the grid beside it is left out."""
    width = sidebar(app).outer_size.width
    lines = [line[:width] for line in screen_text(app)[2:-2]] if sidebar(app).is_seen else []
    return next((line for line in lines if words in line), "")


async def all_of(app: BinScoutApp, kind: Named) -> dict[str, Name]:
    """All that a manager may see."""
    found: list[Name] = await app.workspace.db.read(named.listed, kind, concealed=True)
    return {one.name: one for one in found}


async def within(app: BinScoutApp, text: str) -> set[int]:
    """What is in a collection, by the store's own rows."""
    one = (await all_of(app, COLLECTION))[text]

    def members(db: Any) -> set[int]:
        rows = db.execute("SELECT image_id FROM collection_image WHERE collection_id = ?", (one.id,))
        return {found[0] for found in rows}

    return await app.workspace.db.read(members)


async def until(pilot: Pilot[Any], holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await pilot.pause()


async def find(pilot: Pilot[Any], words: str) -> None:
    """Open the sidebar and put its cursor on the entry that is called so."""
    await press(pilot, "s", "slash")
    await pilot.press(*words)
    await settle(pilot)


async def go_into(pilot: Pilot[Any], words: str) -> None:
    """Show an entry of the sidebar."""
    await find(pilot, words)
    await press(pilot, "enter")
    await ready(pilot)


async def answer(pilot: Pilot[Any], text: str) -> None:
    """Type into a dialog that opens, and Enter."""
    app: Any = pilot.app
    await until(pilot, lambda: app.screen.query("Input") and app.screen.query_one("Input").has_focus)
    await pilot.press("end", "ctrl+u", *text, "enter")
    await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
    await settle(pilot)


async def test_views_and_collections_are_chosen_with_their_counts(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "s")
        for words, count in (
            *(("All", 18), ("Starred", 3), ("Uncategorised", 14), ("Unlabelled", 18), ("Captured", 0)),
            *(("Imported", 18), ("Generated", 0), ("Trash", 2), ("Screws", 4), ("brass", 6)),
        ):
            assert row(app, words).rstrip("▕ ").split()[-1] == str(count), words
        assert "•" in row(app, "All")
        await press(pilot, "j", "enter")
        assert shown(app) == ids[2:5]
        assert not sidebar(app).is_seen
        assert "/ Starred  3 of 18" in screen_text(app)[1]
        for words, wanted in (
            ("uncat", ids[4:18]),
            ("trash", ids[18:]),
            ("screws", ids[:4]),
            ("fine", ids[2:5]),
            ("brass", ids[:6]),
        ):
            await go_into(pilot, words)
            assert shown(app) == wanted, words
        assert "tag:brass" not in screen_text(app)[1]
        assert "/ brass  6 of 18" in screen_text(app)[1]


async def test_escape_and_the_keys_of_the_pictures_in_the_sidebar(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "s", "space", "f", "t")
        assert gallery(app).grid.marks == frozenset()
        assert any("That key is for the pictures; s goes back" in line for line in told(app))
        await press(pilot, "slash", "x", "x", "escape")
        assert sidebar(app).is_open
        assert row(app, "Starred")
        await press(pilot, "escape")
        assert not sidebar(app).is_seen
        assert gallery(app).focused is None
        await press(pilot, "s", "s", "l")
        assert gallery(app).here == ids[1]
        assert app.current_mode == "gallery"


async def test_keys_that_come_all_at_once_do_what_they_do_one_by_one(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "s", "j")
        # Each letter but the first is a key of the sidebar or of the pictures: none of them may do anything.
        for key in ("slash", *"brass", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: gallery(app).is_filtered)
        await settle(pilot)
        assert shown(app) == ids[:6]
        assert not sidebar(app).is_seen
        assert told(app) == []
        await ready(pilot)
        for key in ("s", "slash", *"screws", "enter", "l"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: shown(app) == ids[:4])
        await until(pilot, lambda: gallery(app).here == ids[1])
        assert len(await all_of(app, COLLECTION)) == 1
        assert told(app) == []
        for key in ("s", "n", *"Mtd x", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: bool(told(app)))
        assert set(await all_of(app, COLLECTION)) == {"Screws", "Mtd x"}


async def test_a_click_shows_an_entry_and_one_beside_it_closes_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "s")
        line = next(number for number, text in enumerate(screen_text(app)) if "Screws" in text)
        await pilot.click(offset=(6, line))
        await settle(pilot)
        assert shown(app) == ids[:4]
        await press(pilot, "s")
        await pilot.click(offset=(60, 8))
        await until(pilot, lambda: not sidebar(app).is_seen)


async def test_a_pinned_sidebar_leaves_three_columns_and_stays_after_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "S")
        assert sidebar(first).is_seen
        assert sidebar(first).outer_size.width == 26
        await until(pilot, lambda: gallery(first).grid.columns == 3)
        assert gallery(first).focused is None
        await press(pilot, "s", "greater_than_sign", "greater_than_sign")
        await until(pilot, lambda: sidebar(first).outer_size.width == 27)
        assert gallery(first).grid.columns == 3
        await press(pilot, "less_than_sign")
        await until(pilot, lambda: sidebar(first).outer_size.width == 25)
        await press(pilot, "escape")
        assert sidebar(first).is_seen
        await go_into(pilot, "star")
        assert sidebar(first).is_seen
        assert "•" in row(first, "Starred")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert sidebar(second).is_seen
        assert sidebar(second).outer_size.width == 25
        assert shown(second) == ids[2:5]
        await pilot.resize_terminal(70, 24)
        await until(pilot, lambda: not sidebar(second).is_seen)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: sidebar(second).is_seen)
        await press(pilot, "S")
        assert not sidebar(second).is_seen
    third = BinScoutApp(root)
    async with third.run_test(size=(70, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "S")
        assert not sidebar(third).is_seen
        assert any("no room to pin it beside three columns" in line for line in told(third))


async def test_collections_are_made_renamed_and_deleted_and_undo_brings_them_back(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "s", "n")
        await answer(pilot, "Nuts [b]")
        assert set(await all_of(app, COLLECTION)) == {"Screws", "Nuts [b]"}
        assert "Nuts [b]" in row(app, "Nuts")
        await press(pilot, "n")
        await answer(pilot, "screws")
        assert any("The name 'screws' is taken." in line for line in told(app))
        await press(pilot, "escape")
        await go_into(pilot, "screws")
        await find(pilot, "screws")
        await press(pilot, "escape", "r")
        await answer(pilot, "M3 screws")
        assert set(await all_of(app, COLLECTION)) == {"M3 screws", "Nuts [b]"}
        assert shown(app) == ids[:4]
        assert "/ M3 screws  4 of 18" in screen_text(app)[1]
        await press(pilot, "z")
        assert set(await all_of(app, COLLECTION)) == {"Screws", "Nuts [b]"}
        assert shown(app) == ids[:18]
        await press(pilot, "Z", "escape")
        assert set(await all_of(app, COLLECTION)) == {"M3 screws", "Nuts [b]"}
        await go_into(pilot, "m3")
        assert shown(app) == ids[:4]
        await find(pilot, "m3")
        await press(pilot, "escape", "d")
        assert set(await all_of(app, COLLECTION)) == {"Nuts [b]"}
        assert shown(app) == ids[:18]
        await press(pilot, "z")
        assert set(await all_of(app, COLLECTION)) == {"M3 screws", "Nuts [b]"}
        assert await within(app, "M3 screws") == set(ids[:4])
        await until(pilot, lambda: row(app, "M3 screws").rstrip("▕ ").split()[-1:] == ["4"])


async def test_hidden_things_go_at_once_and_come_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await go_into(pilot, "screws")
        await find(pilot, "screws")
        await press(pilot, "escape", "h")
        assert (await all_of(app, COLLECTION))["Screws"].hidden
        assert shown(app) == ids[4:18]
        assert not row(app, "Screws")
        assert "14" in row(app, "All")
        assert row(app, "brass").rstrip("▕ ").split()[-1] == "2"
        await press(pilot, "H")
        assert "hidden" in row(app, "Screws")
        await press(pilot, "slash", *"screws", "escape", "h")
        assert not (await all_of(app, COLLECTION))["Screws"].hidden
        await until(pilot, lambda: shown(app) == ids[:18])
        await press(pilot, "home", "h")
        assert any("Only collections and tags can be hidden." in line for line in told(app))


async def test_safe_mode_hides_what_is_sensitive_and_tells_numbers_alone(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await find(pilot, "brass")
        await press(pilot, "escape", "x")
        assert (await all_of(app, TAG))["brass"].sensitive
        assert shown(app) == ids[:18]
        await press(pilot, "escape", "exclamation_mark")
        assert await app.workspace.db.read(safe_mode.is_on)
        assert " SAFE " in screen_text(app)[0]
        assert shown(app) == ids[6:18]
        assert told(app)[0].endswith("Safe mode is on: 1 tag is hidden with its images.")
        await press(pilot, "s", "H")
        assert not row(app, "brass")
        assert row(app, "Screws").rstrip("▕ ").split()[-1] == "0"
        await press(pilot, "escape", "exclamation_mark")
        assert not await app.workspace.db.read(safe_mode.is_on)
        assert " SAFE " not in screen_text(app)[0]
        assert shown(app) == ids[:18]


async def test_marked_images_go_into_collections_and_out_of_them(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l", "l", "space", "space")
        await decide(pilot, "m")
        await until(pilot, lambda: "Screws" in "\n".join(screen_text(app)[3:14]))
        assert "◐ Screws" in "\n".join(screen_text(app))
        await answer(pilot, "scr")
        assert await within(app, "Screws") == set(ids[:5])
        assert gallery(app).grid.marks == frozenset(ids[3:5])
        await decide(pilot, "m")
        await answer(pilot, "Odd [b]ones")
        assert await within(app, "Odd [b]ones") == set(ids[3:5])
        await decide(pilot, "m")
        await answer(pilot, "screws")
        assert await within(app, "Screws") == set(ids[:3])
        await decide(pilot, "z")
        await until(pilot, lambda: gallery(app).here is not None)
        assert await within(app, "Screws") == set(ids[:5])
        await press(pilot, "asterisk")
        await go_into(pilot, "screws")
        assert shown(app) == ids[:5]
        await press(pilot, "home")
        await decide(pilot, "M")
        await ready(pilot)
        assert await within(app, "Screws") == set(ids[1:5])
        assert shown(app) == ids[1:5]
        assert gallery(app).here == ids[1]
        await decide(pilot, "z")
        await ready(pilot)
        assert shown(app) == ids[:5]
        await press(pilot, "backspace")
        await decide(pilot, "M")
        assert any("You are not in a collection; s lists them" in line for line in told(app))


async def test_one_image_in_full_goes_into_a_collection(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "end", "enter")
        await ready(pilot)
        await decide(pilot, "m")
        await answer(pilot, "scr")
        assert ids[17] in await within(app, "Screws")
        assert gallery(app).is_full
        assert gallery(app).here == ids[17]


async def test_a_filter_is_kept_replaced_only_when_wanted_and_typed_by_its_name(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "F")
        assert any("All images are shown; / filters them first." in line for line in told(app))
        await go_into(pilot, "brass")
        await press(pilot, "F")
        await pilot.press(*"fine ones", "enter")
        await until(pilot, lambda: "taken" in "\n".join(screen_text(app)))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        kept = await app.workspace.db.read(saved_filters.find, "Fine ones")
        assert kept.text == "star tag:brass"
        await press(pilot, "F")
        await answer(pilot, "All brass")
        kept = await app.workspace.db.read(saved_filters.find, "all BRASS")
        assert kept.text == "tag:brass"
        await press(pilot, "backspace", "slash")
        bar = gallery(app).query_one(FilterBar)
        await pilot.press("at", "f")
        await until(pilot, lambda: "@Fine ones" in screen_text(app)[2])
        assert "star tag:brass" in screen_text(app)[2]
        await pilot.press("tab")
        await settle(pilot)
        assert bar.line.value == "star tag:brass "
        await pilot.press("enter")
        await until(pilot, lambda: not bar.is_open)
        assert shown(app) == ids[2:5]
        await press(pilot, "slash")
        await pilot.press("end", "ctrl+u", *"@all brass", "enter")
        await until(pilot, lambda: not bar.is_open)
        await until(pilot, lambda: shown(app) == ids[:6])
        await find(pilot, "all brass")
        await press(pilot, "escape", "d")
        assert [one.name for one in await app.workspace.db.read(saved_filters.listed)] == ["Fine ones"]


async def test_the_app_opens_on_a_kept_filter_and_says_when_it_is_gone(root: Path, ids: list[int]) -> None:
    opened = BinScoutApp(root, opening=Opening("gallery", filter="@fine ones"))
    async with opened.run_test() as pilot:
        await settle(pilot)
        await ready(pilot)
        assert shown(opened) == ids[2:5]
    with Workspace(root) as ws:
        brass = ws.db.read(named.find, TAG, "brass")
        ws.db.write(named.hide, ws.user.uid, TAG, brass.id)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert shown(again) == ids[6:18]
        assert any("All images are shown: what the filter names" in line for line in told(again))
        assert not any("brass" in line for line in [*told(again), *screen_text(again)])


async def test_a_viewer_looks_but_changes_nothing(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(users.set_role, ws.user.uid, "viewer")
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await go_into(pilot, "screws")
        assert shown(app) == ids[:4]
        await find(pilot, "screws")
        await press(pilot, "escape", "h", "x", "d", "escape", "exclamation_mark")
        one = (await all_of(app, COLLECTION))["Screws"]
        assert (one.hidden, one.sensitive, one.images) == (False, False, 4)
        assert not await app.workspace.db.read(safe_mode.is_on)
        assert sum("viewer" in line for line in told(app)) >= 4
