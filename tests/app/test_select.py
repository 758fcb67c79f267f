"""Choosing from sets with keys and mouse, from the screen to the journal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from textual import events

from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.screens.select_lines import status_line
from binscout_tui.store import images, journal, places, sets, users
from binscout_tui.store.images import Image
from binscout_tui.store.sets import ImageSet
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_files, add_sets
from .selecting import chosen, frames, screen, shown, stored


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Sets of three, two, four and nine images."""
    return add_sets(root, [3, 2, 4, 9])


async def test_a_digit_keeps_one_image_and_brings_the_next_set(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        assert "set 1 of 4" in screen_text(app)[1]
        await decide(pilot, "2", "1")
        await ready(pilot)
        assert [chosen(await stored(app, set_id)) for set_id in ids] == [2, 1, None, None]
        assert "set 3 of 4" in screen_text(app)[1]
        assert "kept 2 · skipped 0 · 2 left" in screen_text(app)[1]
        await press(pilot, "h")
        await ready(pilot)
        assert frames(app, "kept") == [1]
        assert "1 kept" in screen_text(app)[2]
        await decide(pilot, "2")
        assert chosen(await stored(app, ids[1])) == 2
        assert shown(app) == ids[2]


async def test_cropping_b_after_choosing_a_leaves_only_b(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1")
        await press(pilot, "h")
        await ready(pilot)
        await press(pilot, "right", "c", "0", "H", "H", "K", "left", "enter")
        found = await stored(app, ids[0])
        assert chosen(found) == 2
        assert found.crop == pytest.approx((0.025, 20 / 600, 0.925, 580 / 600))
        assert shown(app) == ids[1]
        await press(pilot, "h")
        await ready(pilot)
        assert frames(app, "kept") == [2]
        assert "2 kept, cropped" in screen_text(app)[2]
        history = await app.workspace.db.read(journal.history, area="set", target=ids[0])
        assert [entry.after["image"] for entry in history] == [found.images[1].id, found.images[0].id]


async def test_choosing_without_a_crop_drops_the_crop(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c", "enter")
        assert (await stored(app, ids[0])).crop is not None
        await press(pilot, "h")
        await decide(pilot, "3")
        found = await stored(app, ids[0])
        assert (chosen(found), found.crop) == (3, None)


@pytest.mark.parametrize("key", ["escape", "q", "backspace"])
async def test_leaving_the_crop_changes_nothing(app: BinScoutApp, ids: list[int], key: str) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c", "L", "p", "2", "x", "h", key)
        assert app.current_mode == "select"
        assert shown(app) == ids[0]
        assert await app.workspace.db.read(journal.history) == []
        await decide(pilot, "2")
        assert chosen(await stored(app, ids[0])) == 2


async def test_the_crop_of_the_chosen_image_can_be_edited_again(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c", "enter", "h", "c")
        assert "320x240 at 40,30 · of 400x300 px" in "\n".join(screen_text(app))
        await press(pilot, "f", "right", "enter")
        assert (await stored(app, ids[0])).crop == pytest.approx((41 / 400, 0.1, 361 / 400, 0.9))
        await press(pilot, "h", "c", "0", "enter")
        found = await stored(app, ids[0])
        assert (chosen(found), found.crop) == (1, None)


async def test_a_click_marks_and_a_second_one_keeps(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        for number in (1, 3):
            await pilot.click(screen(app).strip.frames[number - 1])
            await settle(pilot)
            assert shown(app) == ids[0]
            assert frames(app, "cursor") == [number]
            assert "click again keeps" in "\n".join(screen_text(app))
        await pilot.click(screen(app).strip.frames[2])
        await settle(pilot)
        assert chosen(await stored(app, ids[0])) == 3
        assert shown(app) == ids[1]


async def test_a_click_then_a_key_elsewhere_asks_for_the_click_again(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await pilot.click(screen(app).strip.frames[0])
        await press(pilot, "right", "left")
        await pilot.click(screen(app).strip.frames[0])
        await settle(pilot)
        assert shown(app) == ids[0]
        await press(pilot, "enter")
        assert chosen(await stored(app, ids[0])) == 1


async def test_skipped_sets_come_back_with_a_key_and_are_told_at_the_end(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "s")
        assert any("No set is skipped." in line for line in told(app))
        await decide(pilot, "space", "1", "space", "1")
        await ready(pilot)
        assert "all decided · s: skipped 2" in screen_text(app)[1]
        await press(pilot, "s")
        await ready(pilot)
        assert shown(app) == ids[0]
        await press(pilot, "s")
        await ready(pilot)
        assert shown(app) == ids[2]
        await decide(pilot, "2")
        assert chosen(await stored(app, ids[2])) == 2


async def test_a_held_undo_takes_back_only_what_was_shown(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1", "1", "1")
        await ready(pilot)
        for _ in range(3):
            app.post_message(events.Key("z", "z"))
        await settle(pilot)
        assert [(await stored(app, set_id)).state for set_id in ids[:3]] == ["done", "done", "pending"]


async def test_four_landscape_pictures_lie_two_by_two(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1", "1")
        await ready(pilot)
        found = [frame.region for frame in screen(app).strip.frames[:4]]
        assert (len({region.x for region in found}), len({region.y for region in found})) == (2, 2)
        await press(pilot, "down")
        assert frames(app, "cursor") == [3]
        await pilot.resize_terminal(200, 24)
        await settle(pilot)
        assert len({frame.region.y for frame in screen(app).strip.frames[:4]}) == 1


async def test_neither_the_title_of_a_frame_nor_the_name_of_the_set_is_cut(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "l", "l", "l")
        await ready(pilot)
        await press(pilot, "c", "enter", "l", "l", "l")
        await ready(pilot)
        assert "▸ 1 kept ═" in screen_text(app)[2]
        assert "…" not in "\n".join(screen_text(app)[1:])


def test_the_counts_give_way_before_the_name_does() -> None:
    members = [cast(Image, SimpleNamespace(id=number)) for number in (1, 2, 3, 4)]
    found = ImageSet(
        id=3, key="", name="derived_burst_035", kind="", state="done", chosen_image_id=2, note="",
        crop=(0.1, 0.1, 0.9, 0.9), images=members,
    )  # fmt: skip
    counts = {"pending": 1000, "done": 200, "skipped": 30, "rejected": 4}
    wide = status_line(found, 203, 1234, counts, 0, 150).plain
    assert wide.endswith("kept 200 · skipped 30 · rejected 4 · 1000 left")
    narrow = status_line(found, 203, 1234, counts, 0, 78).plain
    assert narrow.startswith("set 203 of 1234 · kept 2, cropped · 4 images · derived_burst_035  ")
    assert narrow.endswith("1000 left")
    assert len(narrow) == 78


async def test_arrows_move_the_new_crop_and_say_when_they_cannot(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c")
        assert "crop of 1: 320x240 at 40,30 · of 400x300 px · step 10" in "\n".join(screen_text(app))
        await press(pilot, "left")
        assert "320x240 at 30,30" in "\n".join(screen_text(app))
        await press(pilot, "0", "right")
        assert "no further · 400x300 at 0,0 · whole picture: H K make it smaller" in "\n".join(screen_text(app))


@pytest.mark.parametrize("width", [60, 80, 160])
async def test_the_footer_names_the_keys_of_the_crop_and_its_words_are_not_cut(
    app: BinScoutApp, ids: list[int], width: int
) -> None:
    async with app.run_test(size=(width, 24)) as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c", "a")
        await settle(pilot)
        footer, words = screen_text(app)[23], screen_text(app)[22]
        assert "Enter keep  ←↓↑→ move  HJKL size  ⌫ leave" in footer
        assert "320x240 at 40,30 · shape locked" in words
        assert words.endswith(" ")
        if width >= 80:
            assert "p preset" in footer
            assert "a lock" in footer


async def test_reject_and_skip_are_states_of_their_own(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1", "x", "space")
        await ready(pilot)
        assert [(await stored(app, set_id)).state for set_id in ids] == ["done", "rejected", "skipped", "pending"]
        assert "kept 1 · skipped 1 · rejected 1 · 1 left" in screen_text(app)[1]
        await press(pilot, "h", "h", "h")
        await ready(pilot)
        await decide(pilot, "x")
        found = await stored(app, ids[0])
        assert (found.state, found.chosen_image_id) == ("rejected", None)


async def test_undo_and_redo_show_the_set_they_changed_across_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1", "x", "2")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "select")
        assert shown(second) == ids[3]
        await decide(pilot, "z")
        await settle(pilot)
        assert (shown(second), (await stored(second, ids[2])).state) == (ids[2], "pending")
        await decide(pilot, "z")
        await settle(pilot)
        assert (shown(second), (await stored(second, ids[1])).state) == (ids[1], "pending")
        await decide(pilot, "Z")
        await settle(pilot)
        assert (shown(second), (await stored(second, ids[1])).state) == (ids[1], "rejected")
        assert "all rejected" in screen_text(second)[1]
        await decide(pilot, "z", "z", "z")
        await settle(pilot)
        assert any("There is nothing to undo." in line for line in told(second))
        assert [(await stored(second, set_id)).state for set_id in ids] == ["pending"] * 4


async def test_an_undo_that_somebody_overtook_is_said(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1")
        with Workspace(root) as other:
            bea = other.db.write(users.sign_in, other.user.uid + 1, "bea")
            members = other.db.read(sets.get, ids[0]).images
            other.db.write(sets.choose, bea.uid, ids[0], members[2].id)
        await decide(pilot, "z")
        await settle(pilot)
        assert chosen(await stored(app, ids[0])) == 3
        assert shown(app) == ids[0]
        assert any("was changed since by somebody" in line for line in told(app))


async def test_the_same_set_after_a_restart_even_when_sets_were_added(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "l", "l")
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "select")
        assert shown(again) == ids[2]
        await decide(pilot, "4")
    with Workspace(root) as ws:
        assert ws.db.read(places.get, ws.user.uid, "select")["set"] == ids[3]
        assert chosen(ws.db.read(sets.get, ids[2])) == 4


async def test_a_damaged_or_missing_image_cannot_be_kept(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        members = ws.db.read(sets.get, ids[0]).images
        for size in SIZES:
            preview_path(ws.paths.previews, members[0].sha256, size).write_bytes(b"no picture")
        ws.db.write(images.set_health, members[1].id, "missing")
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        text = "\n".join(screen_text(app))
        assert "✗ this picture" in text
        assert "its file is missing" in text
        await decide(pilot, "1", "2", "enter", "c")
        await pilot.click(screen(app).strip.frames[1])
        await settle(pilot)
        assert (await stored(app, ids[0])).state == "pending"
        assert not screen(app).is_cropping
        assert sum("cannot be kept" in line for line in told(app)) >= 3
        await decide(pilot, "3")
        assert chosen(await stored(app, ids[0])) == 3


async def test_a_deleted_preview_is_made_again(root: Path, app: BinScoutApp, tmp_path: Path) -> None:
    members = add_files(root, tmp_path / "photos", 2)
    with Workspace(root) as ws:
        set_id, _ = ws.db.write(sets.add, name="photos", kind="folder", image_ids=members)
    async with app.run_test() as pilot:
        await open_area(pilot, "select", empty=True)
        async with asyncio.timeout(20):
            while any(frame.picture.state != "shown" for frame in screen(app).strip.frames[:2]):
                await pilot.pause()
        await decide(pilot, "2")
        assert chosen(await stored(app, set_id)) == 2


async def test_a_number_without_an_image_is_said(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "7")
        assert any("there is no 7" in line for line in told(app))
        assert (await stored(app, ids[0])).state == "pending"


async def test_a_key_pressed_before_the_set_was_there_keeps_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        for key in "12":
            app.post_message(events.Key(key, key))
        await settle(pilot)
        await ready(pilot)
        assert [chosen(await stored(app, set_id)) for set_id in ids] == [1, None, None, None]
        assert "1 early key not taken" in screen_text(app)[1]


async def test_the_last_set_stays_and_says_that_all_is_decided(app: BinScoutApp, root: Path) -> None:
    (only,) = add_sets(root, [2])
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "2")
        await ready(pilot)
        assert (shown(app), frames(app, "kept")) == (only, [2])
        assert "all decided" in screen_text(app)[1]


async def test_a_click_elsewhere_keeps_the_crop_open(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c")
        await pilot.click("#select-status")
        await settle(pilot)
        await press(pilot, "enter")
        found = await stored(app, ids[0])
        assert chosen(found) == 1
        assert found.crop == pytest.approx((0.1, 0.1, 0.9, 0.9))


async def test_nine_images_lie_in_two_rows(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "h", "l", "l", "l")
        await ready(pilot)
        found = [frame.region for frame in screen(app).strip.frames]
        assert len({region.y for region in found}) == 2
        assert [region.y for region in found].count(found[0].y) == 5
        await press(pilot, "right", "down")
        assert frames(app, "cursor") == [7]
        await decide(pilot, "enter")
        assert chosen(await stored(app, ids[3])) == 7


async def test_what_others_chose_is_taken_over_without_moving(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        with Workspace(root) as other:
            for set_id in ids[:2]:
                first = other.db.read(sets.get, set_id).images[0]
                other.db.write(sets.choose, other.user.uid, set_id, first.id)
        app.session.nudge()
        while frames(app, "kept") != [1]:
            await pilot.pause()
        assert shown(app) == ids[0]
        assert "kept 2" in screen_text(app)[1]
        await decide(pilot, "2")
        assert shown(app) == ids[2]


async def test_without_sets_it_says_how_to_make_some(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select", empty=True)
        assert "G makes sets of the images that are in none" in "\n".join(screen_text(app))
        await press(pilot, "1")
        assert any("There is no set yet" in line for line in told(app))
