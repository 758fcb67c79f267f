"""Cropping with the mouse, from the bytes of a terminal to the row in the store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.crops import to_pixels
from binscout_tui.screens.select import SelectScreen
from binscout_tui.store import journal, sets
from binscout_tui.widgets.crop_view import CropView
from binscout_tui.workspace import Workspace

from .deciding import open_area, press, ready
from .driving import screen_text, settle
from .made_up import SIZE, add_sets

PRESS, DRAG, MOVE = 0, 32, 35
CELL = (10, 20)
"""Pixels of a cell of the terminal that reports its mouse in pixels."""


class Mouse:
    """A mouse that speaks as terminals do, in cells or in pixels."""

    def __init__(self, app: BinScoutApp, *, pixels: bool = False) -> None:
        self.app = app
        self.pixels = pixels
        self.parser = XTermParser()
        if pixels:
            width, height = app.size
            self.parser.mouse_pixels = True
            self.parser.terminal_size = (width, height)
            self.parser.terminal_pixel_size = (width * CELL[0], height * CELL[1])

    def at(self, code: int, x: float, y: float, *, up: bool = False) -> None:
        """Something happens at a place in cells of the screen."""
        place = (x * CELL[0], y * CELL[1]) if self.pixels else (x, y)
        for event in self.parser.feed(f"\x1b[<{code};{int(place[0]) + 1};{int(place[1]) + 1}{'m' if up else 'M'}"):
            self.app.screen._forward_event(event)

    def drag(self, way: Iterable[tuple[float, float]]) -> None:
        """Press at the first place, go to the others, let go at the last one."""
        first, *rest = way
        self.at(PRESS, *first)
        for place in rest:
            self.at(DRAG, *place)
        self.at(PRESS, *rest[-1], up=True)


@pytest.fixture
def set_id(root: Path) -> int:
    """A set of two images of 400x300 pixels."""
    return add_sets(root, [2, 2])[0]


def view(app: BinScoutApp) -> CropView:
    """The view in which one crops."""
    return app.screen.query_one(CropView)


def box(app: BinScoutApp) -> tuple[int, int, int, int]:
    """The box in pixels of the original."""
    edit = view(app).edit_state
    assert edit is not None
    return to_pixels(edit.box, edit.size)


def on_screen(app: BinScoutApp, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the original is on the screen, in cells."""
    picture = view(app).picture
    place = picture.where()
    assert place is not None
    found = place.cells_of(x / SIZE[0], y / SIZE[1])
    assert found is not None
    return picture.content_region.x + found[0], picture.content_region.y + found[1]


async def cropping(pilot) -> Mouse:  # type: ignore[no-untyped-def]
    """Open the crop of the first image; its box is the middle of the picture."""
    await open_area(pilot, "select")
    await press(pilot, "c")
    while view(pilot.app).picture.where() is None:
        await pilot.pause()
    assert box(pilot.app) == (40, 30, 360, 270)
    return Mouse(pilot.app)


async def test_a_drag_draws_a_box_that_enter_keeps(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        corner, end = on_screen(app, 2, 2), on_screen(app, 200, 150)
        mouse.drag([corner, (corner[0] + 3, corner[1] + 1), end])
        await settle(pilot)
        left, top, right, bottom = box(app)
        # A cell is about seven pixels wide and fourteen high here.
        assert (left, top) == (0, 0)
        assert (right, bottom) == pytest.approx((200, 150), abs=15)
        assert f"crop of 1: {right}x{bottom} at 0,0" in "\n".join(screen_text(app))
        await press(pilot, "enter")
        found = await app.workspace.db.read(sets.get, set_id)
        assert found.crop == pytest.approx((0, 0, right / 400, bottom / 300))
        assert found.chosen_image_id == found.images[0].id


async def test_inside_moves_and_an_edge_resizes(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        await press(pilot, "H")
        assert box(app) == (50, 30, 350, 270)
        start = on_screen(app, 200, 150)
        mouse.drag([start, (start[0] + 2, start[1] - 1)])
        await settle(pilot)
        left, top, right, bottom = box(app)
        assert (right - left, bottom - top) == (300, 240)
        assert left > 50
        assert top < 30
        edge = on_screen(app, right, 150)
        mouse.drag([edge, (edge[0] - 10, edge[1])])
        await settle(pilot)
        narrower = box(app)
        assert (narrower[0], narrower[1], narrower[3]) == (left, top, bottom)
        assert narrower[2] < right - 40


async def test_a_locked_shape_is_kept(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        await press(pilot, "A")
        assert "shape locked 1:1" in "\n".join(screen_text(app))
        left, top, right, bottom = box(app)
        corner = on_screen(app, right, bottom)
        mouse.drag([corner, (corner[0] - 8, corner[1] - 1)])
        await settle(pilot)
        smaller = box(app)
        assert smaller[:2] == (left, top)
        assert smaller[2] - smaller[0] == smaller[3] - smaller[1] < right - left


async def test_the_end_of_a_drag_is_seen_anywhere_and_even_when_it_was_missed(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        await press(pilot, "H")
        mouse.at(PRESS, *on_screen(app, 200, 150))
        await settle(pilot)
        mouse.at(DRAG, 0, 0)
        mouse.at(PRESS, 0, 0, up=True)
        mouse.at(DRAG, 40, 12)
        await settle(pilot)
        assert app.mouse_captured is None
        assert box(app)[:2] == (0, 0)
        mouse.at(PRESS, *on_screen(app, 100, 100))
        mouse.at(DRAG, *on_screen(app, 140, 130))
        await settle(pilot)
        moved = box(app)
        mouse.at(MOVE, *on_screen(app, 300, 250))
        mouse.at(DRAG, *on_screen(app, 380, 290))
        await settle(pilot)
        assert box(app) == moved
        assert app.mouse_captured is None


@pytest.mark.parametrize("key", ["escape", "q", "backspace"])
async def test_leaving_in_the_middle_of_a_drag_changes_nothing(app: BinScoutApp, set_id: int, key: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        mouse.at(PRESS, *on_screen(app, 2, 2))
        mouse.at(DRAG, *on_screen(app, 100, 100))
        await press(pilot, key)
        await settle(pilot)
        assert app.mouse_captured is None
        assert isinstance(app.screen, SelectScreen)
        assert not app.screen.is_cropping
        mouse.at(DRAG, 30, 10)
        mouse.at(PRESS, 30, 10, up=True)
        await settle(pilot)
        found = await app.workspace.db.read(sets.get, set_id)
        assert (found.state, found.chosen_image_id, found.crop) == ("pending", None, None)
        assert await app.workspace.db.read(journal.history) == []


async def test_a_key_during_a_drag_ends_it_and_counts(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        mouse.at(PRESS, *on_screen(app, 2, 2))
        mouse.at(DRAG, *on_screen(app, 100, 100))
        await press(pilot, "0")
        mouse.at(DRAG, *on_screen(app, 150, 150))
        await settle(pilot)
        assert box(app) == (0, 0, 400, 300)


async def test_the_wheel_grows_and_a_click_changes_nothing(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        mouse = await cropping(pilot)
        mouse.drag([on_screen(app, 5, 5)] * 2)
        await settle(pilot)
        assert box(app) == (40, 30, 360, 270)
        place = on_screen(app, 200, 150)
        mouse.at(65, *place)
        await settle(pilot)
        assert "crop of 1: 300x225 at 50,38" in "\n".join(screen_text(app))
        mouse.at(64, *place)
        await settle(pilot)
        assert "crop of 1: 320x240 at 40,3" in "\n".join(screen_text(app))


async def test_a_terminal_that_reports_pixels_gives_pixels(app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await cropping(pilot)
        mouse = Mouse(app, pixels=True)
        start, end = on_screen(app, 105, 60), on_screen(app, 223, 137)
        mouse.drag([start, end])
        await settle(pilot)
        # The screen shows three of four pixels of the original.
        assert box(app) == pytest.approx((105, 60, 223, 137), abs=2)


async def test_dragging_on_the_pictures_of_a_set_crops_nothing(root: Path, app: BinScoutApp, set_id: int) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "select")
        await ready(pilot)
        Mouse(app).drag([(5, 5), (20, 12)])
        await settle(pilot)
    with Workspace(root) as ws:
        assert ws.db.read(sets.get, set_id).state == "pending"


def test_the_parser_gives_parts_of_cells_where_the_terminal_reports_pixels() -> None:
    parser = XTermParser()
    parser.mouse_pixels, parser.terminal_size, parser.terminal_pixel_size = True, (80, 24), (800, 480)
    [event] = parser.feed("\x1b[<0;406;211M")
    assert isinstance(event, events.MouseDown)
    assert (event.pointer_screen_x, event.pointer_screen_y) == (40.5, 10.5)
