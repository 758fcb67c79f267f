"""Boxes with classes, drawn by keys alone: drafts, decisions, three states, undo."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import box_labels, classes, journal, labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace

from .boxing import MIDDLE, drafted, names, screen, shown, shows, status, stored, written_down
from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Four images of 400x300 pixels, and two classes with the keys 1 and 2."""
    add_classes(root, ["m3", "washer"])
    return add_images(root, 4)


async def test_boxes_with_classes_are_one_decision_that_undo_takes_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        assert "not looked at yet · 0 boxes" in status(app)
        await decide(pilot, "n", "1")
        await press(pilot, *"HHHHH", *"KKKKK", "left", "left", "up")
        await press(pilot, "a", "2", "down", "down", "f", "right")
        assert "2 of 2, washer: 100x50 at 231,135" in "\n".join(screen_text(app))
        assert await app.workspace.db.read(journal.history, area="boxes") == []
        await decide(pilot, "enter")
        await shows(pilot, ids[1])
        found = await stored(app, ids[0])
        assert (found.state, await names(app, ids[0])) == ("boxes", ["m3", "washer"])
        assert found.boxes[0].box == pytest.approx((130 / 400, 115 / 300, 230 / 400, 165 / 300))
        assert found.boxes[1].box == pytest.approx((231 / 400, 135 / 300, 331 / 400, 185 / 300))
        assert len(await app.workspace.db.read(journal.history, area="boxes")) == 1
        await decide(pilot, "z")
        await shows(pilot, ids[0])
        assert (await stored(app, ids[0])).state is None
        await decide(pilot, "Z")
        await settle(pilot)
        assert await stored(app, ids[0]) == found


async def test_steps_are_taken_back_before_decisions_are(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "0")
        await shows(pilot, ids[1])
        await decide(pilot, "n", "2", "d")
        assert screen(app).boxes_drawn == 0
        await press(pilot, "z")
        assert [one.class_id for one in screen(app).edit.boxes] == [2]
        await press(pilot, "z", "z")
        assert (screen(app).boxes_drawn, shown(app)) == (0, ids[1])
        await press(pilot, "Z")
        assert screen(app).boxes_drawn == 1
        await press(pilot, "z", "z")
        await shows(pilot, ids[0])
        assert (await stored(app, ids[0])).state is None


async def test_empty_and_skipped_and_not_looked_at_are_three_states(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "enter")
        assert any("No box is drawn: 0 says" in line for line in told(app))
        assert (await stored(app, ids[0])).state is None
        await decide(pilot, "n", "0")
        assert any("There is a box on the picture" in line for line in told(app))
        assert (await stored(app, ids[0])).state is None
        await decide(pilot, "d", "0")
        await shows(pilot, ids[1])
        await decide(pilot, "space")
        await shows(pilot, ids[2])
        assert [(await stored(app, image)).state for image in ids[:3]] == ["empty", "skipped", None]
        assert "not looked at · 2 left" in status(app)
        await press(pilot, "o")
        await shows(pilot, ids[1])
        assert status(app).split("·")[0].strip() == "skipped"
        await press(pilot, "o")
        await shows(pilot, ids[0])
        assert status(app).split("·")[0].strip() == "nothing there"


async def test_kept_boxes_are_not_skipped_away(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "enter")
        await shows(pilot, ids[1])
        await press(pilot, "h")
        await shows(pilot, ids[0])
        await decide(pilot, "space")
        assert any("The boxes of this image are kept" in line for line in told(app))
        assert (await stored(app, ids[0])).state == "boxes"
        assert shown(app) == ids[0]


async def test_a_draft_outlives_leaving_the_image_the_area_and_the_program(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "1", "right")
        await written_down(pilot)
        assert "draft" in status(app)
        await press(pilot, "l")
        await shows(pilot, ids[1])
        assert screen(app).boxes_drawn == 0, "what is drawn stays with its image"
        await press(pilot, "h")
        await shows(pilot, ids[0])
        assert "draft · 1 box" in status(app)
        await press(pilot, "f2")
        await settle(pilot)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "boxes")
        assert (shown(again), screen(again).boxes_drawn) == (ids[0], 1)
        assert await drafted(again, ids[0]) == [pytest.approx((0.275, 0.25, 0.775, 0.75))]
        assert (await stored(again, ids[0])).state is None
        await decide(pilot, "z")
        await written_down(pilot)
        assert (screen(again).boxes_drawn, await drafted(again, ids[0])) == (0, [])
        await decide(pilot, "Z", "enter")
        await shows(pilot, ids[1])
        assert await names(again, ids[0]) == ["m3"]
        assert await drafted(again, ids[0]) == []


async def test_backspace_takes_the_kept_boxes_and_undo_the_draft(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "n", "backspace")
        await written_down(pilot)
        assert (screen(app).boxes_drawn, await drafted(app, ids[0])) == (0, [])
        await decide(pilot, "z")
        assert screen(app).boxes_drawn == 2


async def test_a_class_is_found_or_made_by_name(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "slash")
        await settle(pilot)
        await press(pilot, *"wash", "enter", "enter")
        await settle(pilot)
        assert "1 of 1, washer" in "\n".join(screen_text(app))
        await decide(pilot, "slash")
        await settle(pilot)
        await press(pilot, *"clip", "enter", "enter")
        await settle(pilot)
        assert "1 of 1, clip" in "\n".join(screen_text(app))
        await decide(pilot, "9")
        assert any("No class has the key 9" in line for line in told(app))
        await decide(pilot, "x", "enter")
        await shows(pilot, ids[1])
        assert await names(app, ids[0]) == [None]


async def test_more_than_nine_classes_have_letters_that_are_no_commands(root: Path) -> None:
    (image,) = add_images(root, 1)
    add_classes(root, [f"class-{number}" for number in range(12)])
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        key = next(key for key, item in screen(app).keys.items() if item.name == "class-11")
        assert key not in "nadhlcozuqefvw"
        await decide(pilot, "n", key, "enter")
        await settle(pilot)
        assert await names(app, image) == ["class-11"]


async def test_names_stand_at_the_boxes(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "1", "tab")
        await press(pilot, "left", "a", "2")
        while "▸washer" not in (text := "\n".join(screen_text(app)[2:20])):
            await pilot.pause()
        assert "m3" in text


async def test_a_look_from_near_follows_the_box_and_keys_move_what_is_seen(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n")
        await press(pilot, *"HHH", *"KKK", *["left"] * 8)
        await press(pilot, "plus", "plus", "plus", "plus")
        view = screen(app).view
        first = view.picture.view
        assert view.picture.is_zoomed
        assert first.x < 0.4
        await press(pilot, *["right"] * 9)
        assert (before := view.picture.view.x) > first.x
        box = screen(app).edit.boxes[0]
        await press(pilot, "v", "left", "left")
        assert screen(app).edit.boxes[0] == box
        assert view.picture.view.x < before
        await press(pilot, "escape", "w")
        assert not view.picture.is_zoomed
        assert shown(app) == ids[0]


async def test_a_filter_is_gone_over_and_said(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await press(pilot, "F", *f"id>{ids[1]} widt<2", "enter")
        while not any("Did you mean width" in line for line in screen_text(app)):
            await pilot.pause()
        await press(pilot, "ctrl+u", *f"id>{ids[1]}", "enter")
        await shows(pilot, ids[2])
        assert f"not looked at · id>{ids[1]}" in status(app)
        await decide(pilot, "0", "0")
        await settle(pilot)
        assert shown(app) is None
        assert "changes the filter" in "\n".join(screen_text(app))
        assert (await stored(app, ids[0])).state is None


async def test_boxes_kept_by_others_are_taken_over_and_ones_own_draft_is_not_lost(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        with Workspace(root) as other:
            drawn = [LabelBox(box=(0.1, 0.1, 0.2, 0.2))]
            other.db.write(box_labels.set_boxes, other.user.uid, ids[0], drawn)
        app.session.nudge()
        while not screen(app).boxes_drawn:
            await pilot.pause()
        await decide(pilot, "right")
        moved = screen(app).edit.boxes
        with Workspace(root) as other:
            other.db.write(box_labels.set_boxes, other.user.uid, ids[0], [])
        app.session.nudge()
        while screen(app).has_kept_boxes:
            await pilot.pause()
        assert screen(app).edit.boxes == moved
        assert "draft" in status(app)


async def test_a_viewer_looks_and_draws_nothing(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "0", "space")
        assert any("needs the role operator" in line for line in told(app))
        assert screen(app).boxes_drawn == 0
        assert (await stored(app, ids[0])).state is None


async def test_an_empty_workspace_and_an_end_of_the_queue_say_what_to_press(root: Path) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes", empty=True)
        assert "binscout import FOLDER" in "\n".join(screen_text(app))
        await press(pilot, "n", "enter")
        assert any("There is no image to draw on here" in line for line in told(app))
        (image,) = add_images(root, 1)
        app.session.nudge()
        await shows(pilot, image)
        await decide(pilot, "0")
        await settle(pilot)
        assert "1 with nothing" in "\n".join(screen_text(app))
        await press(pilot, "h")
        await shows(pilot, image)


async def test_an_archived_class_stays_on_kept_boxes_and_is_not_given_to_new_ones(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        m3 = ws.db.read(labels.find_class, "m3").id
        ws.db.write(box_labels.set_boxes, ws.user.uid, ids[0], [LabelBox(box=(0.1, 0.1, 0.5, 0.5), class_id=m3)])
        ws.db.write(classes.archive, ws.user.uid, m3)
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await press(pilot, "o", "o")
        await shows(pilot, ids[0])
        assert "m3 (archived)" in "\n".join(screen_text(app))
        await decide(pilot, "right", "enter")
        await shows(pilot, ids[1])
        assert [one.class_id for one in (await stored(app, ids[0])).boxes] == [m3]
        assert (await stored(app, ids[0])).boxes[0].box == pytest.approx((0.125, 0.1, 0.525, 0.5))


async def test_a_new_box_lies_in_the_middle_of_what_is_seen(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n")
        assert screen(app).edit.boxes[0].box == MIDDLE
        await press(pilot, "d", "plus", "plus", "plus", "plus", "v", "right", "right", "right", "right", "n")
        await ready(pilot)
        left, _, right, _ = screen(app).edit.boxes[0].box
        assert left > 0.5
        assert right <= 1
