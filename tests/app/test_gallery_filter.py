"""The gallery with a filter: typed, completed, refused, kept, and over a library that others change."""

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
from binscout_tui.store import classes, images, labels
from binscout_tui.store.images import Image
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images

NAMES = ("nut", "washer", "hex [b]bolt")


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Thirty images, the newest first as the gallery shows them; every third one has a class, in turn."""
    add_classes(root, NAMES)
    found = add_images(root, 30)[::-1]
    with Workspace(root) as ws:
        for place, image_id in enumerate(found[::3]):
            ws.db.write(labels.set_label, ws.user.uid, image_id, NAMES[place % 3])
    return found


def gallery(app: BinScoutApp) -> GalleryScreen:
    """The gallery on the screen."""
    screen = app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


def said(app: BinScoutApp) -> str:
    """What was told last."""
    return told(app)[0]


def bar(app: BinScoutApp) -> FilterBar:
    return gallery(app).query_one(FilterBar)


def shown(app: BinScoutApp) -> list[int]:
    return list(gallery(app).grid.ids)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds, twenty seconds at most."""
    async with asyncio.timeout(20):
        while not holds():
            await pilot.pause()


async def type_filter(pilot: Pilot[Any], text: str) -> None:
    """Open the line, type over what stands there, apply."""
    app: Any = pilot.app
    await press(pilot, "slash")
    await until(pilot, lambda: bar(app).line.has_focus)
    await pilot.press("end", "ctrl+u", *text, "enter")
    await until(pilot, lambda: not bar(app).is_open or bar(app)._typed.error is not None)  # type: ignore[union-attr]
    await settle(pilot)
    if not bar(app).is_open:
        await ready(pilot)


async def test_a_filter_shows_what_matches_and_the_header_says_so(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await type_filter(pilot, "label:nut|washer")
        assert shown(app) == [image for place, image in enumerate(ids[::3]) if place % 3 < 2]
        assert "/ label:nut|washer" in screen_text(app)[1]
        assert "7 of 30" in screen_text(app)[1]
        await type_filter(pilot, "")
        assert shown(app) == ids
        assert "30 images" in screen_text(app)[1]


async def test_completing_by_keys_types_a_filter(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "slash")
        await pilot.press("l", "a", "b")
        await settle(pilot)
        assert "label:" in screen_text(app)[2]
        await pilot.press("tab", "h", "e", "x")
        await settle(pilot)
        assert '"hex [b]bolt"' in screen_text(app)[2]
        assert "3 images" in screen_text(app)[2]
        await pilot.press("tab", "enter")
        await until(pilot, lambda: not bar(app).is_open)
        assert shown(app) == ids[6::9]


async def test_a_click_takes_a_completion(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "slash")
        await pilot.press(*"label:")
        await settle(pilot)
        row = next(number for number, line in enumerate(screen_text(app)) if line.strip().startswith("empty"))
        await pilot.click(offset=(6, row))
        await settle(pilot)
        assert bar(app).line.value == "label:empty "
        assert bar(app).line.has_focus


async def test_keys_that_come_all_at_once_do_what_they_do_one_by_one(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        keys = ["slash", "l", "a", "tab", "w", "a", "tab", "enter", "l"]
        for key in keys:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: gallery(app).is_filtered and gallery(app).here == ids[12])
        assert shown(app) == ids[3::9]


async def test_what_is_wrong_is_marked_and_nothing_is_lost(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        for text, place, said in (
            ("label:nut cnf<1", (10, 13), "There is no field 'cnf'. Did you mean conf?"),
            ("-label:nutt", (7, 11), "There is no class 'nutt'. Did you mean nut?"),
            ("label:nut (", (11, 12), "A condition is missing here."),
        ):
            await type_filter(pilot, text)
            assert bar(app).is_open
            assert bar(app).line.value == text
            assert bar(app).line.wrong.place == place
            below = " ".join(" ".join(screen_text(app)[2:8]).split())
            assert said in below
            await press(pilot, "escape")
            assert shown(app) == ids, "nothing was filtered"


async def test_what_is_pasted_reaches_the_terminal_as_text_alone(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        for pasted, value in (("na\x1b[31mme\x07:x\nlabel", "na�[31mme�:x"), ("x" * 9000, "x" * 2001)):
            await press(pilot, "slash")
            await until(pilot, lambda: bar(app).line.has_focus)
            app.post_message(events.Paste(pasted))
            await settle(pilot)
            assert bar(app).line.value == value
            await pilot.press("enter")
            await until(pilot, lambda: bar(app)._typed.error is not None)  # type: ignore[union-attr]
            assert shown(app) == ids
            await press(pilot, "escape")


async def test_escape_leaves_the_line_and_the_filter_as_it_was(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await type_filter(pilot, "label:nut")
        await press(pilot, "slash")
        await pilot.press("x", "y")
        await press(pilot, "escape")
        assert not bar(app).is_open
        assert "/ label:nut " in screen_text(app)[1]
        await press(pilot, "slash")
        assert bar(app).line.value == "label:nut ", "one types on behind it"
        await press(pilot, "escape", "l")
        assert gallery(app).here == ids[9], "keys are the gallery's again"


async def test_what_is_typed_waits_while_another_window_has_the_keys(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "slash")
        await pilot.press(*"label:n")
        app.post_message(events.AppBlur())
        await settle(pilot)
        app.post_message(events.AppFocus())
        await settle(pilot)
        await pilot.press(*"ut", "enter")
        await until(pilot, lambda: not bar(app).is_open)
        assert shown(app) == ids[::9]


async def test_the_filter_and_the_last_ones_are_kept_over_restarts(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "gallery")
        await type_filter(pilot, "label:washer")
        await type_filter(pilot, "label:nut")
        await press(pilot, "l")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert shown(second) == ids[0::9]
        assert gallery(second).here == ids[9]
        await press(pilot, "slash", "up")
        assert bar(second).line.value == "label:nut"
        await press(pilot, "up")
        assert bar(second).line.value == "label:washer"
        await pilot.press("enter")
        await until(pilot, lambda: not bar(second).is_open)
        assert shown(second) == ids[3::9]


async def test_an_empty_result_says_how_to_come_back_and_one_comes_back_to_the_image(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l", "l", "l")
        await type_filter(pilot, "label:nut label:washer")
        assert shown(app) == []
        words = "\n".join(screen_text(app))
        assert "No image matches the filter." in words
        assert "⌫   shows all images" in words
        await press(pilot, "d")
        assert said(app).endswith("There is no image here yet.")
        await press(pilot, "backspace")
        await ready(pilot)
        assert gallery(app).here == ids[4]
        assert shown(app) == ids


async def test_the_cursor_stays_on_an_image_that_matches_else_goes_to_the_first(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l", "l")
        await type_filter(pilot, "label:any")
        assert gallery(app).here == ids[3]
        await type_filter(pilot, "label:nut")
        assert gallery(app).here == ids[0]
        await press(pilot, "l", "backspace")
        assert gallery(app).here == ids[9]
        assert shown(app) == ids


async def test_changes_made_elsewhere_keep_the_cursor_on_its_image(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await type_filter(pilot, "label:none")
        await press(pilot, "l", "l", "l")
        here = gallery(app).here
        none = [image for place, image in enumerate(ids) if place % 3]
        assert (shown(app), here) == (none, none[3])
        with Workspace(root) as ws:
            for image_id in (none[0], none[1], none[10]):
                ws.db.write(labels.set_label, ws.user.uid, image_id, "nut")
        await until(pilot, lambda: len(shown(app)) == len(none) - 3)
        assert gallery(app).here == here
        with Workspace(root) as ws:
            ws.db.write(labels.set_label, ws.user.uid, none[3], "nut")
        await until(pilot, lambda: gallery(app).here == none[4])
        assert "16 of 30" in screen_text(app)[1]


async def test_a_name_that_goes_away_takes_the_filter_with_it(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await type_filter(pilot, "label:nut")
        with Workspace(root) as ws:
            nut = ws.db.read(classes.find, "nut")
            ws.db.write(classes.rename, ws.user.uid, nut.id, "bolt")
        await until(pilot, lambda: shown(app) == ids)
        assert any("All images are shown: what the filter names is not there" in line for line in told(app))
        assert "30 images" in screen_text(app)[1]


async def test_marks_that_one_cannot_see_are_taken_away(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await decide(pilot, "space", "space")
        assert gallery(app).grid.marks == {ids[0], ids[1]}
        await type_filter(pilot, "label:nut")
        assert gallery(app).grid.marks == {ids[0]}
        await decide(pilot, "d")
        await settle(pilot)
        gone: list[Image] = await app.workspace.db.read(images.page, trashed=True, limit=100)
        assert [image.id for image in gone] == [ids[0]]
        assert shown(app) == ids[9::9]
        await decide(pilot, "z")
        await settle(pilot)
        assert shown(app) == ids[::9]


async def test_the_full_view_goes_through_what_matches_alone(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await type_filter(pilot, "label:nut")
        await press(pilot, "enter")
        assert "1 of 4" in screen_text(app)[22]
        await decide(pilot, "n")
        await ready(pilot)
        assert gallery(app).here == ids[9]
        await press(pilot, "slash")
        assert said(app).endswith("Go back to the grid first, with Esc.")
        await press(pilot, "escape")
        assert gallery(app).here == ids[9]


async def test_what_is_in_the_trash_can_be_looked_at_and_brought_back(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    with Workspace(root) as ws:
        ws.db.write(images.trash, ws.user.uid, ids[:2])
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "R")
        assert said(app).endswith("Nothing here is in the trash; the filter in:trash shows what is.")
        await type_filter(pilot, "in:trash")
        assert shown(app) == ids[:2]
        await decide(pilot, "d")
        await settle(pilot)
        assert said(app).endswith("These images are in the trash; R brings them back.")
        await decide(pilot, "R")
        await settle(pilot)
        assert shown(app) == [ids[1]]
        await decide(pilot, "z")
        await settle(pilot)
        assert shown(app) == ids[:2]


async def test_the_start_may_say_the_filter(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root, opening=Opening("gallery", filter="label:washer"))
    async with app.run_test() as pilot:
        await settle(pilot)
        await ready(pilot)
        assert shown(app) == ids[3::9]
        await press(pilot, "l")
    app = BinScoutApp(root, opening=Opening("gallery", image=ids[1]))
    async with app.run_test() as pilot:
        await settle(pilot)
        await ready(pilot)
        assert gallery(app).here == ids[1], "an image that is asked for is shown, whatever filter was kept"
        assert shown(app) == ids
