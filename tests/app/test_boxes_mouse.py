"""Boxes with the mouse, from the bytes of a terminal to the row in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.crops import CropBox, to_pixels
from binscout_tui.store import box_labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace

from .boxing import screen, shows, stored, written_down
from .deciding import decide, open_area, press, ready
from .driving import settle
from .made_up import SIZE, add_classes, add_images
from .test_crop_mouse import Mouse, on_screen

LARGE, SMALL = (0.25, 0.25, 0.75, 0.75), (0.4, 0.4, 0.6, 0.6)


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Two images of 400x300 pixels, and a class."""
    add_classes(root, ["m3"])
    return add_images(root, 2)


def boxes(app: BinScoutApp) -> list[tuple[int, int, int, int]]:
    """The boxes on the screen in pixels of the original."""
    return [to_pixels(CropBox(*one.box), SIZE) for one in screen(app).edit.boxes]


async def drawing(pilot: Pilot[Any], *, pixels: bool = True) -> Mouse:
    """Go to the first image, with a mouse that is exact."""
    await open_area(pilot, "boxes")
    while screen(pilot.app).view.picture.where() is None:  # type: ignore[arg-type]
        await pilot.pause()
    return Mouse(pilot.app, pixels=pixels)  # type: ignore[arg-type]


async def test_a_drag_draws_a_box_inside_moves_it_and_an_edge_resizes_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        mouse.drag([on_screen(app, 100, 100), on_screen(app, 150, 120), on_screen(app, 200, 160)])
        await settle(pilot)
        assert boxes(app) == [pytest.approx((100, 100, 200, 160), abs=1)]
        mouse.drag([on_screen(app, 150, 130), on_screen(app, 190, 130)])
        await settle(pilot)
        assert boxes(app) == [pytest.approx((140, 100, 240, 160), abs=2)]
        mouse.drag([on_screen(app, 240, 130), on_screen(app, 300, 130)])
        await settle(pilot)
        assert boxes(app) == [pytest.approx((140, 100, 300, 160), abs=3)]
        await decide(pilot, "1", "enter")
        await shows(pilot, ids[1])
        assert len((await stored(app, ids[0])).boxes) == 1
        assert boxes(app) == []


async def test_a_click_chooses_a_box_and_beside_all_of_them_none(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(box_labels.set_boxes, ws.user.uid, ids[0], [LabelBox(box=LARGE), LabelBox(box=SMALL)])
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        await press(pilot, "o", "o")
        await shows(pilot, ids[0])
        for place, active in (((200, 150), 1), ((120, 100), 0), ((380, 20), None), ((200, 150), 1)):
            mouse.drag([on_screen(app, *place)] * 2)
            await settle(pilot)
            assert screen(app).edit.active == active, place
        assert not screen(app).is_draft
        mouse.drag([on_screen(app, 200, 150), on_screen(app, 240, 150)])
        await settle(pilot)
        assert boxes(app)[0] == (100, 75, 300, 225)
        assert boxes(app)[1] == pytest.approx((200, 120, 280, 180), abs=2)


async def test_each_drag_is_one_step_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        mouse.at(0, *on_screen(app, 50, 50))
        for place in (80, 110, 150):
            mouse.at(32, *on_screen(app, place, place))
            await settle(pilot)
        mouse.at(0, *on_screen(app, 150, 150), up=True)
        await settle(pilot)
        for x in (140, 180):
            mouse.drag([on_screen(app, x - 40, 100), on_screen(app, x - 20, 100), on_screen(app, x, 100)])
            await settle(pilot)
        seen = [boxes(app)]
        for _ in range(3):
            await decide(pilot, "z")
            seen.append(boxes(app))
        assert [found[0][0] if found else None for found in seen] == [
            pytest.approx(130, abs=3),
            pytest.approx(90, abs=3),
            pytest.approx(50, abs=2),
            None,
        ]


async def test_a_click_that_trembles_draws_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        column, row = on_screen(app, 100, 100)
        place = int(column) + 0.3, int(row) + 0.3
        mouse.drag([place, (place[0] + 0.2, place[1] + 0.2), place])
        await settle(pilot)
        assert boxes(app) == []


async def test_the_wheel_looks_closely_and_a_drag_there_is_exact(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        view = screen(app).view
        for _ in range(6):
            mouse.at(64, *on_screen(app, 100, 75))
            await settle(pilot)
        while (place := view.picture.where()) is None or place.region[2] > 0.6:
            await pilot.pause()
        mouse.drag([on_screen(app, 90, 70), on_screen(app, 95, 72), on_screen(app, 110, 85)])
        await settle(pilot)
        assert boxes(app) == [pytest.approx((90, 70, 110, 85), abs=1)]
        await press(pilot, "w")
        assert not view.picture.is_zoomed


async def test_a_drag_that_a_key_interrupts_ends_with_its_image(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        mouse.at(0, *on_screen(app, 50, 50))
        mouse.at(32, *on_screen(app, 150, 150))
        await settle(pilot)
        assert len(boxes(app)) == 1
        await decide(pilot, "enter")
        await shows(pilot, ids[1])
        mouse.at(32, *on_screen(app, 250, 250))
        mouse.at(0, *on_screen(app, 250, 250), up=True)
        await settle(pilot)
        await written_down(pilot)
        assert boxes(app) == []
        assert len((await stored(app, ids[0])).boxes) == 1


async def test_who_only_looks_draws_nothing_with_the_mouse(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(box_labels.set_boxes, ws.user.uid, ids[0], [LabelBox(box=LARGE)])
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await drawing(pilot)
        mouse.drag([on_screen(app, 100, 100), on_screen(app, 300, 200)])
        await settle(pilot)
        assert boxes(app) == []
        await ready(pilot)
