"""The gallery with keys: grid, full view, marks, trash, place, and changes made elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.message import Message
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import Opening
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.screens.live_keys import perform
from binscout_tui.store import images, journal, labels, sets, users
from binscout_tui.store.images import Image
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.widgets.footer import FooterBar
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_files, add_images, add_sets


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Forty images, the newest first as the gallery shows them; the first two have a class."""
    add_classes(root, ["nut", "washer"])
    found = add_images(root, 40)[::-1]
    with Workspace(root) as ws:
        for image_id, name in zip(found, ["nut", "washer"], strict=False):
            ws.db.write(labels.set_label, ws.user.uid, image_id, name)
    return found


def gallery(app: BinScoutApp) -> GalleryScreen:
    """The gallery on the screen."""
    screen = app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


def text(app: BinScoutApp) -> str:
    """The screen's rows."""
    return "\n".join(screen_text(app))


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not holds():
            await pilot.pause()


async def trashed(app: BinScoutApp) -> set[int]:
    """The images in the trash."""
    found: list[Image] = await app.workspace.db.read(images.page, trashed=True, limit=1000)
    return {image.id for image in found}


async def test_the_grid_shows_all_images_the_newest_first(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert "40 images" in screen_text(app)[1]
        assert "newest first · size M" in screen_text(app)[1]
        assert list(gallery(app).grid.ids) == ids
        assert gallery(app).here == ids[0]
        assert f"#{ids[0]} · nut · picture-39.jpg · 400x300" in text(app)
        await press(pilot, "l", "l")
        assert gallery(app).here == ids[2]
        await press(pilot, "j", "k", "h", "left")
        assert gallery(app).here == ids[0]
        await press(pilot, "end")
        assert gallery(app).here == ids[-1]
        await press(pilot, "home", "n")
        assert gallery(app).here == ids[gallery(app).grid.columns * gallery(app).grid.rows_a_page]
        await press(pilot, "N")
        assert gallery(app).here == ids[0]


async def test_order_and_size_turn_around_the_image_and_are_kept(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l", "l", "o", "plus", "plus")
        assert gallery(first).here == ids[3]
        assert list(gallery(first).grid.ids) == ids[::-1]
        assert "oldest first · size XL" in screen_text(first)[1]
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert gallery(second).here == ids[3]
        assert "oldest first · size XL" in screen_text(second)[1]
        await press(pilot, "plus", "plus")
        assert any("XXL is the largest size." in line for line in told(second))


async def test_enter_shows_an_image_in_full_and_escape_leads_back_to_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "enter")
        await ready(pilot)
        assert gallery(app).full.picture.state == "shown"
        assert f"#{ids[1]} · washer" in screen_text(app)[22]
        assert "2 of 40" in screen_text(app)[22]
        for key in ("n", "l", "right", "down"):
            await press(pilot, key)
            await ready(pilot)
        assert "6 of 40" in screen_text(app)[22]
        for key in ("N", "h"):
            await press(pilot, key)
        await ready(pilot)
        assert "n next" in screen_text(app)[23]
        await press(pilot, "escape")
        assert not gallery(app).is_full
        assert gallery(app).here == ids[3]
        assert "Enter open" in screen_text(app)[23]
        await press(pilot, "enter", "q")
        assert app.current_mode == "gallery"
        await press(pilot, "q")
        assert app.current_mode == "home"


async def test_the_ends_are_told(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter", "N")
        assert any("This is the first image." in line for line in told(app))
        await press(pilot, "end", "n")
        assert any("This is the last image." in line for line in told(app))
        assert gallery(app).here == ids[-1]


async def test_arrows_pan_while_looking_closely(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await ready(pilot)
        picture = gallery(app).full.picture
        await press(pilot, "plus", "plus")
        assert picture.view.zoom > 1
        assert picture.zoom_text in screen_text(app)[22]
        before = picture.view.x
        await press(pilot, "right")
        moved = picture.view.x
        assert moved > before
        await press(pilot, "H")
        assert picture.view.x < moved
        assert gallery(app).here == ids[0]
        await press(pilot, "0", "right")
        assert picture.view.is_whole
        assert gallery(app).here == ids[1]


async def test_a_picture_without_more_pixels_says_so(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(160, 50)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await ready(pilot)
        await press(pilot, "1")
        assert any("fewer pixels than the room it fills" in line for line in told(app))


async def test_kept_crops_are_shown_as_boxes(app: BinScoutApp, root: Path) -> None:
    (set_id,) = add_sets(root, [2])
    with Workspace(root) as ws:
        image = ws.db.read(sets.get, set_id).images[1]
        ws.db.write(sets.choose, ws.user.uid, set_id, image.id, crop=(0.25, 0.25, 0.75, 0.75))
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter", "b")
        await ready(pilot)
        assert [box.x1 for box in gallery(app).full.picture._boxes] == [0.25]
        await press(pilot, "b")
        assert gallery(app).full.picture._boxes == ()
        await press(pilot, "n", "b")
        assert any("This image has no boxes" in line for line in told(app))


async def test_marks_ranges_and_one_undo_for_all_that_went_to_the_trash(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "l", "l", "v")
        assert gallery(app).grid.marks == frozenset(ids[:4])
        await press(pilot, "l", "l", "space")
        assert "5 marked" in screen_text(app)[1]
        await decide(pilot, "d")
        await ready(pilot)
        gone = {*ids[:4], ids[5]}
        assert await trashed(app) == gone
        assert "35 images" in screen_text(app)[1]
        assert "marked" not in screen_text(app)[1]
        assert gallery(app).here == ids[6]
        assert any("5 images are in the trash; z brings them back." in line for line in told(app))
        await decide(pilot, "z")
        await ready(pilot)
        assert await trashed(app) == set()
        assert list(gallery(app).grid.ids) == ids
        assert gallery(app).here in gone
        await decide(pilot, "Z")
        await ready(pilot)
        assert await trashed(app) == gone
        await decide(pilot, "z", "z")
        assert any("There is nothing to undo." in line for line in told(app))


async def test_marks_are_taken_away_with_a_key(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "asterisk")
        assert any("No image is marked" in line for line in told(app))
        await press(pilot, "space", "space", "asterisk")
        assert gallery(app).grid.marks == frozenset()
        await decide(pilot, "d")
        assert await trashed(app) == {ids[2]}


async def test_in_full_only_the_shown_image_goes_to_the_trash(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "enter")
        await decide(pilot, "d")
        await ready(pilot)
        assert await trashed(app) == {ids[1]}
        assert gallery(app).here == ids[2]
        assert "1 marked" in screen_text(app)[22]
        assert "2 of 39" in screen_text(app)[22]
        await decide(pilot, "z")
        await ready(pilot)
        assert await trashed(app) == set()
        assert gallery(app).here == ids[1]
        await decide(pilot, "space")
        await ready(pilot)
        assert gallery(app).grid.marks == {ids[0], ids[1]}


async def test_the_last_image_in_full_may_go_too(app: BinScoutApp, root: Path) -> None:
    add_images(root, 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter", "n")
        await decide(pilot, "d", "d")
        await ready(pilot)
        assert not gallery(app).is_full
        assert "z   brings back" in text(app)
        await press(pilot, "z")
        assert "1 image " in screen_text(app)[1]


async def test_a_held_key_moves_only_what_was_shown_to_the_trash(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []
    early: list[None] = []
    real = GalleryScreen.seen

    def note(screen: GalleryScreen) -> None:
        if not screen.is_seen and screen.is_full:
            seen.append(screen.here)
            assert screen.full.picture.state == "shown"
        real(screen)

    monkeypatch.setattr(GalleryScreen, "seen", note)
    monkeypatch.setattr(GalleryScreen, "came_early", lambda _: early.append(None))
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await ready(pilot)
        for number in range(40):
            app.post_message(events.Key("d", "d"))
            if number % 3:
                await pilot.pause(1 / 30)
        await settle(pilot)
        gone = await trashed(app)
        history = await app.workspace.db.read(journal.history, area="trash")
        order = [entry.target for entry in history][::-1]
        assert order == seen[: len(order)]
        assert set(order) == gone
        assert len(order) + len(early) == 40
        assert len(order) >= 8


async def test_a_key_held_in_the_grid_moves_only_what_was_shown_to_the_trash(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []
    early: list[None] = []
    real = GalleryScreen.seen

    def note(screen: GalleryScreen) -> None:
        if not screen.is_seen:
            seen.append(screen.here)
            assert screen.grid.is_settled
        real(screen)

    monkeypatch.setattr(GalleryScreen, "seen", note)
    monkeypatch.setattr(GalleryScreen, "came_early", lambda _: early.append(None))
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        for number in range(40):
            app.post_message(events.Key("d", "d"))
            if number % 3:
                await pilot.pause(1 / 30)
        await settle(pilot)
        history = await app.workspace.db.read(journal.history, area="trash")
        order = [entry.target for entry in history][::-1]
        assert [image for image in dict.fromkeys(seen) if image in set(order)] == order
        assert set(order) == await trashed(app)
        assert len(order) + len(early) == 40
        assert len(order) >= 8


async def test_a_key_typed_ahead_of_the_next_image_decides_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await ready(pilot)
        app.post_message(events.Key("n", "n"))
        app.post_message(events.Key("d", "d"))
        await settle(pilot)
        await ready(pilot)
        assert await trashed(app) == set()
        assert gallery(app).here == ids[1]
        assert "1 early key not taken" in screen_text(app)[22]


async def test_clicks_and_the_palette_decide_only_on_what_is_on_the_screen(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        for full in (False, True):
            if full:
                await press(pilot, "enter")
                await ready(pilot)
            screen, scope = gallery(app), "full" if full else "gallery"
            screen.waits()
            screen.post_message(FooterBar.Pressed(f"{scope}.trash"))
            await settle(pilot)
            screen.waits()
            await perform(screen, f"{scope}.trash")
            assert await trashed(app) == set()
            assert screen.early == 2
            screen.early = 0
            screen.seen()
            await ready(pilot)
        screen.post_message(FooterBar.Pressed("full.trash"))
        await settle(pilot)
        assert await trashed(app) == {ids[0]}


async def test_no_key_decides_on_an_image_that_others_brought_under_the_cursor(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        pressed = Message().time
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[0]])
        await until(pilot, lambda: gallery(app).here == ids[1])
        await ready(pilot)
        assert not gallery(app).was_seen(pressed)


async def test_only_the_image_that_was_seen_is_decided_on(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen = gallery(app)
        screen.grid.move(columns=1)
        assert not screen.takes_keys, "the screen has not heard of it, but it is another image"
        await settle(pilot)
        await ready(pilot)
        await decide(pilot, "d")
        assert await trashed(app) == {ids[1]}


async def test_without_pictures_keys_decide_on_what_the_captions_say(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root, TerminalGraphics(Protocol.NONE))
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await decide(pilot, "d")
        await ready(pilot)
        assert await trashed(app) == {ids[0]}
        await press(pilot, "enter")
        await decide(pilot, "d")
        assert await trashed(app) == set(ids[:2])


async def test_what_somebody_else_trashed_is_not_claimed(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        desk = gallery(app).desk
        assert desk is not None
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[0], ids[2]])
        # As when the change made elsewhere has not been heard of yet.
        await gallery(app)._trash([ids[0]])
        assert any("picture-39.jpg was in the trash already." in line for line in told(app))
        await gallery(app)._trash([ids[1], ids[2]])
        words = "1 image is in the trash; z brings it back. The others were there already."
        assert any(words in line for line in told(app))


async def test_what_others_change_arrives_and_the_cursor_stays(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l", "space")
        assert gallery(app).here == ids[3]
        new = add_images(root, 3, first=100)[::-1]
        await until(pilot, lambda: "43 images" in screen_text(app)[1])
        assert list(gallery(app).grid.ids) == new + ids
        assert gallery(app).here == ids[3]
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[0], ids[2]])
            other.db.write(labels.set_label, other.user.uid, ids[3], "nut")
        await until(pilot, lambda: "41 images" in screen_text(app)[1] and "nut · picture-36" in text(app))
        assert gallery(app).here == ids[3]
        assert gallery(app).marked == 0
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[3]])
        await until(pilot, lambda: "40 images" in screen_text(app)[1])
        assert gallery(app).here == ids[4]


async def test_an_image_that_goes_while_it_is_shown_in_full_is_told(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await ready(pilot)
        with Workspace(root) as other:
            other.db.write(labels.set_label, other.user.uid, ids[0], "washer")
        await until(pilot, lambda: "washer" in screen_text(app)[22])
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[0]])
        await until(pilot, lambda: gallery(app).here == ids[1])
        await ready(pilot)
        assert any(f"Image {ids[0]} was moved to the trash by somebody." in line for line in told(app))
        assert "1 of 39" in screen_text(app)[22]


async def test_what_changed_while_another_area_was_shown_is_there_afterwards(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "f2")
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[0]])
        await press(pilot, "f8")
        assert "39 images" in screen_text(app)[1]
        assert gallery(app).here == ids[1]


async def test_the_full_view_is_kept_over_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter", "n", "n")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "gallery")
        await ready(pilot)
        assert gallery(second).is_full
        assert "3 of 40" in screen_text(second)[22]
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[2]])
        await until(pilot, lambda: gallery(second).here == ids[3])


async def test_the_app_begins_where_it_was_told_to(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root, opening=Opening("gallery", ids[5], full=True))
    async with app.run_test() as pilot:
        await settle(pilot)
        await ready(pilot)
        assert app.current_mode == "gallery"
        assert "6 of 40" in screen_text(app)[22]
        await press(pilot, "q", "q")
        assert app.current_mode == "home"
    again = BinScoutApp(root, opening=Opening("gallery"))
    async with again.run_test() as pilot:
        await settle(pilot)
        await ready(pilot)
        assert not gallery(again).is_full
        assert gallery(again).here == ids[5]


async def test_an_empty_library_says_what_to_do(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert "binscout import FOLDER" in text(app)
        await press(pilot, "enter", "d", "v", "space", "n", "plus", "o")
        assert "0 images" in screen_text(app)[1]
        assert any("There is no image here yet." in line for line in told(app))


async def test_a_viewer_moves_nothing_to_the_trash(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(users.set_role, ws.user.uid, "viewer")
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await decide(pilot, "d")
        await press(pilot, "enter")
        await decide(pilot, "d", "z")
        assert await trashed(app) == set()
        assert any("needs the role operator" in line for line in told(app))


async def test_deleted_previews_are_made_again_when_somebody_looks_at_the_grid(
    app: BinScoutApp, root: Path, tmp_path: Path
) -> None:
    add_files(root, tmp_path / "files", 3)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await until(pilot, lambda: "▀" in text(app))
        await until(pilot, lambda: "cannot" not in text(app))


async def test_a_deleted_preview_is_made_again_when_somebody_looks(
    app: BinScoutApp, root: Path, tmp_path: Path
) -> None:
    add_files(root, tmp_path / "files", 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "enter")
        await until(pilot, lambda: gallery(app).full.picture.state == "shown")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 50)])
async def test_every_size_has_its_lines(app: BinScoutApp, ids: list[int], size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await open_area(pilot, "gallery")
        assert "40 images" in screen_text(app)[1]
        assert f"#{ids[0]}" in text(app)
        assert "picture-39.jpg" in text(app)
        assert "? help" in screen_text(app)[size[1] - 1]
        await press(pilot, "enter")
        await ready(pilot)
        assert "1 of 40" in screen_text(app)[size[1] - 2]
