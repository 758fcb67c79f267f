"""Resetting, ruling out, notes, filters and the crop queue, from the keys to the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import crops, images, journal, sets
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_images, add_sets
from .selecting import chosen, frames, screen, shown, stored


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Four sets."""
    return add_sets(root, [3, 2, 3, 2])


@pytest.mark.parametrize("key", ["R", "backspace"])
async def test_reset_takes_the_set_back_to_undecided(app: BinScoutApp, ids: list[int], key: str) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, key)
        assert any("Nothing is decided here yet." in line for line in told(app))
        await decide(pilot, "o", "3")
        await press(pilot, "h")
        await decide(pilot, key)
        await ready(pilot)
        found = await stored(app, ids[0])
        assert (shown(app), found.state, found.ruled_out) == (ids[0], "pending", ())
        assert "4 left" in screen_text(app)[1]
        await decide(pilot, "z")
        await settle(pilot)
        found = await stored(app, ids[0])
        assert (chosen(found), len(found.ruled_out)) == (3, 1)


async def test_ruling_out_dims_and_says_the_word_and_decides_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "right")
        await decide(pilot, "o")
        await ready(pilot)
        assert (frames(app, "out"), frames(app, "cursor")) == ([2], [2])
        assert "▸ 2 out" in screen_text(app)[2] + screen_text(app)[12]
        found = await stored(app, ids[0])
        assert (found.state, found.ruled_out) == ("pending", (found.images[1].id,))
        assert (await app.workspace.db.read(images.get, found.images[1].id)).trashed_at is None
        await app.screen.action_command("select.rule_out", "3")  # type: ignore[attr-defined]
        await ready(pilot)
        assert frames(app, "out") == [2, 3]
        await decide(pilot, "o")
        await ready(pilot)
        assert frames(app, "out") == [3]
        await decide(pilot, "3")
        found = await stored(app, ids[0])
        assert (chosen(found), found.ruled_out) == (3, ())
        await press(pilot, "h", "right", "right")
        await decide(pilot, "o")
        assert any("Image 3 is kept, so it is not ruled out" in line for line in told(app))
        assert chosen(await stored(app, ids[0])) == 3


async def test_a_note_is_written_shown_undone_and_removed(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "e")
        await settle(pilot)
        await press(pilot, *"bent", "space", *"pin", "enter")
        assert (await stored(app, ids[0])).note == "bent pin"
        assert "✎ bent pin" in screen_text(app)[1]
        assert shown(app) == ids[0]
        await decide(pilot, "2", "z", "z")
        await settle(pilot)
        assert (shown(app), (await stored(app, ids[0])).note) == (ids[0], "")
        await decide(pilot, "Z", "e")
        await settle(pilot)
        await press(pilot, *["backspace"] * 8, "enter")
        assert (await stored(app, ids[0])).note == ""
        assert (await stored(app, ids[0])).state == "pending"


async def test_filters_go_through_one_state_and_stay_across_a_restart(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1", "space", "space")
        await ready(pilot)
        await press(pilot, "f")
        await ready(pilot)
        assert "undecided set 1 of 1" in screen_text(app)[1]
        await press(pilot, "f")
        await ready(pilot)
        assert (shown(app), "kept set 1 of 1" in screen_text(app)[1]) == (ids[0], True)
        await press(pilot, "f")
        await ready(pilot)
        assert (shown(app), "skipped set 1 of 2" in screen_text(app)[1]) == (ids[1], True)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "select")
        assert (shown(again), "skipped set 1 of 2" in screen_text(again)[1]) == (ids[1], True)
        await decide(pilot, "2")
        await ready(pilot)
        assert (shown(again), "skipped set 1 of 1" in screen_text(again)[1]) == (ids[2], True)
        await press(pilot, "l")
        assert shown(again) == ids[2]
        await press(pilot, "f")
        await ready(pilot)
        assert "set 3 of 4" in screen_text(again)[1]


async def test_k_puts_the_kept_image_or_the_marked_one_into_the_crop_queue(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "right")
        await decide(pilot, "k", "3")
        await press(pilot, "h")
        await decide(pilot, "k")
        await ready(pilot)
        members = (await stored(app, ids[0])).images
        assert await app.workspace.db.read(crops.queue, "waiting") == [members[1].id, members[2].id]
        assert shown(app) == ids[0]
        await decide(pilot, "z")
        await settle(pilot)
        assert await app.workspace.db.read(crops.queue) == [members[1].id]
        assert (shown(app), chosen(await stored(app, ids[0]))) == (ids[0], 3)


async def test_the_gallerys_marked_images_go_to_the_crop_queue(root: Path, app: BinScoutApp) -> None:
    found = add_images(root, 4)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery", empty=True)
        await ready(pilot)
        await press(pilot, "space")
        await ready(pilot)
        await press(pilot, "space")
        await decide(pilot, "C")
        await settle(pilot)
        assert await app.workspace.db.read(crops.queue, "waiting") == found[2:]
        assert any("2 images wait in the crop queue now" in line for line in told(app))


async def test_a_set_of_which_one_is_left_can_still_be_decided(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        members = ws.db.read(sets.get, ids[0]).images
        ws.db.write(images.trash, ws.user.uid, [members[0].id])
        ws.db.write(images.set_health, members[1].id, "missing")
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        text = "\n".join(screen_text(app))
        assert "in the trash" in text
        assert "its file is missing" in text
        await decide(pilot, "1", "2", "enter", "k")
        assert (await stored(app, ids[0])).state == "pending"
        assert await app.workspace.db.read(crops.queue) == []
        await decide(pilot, "3")
        assert chosen(await stored(app, ids[0])) == 3


async def test_a_set_that_vanished_is_gone_from_the_desk_and_its_undo_says_so(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1")
        await ready(pilot)
        assert shown(app) == ids[1]
        with Workspace(root) as other:
            other.db.write(lambda db: [db.execute("DELETE FROM image_set WHERE id = ?", (found,)) for found in ids[:2]])
        await decide(pilot, "1")
        assert any("There is no set" in line for line in told(app))
        await app.screen.resume()  # type: ignore[attr-defined]
        await ready(pilot)
        assert (shown(app), "set 1 of 2" in screen_text(app)[1]) == (ids[2], True)
        await decide(pilot, "z")
        await settle(pilot)
        assert any("changed since by somebody" in line for line in told(app))
        assert shown(app) == ids[2]


async def test_the_set_is_found_again_by_its_members(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "l", "l")
        await ready(pilot)
        assert shown(app) == ids[2]
    with Workspace(root) as ws:
        members = [image.id for image in ws.db.read(sets.get, ids[2]).images]
        ws.db.write(lambda db: db.execute("DELETE FROM image_set WHERE id = ?", (ids[2],)))
        again_id, _ = ws.db.write(sets.add, name="again", kind="folder", image_ids=members)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "select")
        assert shown(again) == again_id


async def test_the_history_says_what_each_key_did(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "o", "2", "x", "space", "z")
        await settle(pilot)
        actions = [entry.action for entry in await app.workspace.db.read(journal.history, area="set")]
        assert actions == ["undo", "skipped", "rejected", "choose", "rule_out"]
        assert screen(app).early == 0
