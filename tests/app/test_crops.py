"""Several boxes on one image with keys, from the queue to the rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.crops import CropsScreen
from binscout_tui.store import crops, images, items, journal
from binscout_tui.store.crops import Boxed
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_images

MIDDLE = (0.25, 0.25, 0.75, 0.75)
SCREW, WASHER = "M3 screw", "washer"


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Four images that wait for boxes, and two items."""
    found = add_images(root, 4)
    with Workspace(root) as ws:
        for name in (SCREW, WASHER):
            ws.db.write(items.add, ws.user.uid, name)
        ws.db.write(crops.enqueue, ws.user.uid, found)
    return found


def screen(app: BinScoutApp) -> CropsScreen:
    """The screen of the crop queue."""
    assert isinstance(app.screen, CropsScreen)
    return app.screen


def shown(app: BinScoutApp) -> int | None:
    """The image on the screen."""
    found = screen(app).current
    return found.image.id if found else None


async def stored(app: BinScoutApp, image_id: int) -> Boxed:
    """An image with its boxes as they are in the store."""
    return await app.workspace.db.read(crops.get, image_id)


async def names(app: BinScoutApp, image_id: int) -> list[str | None]:
    """The names of the items in the boxes of an image, from top to bottom."""
    found = await stored(app, image_id)
    known = {item.id: item.name for item in await app.workspace.db.read(items.items)}
    return [known.get(drawn.item_id or 0) for drawn in found.boxes]


async def test_boxes_with_items_are_one_decision_that_undo_takes_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "n")
        await press(pilot, "1", "H", "H", "H", "H", "H", "K", "K", "K", "K", "K", "left", "left", "up")
        await press(pilot, "n", "2", "down", "down")
        assert "box 2 of 2, washer" in "\n".join(screen_text(app))
        assert await app.workspace.db.read(journal.history, area="crops") == []
        await press(pilot, "enter")
        await ready(pilot)
        found = await stored(app, ids[0])
        assert (found.task, len(found.boxes), shown(app)) == ("done", 2, ids[1])
        assert await names(app, ids[0]) == [SCREW, WASHER]
        upper, lower = (drawn.box for drawn in found.boxes)
        assert upper == pytest.approx((130 / 400, 115 / 300, 230 / 400, 165 / 300))
        assert lower == pytest.approx((230 / 400, 135 / 300, 330 / 400, 185 / 300))
        assert len(await app.workspace.db.read(journal.history, area="crops")) == 1
        await decide(pilot, "z")
        await settle(pilot)
        assert (shown(app), (await stored(app, ids[0])).boxes, (await stored(app, ids[0])).task) == (
            ids[0],
            (),
            "waiting",
        )
        await decide(pilot, "Z")
        await settle(pilot)
        assert await stored(app, ids[0]) == found


async def test_tab_goes_through_the_boxes_and_d_takes_one_away(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "n")
        await press(pilot, "1", "n", "2", "tab", "x", "tab", "d", "enter")
        await ready(pilot)
        found = await stored(app, ids[0])
        assert [drawn.item_id for drawn in found.boxes] == [None]
        assert found.boxes[0].box == pytest.approx(MIDDLE)


async def test_no_box_is_drawn_by_itself(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        assert "no box yet" in "\n".join(screen_text(app))
        await press(pilot, "d", "tab", "1")
        assert any("There is no box yet" in line for line in told(app))
        await decide(pilot, "enter")
        await ready(pilot)
        assert ((await stored(app, ids[0])).task, (await stored(app, ids[0])).boxes) == ("done", ())
        await decide(pilot, "space")
        await ready(pilot)
        assert (await stored(app, ids[1])).task == "skipped"
        assert "done 1 · skipped 1 · 2 left" in screen_text(app)[1]


async def test_going_on_keeps_the_boxes_and_backspace_drops_them(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "n")
        await press(pilot, "backspace")
        assert not screen(app).has_changes
        await decide(pilot, "n")
        await press(pilot, "l")
        await ready(pilot)
        assert shown(app) == ids[1]
        first = await stored(app, ids[0])
        assert ([drawn.box for drawn in first.boxes], first.task) == ([MIDDLE], "waiting")
        await press(pilot, "h")
        await ready(pilot)
        assert screen(app).view.box is not None
        await press(pilot, "right", "f2")
        await settle(pilot)
        assert [drawn.box for drawn in (await stored(app, ids[0])).boxes] == [pytest.approx((0.275, 0.25, 0.775, 0.75))]


async def test_the_same_image_after_a_restart_whatever_was_added_or_trashed(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "space", "space")
        await ready(pilot)
        assert shown(app) == ids[2]
    with Workspace(root) as ws:
        ws.db.write(images.trash, ws.user.uid, [ids[0]])
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "crops")
        assert shown(again) == ids[2]
        await decide(pilot, "z")
        await settle(pilot)
        assert shown(again) == ids[1]
        await decide(pilot, "z")
        await settle(pilot)
        assert any("in the queue no longer" in line for line in told(again))


async def test_an_item_is_found_or_made_by_name(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "n")
        await press(pilot, "i", *"wash", "enter", "enter")
        assert "box 1 of 1, washer" in "\n".join(screen_text(app))
        await press(pilot, "i", *"clip", "enter", "enter")
        await press(pilot, "enter")
        await ready(pilot)
        assert await names(app, ids[0]) == ["clip"]


async def test_boxes_drawn_by_others_are_taken_over_and_ones_own_are_not_lost(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops")
        with Workspace(root) as other:
            other.db.write(crops.keep, other.user.uid, ids[0], [crops.Drawn(box=MIDDLE)])
        app.session.nudge()
        while not screen(app).has_box:
            await pilot.pause()
        await press(pilot, "right")
        moved = screen(app).view.box
        with Workspace(root) as other:
            other.db.write(crops.keep, other.user.uid, ids[0], [])
        app.session.nudge()
        while screen(app).current is None or screen(app).current.boxes:  # type: ignore[union-attr]
            await pilot.pause()
        assert screen(app).view.box == moved


async def test_an_empty_queue_says_how_to_fill_it(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "crops", empty=True)
        assert "binscout crop queue IMAGE" in "\n".join(screen_text(app))
        await press(pilot, "n", "enter")
        assert any("No image waits for boxes" in line for line in told(app))


async def test_the_footer_names_the_keys_of_the_image_before_those_of_the_box(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(110, 24)) as pilot:
        await open_area(pilot, "crops")
        await decide(pilot, "n")
        await settle(pilot)
        footer = screen_text(app)[23]
        assert "Enter done  n new box  Tab next box  d delete box  i item" in footer
        assert "? help" in footer
