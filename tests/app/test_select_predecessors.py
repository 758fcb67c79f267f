"""What went wrong in the programs that people used before, and cannot happen here; each test names it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.commands import crop, crops, select
from binscout_tui.commands.table import problems
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.store import crops as boxes
from binscout_tui.store import images, journal, sets, suggestions
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import settle, told
from .made_up import add_sets
from .selecting import chosen, shown, stored

BOX = (0.25, 0.25, 0.75, 0.75)


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Six sets of four."""
    return add_sets(root, [4] * 6)


async def test_w1_cropping_b_after_choosing_a_leaves_b_alone_chosen(app: BinScoutApp, ids: list[int]) -> None:
    """Cropping B set B as selected and never cleared A; the first selected one survived, so B was thrown away."""
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1")
        await press(pilot, "h", "right")
        await decide(pilot, "c")
        await press(pilot, "enter")
        found = await stored(app, ids[0])
        assert chosen(found) == 2
        assert found.crop is not None
        rows = await app.workspace.db.read(
            lambda db: db.execute("SELECT image_id FROM crop WHERE set_id = ?", (ids[0],)).fetchall()
        )
        assert [row[0] for row in rows] == [found.images[1].id]


async def test_w2_the_shape_of_a_crop_changes_nothing_of_the_choice(app: BinScoutApp, ids: list[int]) -> None:
    """Two places wrote the selection, so adjusting the aspect turned keep into delete."""
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "3")
        await press(pilot, "h")
        before = await stored(app, ids[0])
        await decide(pilot, "c")
        await press(pilot, "a", "L", "a", "p", "0", "escape")
        assert await stored(app, ids[0]) == before
        assert len(await app.workspace.db.read(journal.history, area="set")) == 1


def test_w3_no_key_of_these_screens_has_two_meanings() -> None:
    """`s` skipped the set and an image, `b` went back and skipped, and the labels said what other keys did."""
    scopes = (select.SCOPE, select.LOOK, crop.SCOPE, crops.SCOPE, crops.BOX)
    assert problems(scopes) == []
    outer = {key for command in crops.SCOPE for key in command.keys}
    assert outer & {key for command in crops.BOX for key in command.keys} == set()


async def test_w4_passing_by_and_ruling_out_delete_nothing(app: BinScoutApp, ids: list[int]) -> None:
    """Skipping trashed the file at once, and then counted the others twice."""
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "o", "space", "x")
        await settle(pilot)
        for set_id in ids[:2]:
            assert all(image.trashed_at is None for image in (await stored(app, set_id)).images)
        assert await app.workspace.db.read(journal.history, area="trash") == []
        assert len((await stored(app, ids[0])).ruled_out) == 1


async def test_w5_an_image_that_does_not_load_has_no_fate(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    """An image that failed to load had no status, and Enter deleted what had none."""
    with Workspace(root) as ws:
        broken = ws.db.read(sets.get, ids[0]).images[1]
        for size in SIZES:
            preview_path(ws.paths.previews, broken.sha256, size).write_bytes(b"no picture")
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "right")
        await decide(pilot, "enter", "2")
        assert (await stored(app, ids[0])).state == "pending"
        assert sum("cannot be kept" in line for line in told(app)) >= 1
        await decide(pilot, "1")
        found = await stored(app, ids[0])
        assert chosen(found) == 1
        assert (await app.workspace.db.read(images.get, broken.id)).trashed_at is None


async def test_w6_what_is_skipped_in_the_crop_queue_is_not_cropped(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    """A key wrote `status`, the submission read `action`: what was marked for deletion was cropped instead."""
    with Workspace(root) as ws:
        found = ws.db.read(sets.get, ids[0]).images
        ws.db.write(boxes.enqueue, ws.user.uid, [image.id for image in found[:2]])
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "space")
        await decide(pilot, "n")
        await press(pilot, "d", "enter")
        await settle(pilot)
        kept = [await app.workspace.db.read(boxes.get, image.id) for image in found[:2]]
        assert [(one.task, one.boxes) for one in kept] == [("skipped", ()), ("done", ())]
        assert all(one.image.trashed_at is None for one in kept)


async def test_w13_resuming_goes_by_the_set_when_others_vanish(root: Path, ids: list[int]) -> None:
    """The place was an index: with finished sets gone, two that nobody had seen were passed over."""
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1", "1")
        await ready(pilot)
        assert shown(app) == ids[2]
    with Workspace(root) as ws:
        ws.db.write(lambda db: [db.execute("DELETE FROM image_set WHERE id = ?", (found,)) for found in ids[:2]])
    add_sets(root, [2])
    again = BinScoutApp(root)
    seen = []
    async with again.run_test() as pilot:
        await open_area(pilot, "select")
        for _ in range(4):
            await ready(pilot)
            seen.append(shown(again))
            await decide(pilot, "1")
        await settle(pilot)
    assert seen == ids[2:]


async def test_w25_a_decision_is_one_row_and_waits_for_no_picture(app: BinScoutApp, ids: list[int]) -> None:
    """Each crop redrew everything and rewrote a file, so that the next image came after one or two seconds."""
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        took = []
        for _ in range(4):
            await ready(pilot)
            before = shown(app)
            start = time.perf_counter()
            await pilot.press("2")
            async with asyncio.timeout(5):
                while shown(app) == before:
                    await asyncio.sleep(0)
            took.append(time.perf_counter() - start)
        assert min(took) < 0.5
        assert len(await app.workspace.db.read(journal.history, area="set")) == 4


async def test_w26_a_suggested_crop_can_be_seen_and_refused(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    """Eight images went to be cropped against the person's intent: refusing the proposal could not be seen."""
    with Workspace(root) as ws:
        members = ws.db.read(sets.get, ids[0]).images
        ws.db.write(suggestions.put, ids[0], "m-1", members[1].id, 0.9, BOX)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "t")
        await decide(pilot, "2")
        found = await stored(app, ids[0])
        assert (chosen(found), found.crop) == (2, None)
        (entry,) = await app.workspace.db.read(journal.history, area="set")
        assert entry.suggested is not None
        assert (entry.suggested["shown"], entry.suggested["taken"]) == (True, False)
        assert entry.after["crop"] is None
