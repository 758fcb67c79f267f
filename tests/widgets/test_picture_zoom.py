"""Looking closely: zoom, pan, mouse, and the pixels of the original."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from textual import events
from textual.geometry import Offset

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.scale import Detail
from binscout_tui.terminal.view import View
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.picture_place import place, whole_place, zoomed_at
from binscout_tui.widgets.picture_view import Viewing
from tests.widgets.showing import Shows, cells, halves, near, text, until

pytestmark = pytest.mark.usefixtures("no_rest")
RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)
SIZE = (4000, 4000)
sizes = st.tuples(st.integers(1, 9000), st.integers(1, 9000))
rooms = st.tuples(st.integers(1, 200), st.integers(1, 70))
views = st.builds(View, st.floats(1, 16), st.floats(0, 1), st.floats(0, 1))
shares = st.floats(0, 1)


@pytest.fixture
def quarters(tmp_path: Path) -> Path:
    """A preview with a colour in each corner."""
    image = Image.new("RGB", (800, 800))
    for colour, corner in zip((RED, GREEN, BLUE, WHITE), ((0, 0), (400, 0), (0, 400), (400, 400)), strict=True):
        image.paste(Image.new("RGB", (400, 400), colour), corner)
    image.save(tmp_path / "quarters.png")
    return tmp_path / "quarters.png"


class Looks(Shows):
    """Remembers what detail was asked for, and clicks that reach the screen."""

    def __init__(self, protocol: Protocol | None = None) -> None:
        super().__init__(protocol)
        self.wanted: list[Path] = []
        self.clicks = 0

    def on_picture_detail_wanted(self, event: Picture.DetailWanted) -> None:
        self.wanted.append(event.path)

    def on_click(self, event: events.Click) -> None:
        self.clicks += 1


def seen(app: Shows) -> set[tuple[int, ...]]:
    """Which of the four colours are on the screen."""
    shown = [halves(cell)[0] for row in cells(app) for cell in row]
    return {colour for colour in (RED, GREEN, BLUE, WHITE) if any(near(found, colour) for found in shown)}


async def test_zoom_shows_a_part_and_pan_another(quarters: Path) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.picture
        assert not picture.zoom_in(), "nothing is shown"
        picture.show(quarters, size=SIZE, caption="quarters")
        await app.report(pilot)
        assert seen(app) == {RED, GREEN, BLUE, WHITE}
        for _ in range(6):
            assert picture.zoom_in()
        assert picture.pan(-9, -9)
        await until(pilot, lambda: seen(app) == {RED})
        assert "quarters · 8.0x" in text(app)
        assert picture.pan(9, 0)
        await until(pilot, lambda: seen(app) == {GREEN})
        assert picture.pan(0, 9)
        await until(pilot, lambda: seen(app) == {WHITE})
        assert not picture.pan(0, 1), "a picture does not leave its edges"
        assert picture.whole()
        await until(pilot, lambda: seen(app) == {RED, GREEN, BLUE, WHITE})
        assert not picture.zoom_out()
        assert "quarters ·" not in text(app)
        assert len(app.reports) == 1, "it is still the picture that was shown"


async def test_another_picture_is_shown_whole_and_the_same_one_as_it_was(
    quarters: Path, picture_file: Callable[..., Path]
) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(quarters, size=SIZE)
        await app.report(pilot)
        app.picture.zoom_in()
        view = app.picture.view
        app.picture.show(quarters, size=SIZE, caption="the same")
        assert app.picture.view == view
        app.picture.show(picture_file("b.png", (1, 2, 3)), size=(80, 80))
        assert app.picture.view.is_whole


async def test_without_a_size_there_is_no_zoom(quarters: Path) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(quarters)
        await app.report(pilot)
        assert not app.picture.can_zoom
        assert not app.picture.zoom_in()
        assert not app.picture.zoom_to_pixels()
        assert not app.picture.pan(1, 1)


async def test_one_pixel_on_one_pixel_and_back() -> None:
    room = (400, 420)
    viewing = Viewing((4000, 2000))
    assert viewing.to_pixels(room)
    assert viewing.view.zoom == pytest.approx(10)
    assert viewing.text(room) == "1:1"
    assert viewing.to_pixels(room)
    assert viewing.view.is_whole
    assert viewing.text(room) == ""
    assert not Viewing((40, 20)).to_pixels(room), "it is larger than that already"


async def test_detail_is_asked_for_once_and_makes_it_sharp_in_place(tmp_path: Path, quarters: Path) -> None:
    app = Looks(Protocol.KITTY)
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.picture
        picture.show(quarters, size=SIZE)
        await app.report(pilot)
        picture.zoom_in()
        await pilot.pause()
        assert app.wanted == [], "the preview has enough pixels"
        picture.zoom_to_pixels()
        picture.pan(0.1, 0)
        await until(pilot, lambda: app.wanted == [quarters])
        pixels = np.zeros((*SIZE, 3), dtype=np.uint8)
        pixels.tofile(tmp_path / "detail.rgb")
        picture.give_detail(tmp_path / "other.png", Detail(tmp_path / "other.rgb", 1, 1))
        picture.give_detail(quarters, Detail(tmp_path / "detail.rgb", *SIZE))
        await until(pilot, lambda: picture._on_screen.request.detail is not None)
        picture.pan(0.1, 0)
        await pilot.pause()
        assert app.wanted == [quarters]
        assert len(app.reports) == 1


async def test_detail_that_is_gone_is_asked_for_again_and_the_preview_stays(tmp_path: Path, quarters: Path) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(quarters, size=SIZE)
        await app.report(pilot)
        for _ in range(12):
            app.picture.zoom_in()
        app.picture.give_detail(quarters, Detail(tmp_path / "gone.rgb", *SIZE))
        await until(pilot, lambda: len(app.wanted) == 2)
        assert app.picture.state == "shown"
        assert not any(isinstance(report, Picture.Damaged) for report in app.reports)


async def test_the_wheel_zooms_at_the_pointer(quarters: Path) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(quarters, size=SIZE)
        await app.report(pilot)
        for _ in range(10):
            await pilot._post_mouse_events([events.MouseScrollUp], Picture, offset=(30, 15), button=0)
        await until(pilot, lambda: seen(app) == {WHITE})
        for _ in range(20):
            await pilot._post_mouse_events([events.MouseScrollDown], Picture, offset=(2, 2), button=0)
        await until(pilot, lambda: len(seen(app)) == 4)
        assert app.picture.view.is_whole


async def test_dragging_moves_and_is_no_click(quarters: Path) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.picture
        picture.show(quarters, size=SIZE)
        await app.report(pilot)
        await pilot.click(Picture, offset=(20, 10))
        assert app.clicks == 1
        picture.zoom_in()
        picture.zoom_in()
        await until(pilot, lambda: picture._on_screen.request.view == picture.view)
        place_before = picture.at(Offset(20, 10))
        assert place_before is not None
        await pilot.mouse_down(Picture, offset=(20, 10))
        await pilot.hover(Picture, offset=(14, 8))
        await pilot.mouse_up(Picture, offset=(14, 8))
        await until(pilot, lambda: picture._on_screen.request.view == picture.view)
        assert picture.at(Offset(14, 8)) == pytest.approx(place_before, abs=0.01), "it stays under the pointer"
        assert app.clicks == 1


def test_a_picture_that_covers_fewer_cells_than_there_are_lies_in_the_middle() -> None:
    where = place((1000, 500), (100, 40), (10, 20), View(), (50, 13))
    assert (where.left, where.right) == (25, 75)
    assert (where.top, where.bottom) == pytest.approx((13.25, 25.75), abs=0.3)


def test_what_may_be_filled_lies_in_the_middle_of_the_room() -> None:
    where = place((1000, 500), (100, 40), (10, 20), View(2.0), (50, 20), (50, 20))
    assert (where.left, where.right, where.top, where.bottom) == (25, 75, 10, 30)
    assert where.region == View(2.0).region((1000, 500), (500, 400))


async def test_one_pixel_on_one_pixel_also_where_the_terminal_draws_no_more(quarters: Path) -> None:
    app = Shows(Protocol.SIXEL)
    app.graphics = replace(app.graphics, sixel_size=(200, 200))
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(quarters, size=(800, 800))
        await app.report(pilot)
        app.picture.zoom_to_pixels()
        assert app.picture.view.zoom == 4
        shown = app.picture._on_screen
        assert shown is not None
        await until(pilot, lambda: app.picture._on_screen is not shown)
        assert app.picture.cell_of(0.5, 0.5) == Offset(20, 10)
        assert app.picture.at(Offset(9, 10)) is None
        found = app.picture.at(Offset(10, 5))
        assert found is not None
        assert found == pytest.approx((0.375 + 5 / 800, 0.375 + 10 / 800), abs=0.01)


async def test_cells_and_places_on_the_picture(quarters: Path) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.picture
        assert picture.at(Offset(20, 10)) is None
        picture.show(quarters, size=SIZE)
        await app.report(pilot)
        grid = cells(app)
        for y in range(21):
            for x in range(40):
                found = picture.at(Offset(x, y))
                if found is None:
                    continue
                assert picture.cell_of(*found) == Offset(x, y)
                if abs(found[0] - 0.5) > 0.1 and abs(found[1] - 0.5) > 0.1:
                    colour = ((RED, GREEN), (BLUE, WHITE))[found[1] > 0.5][found[0] > 0.5]
                    assert near(halves(grid[y][x])[0], colour)
        assert picture.at(Offset(99, 10)) is None


async def test_a_held_key_shows_the_way_and_not_only_the_end(quarters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Looks()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.picture
        picture.show(quarters, size=SIZE)
        await app.report(pilot)
        shown: list[float] = []
        put = picture.put
        monkeypatch.setattr(
            picture, "put", lambda request, payload: (shown.append(request.view.zoom), put(request, payload))
        )
        for _ in range(8):
            picture.zoom_in()
            await asyncio.sleep(0)
        await until(pilot, lambda: picture._on_screen.request.view == picture.view)
        assert shown == sorted(shown)
        assert len(shown) > 1


@given(sizes, rooms, views, shares, shares)
def test_places_there_and_back(size: tuple[int, int], cells: tuple[int, int], view: View, x: float, y: float) -> None:
    where = place(size, cells, (10, 20), view.settled(size, (cells[0] * 10, cells[1] * 20)))
    left, top, right, bottom = where.region
    point = left + x * (right - left), top + y * (bottom - top)
    found = where.cells_of(*point)
    if found is not None:
        assert -1e-6 <= found[0] <= cells[0] + 1e-6
        assert -1e-6 <= found[1] <= cells[1] + 1e-6
        assert where.at(*found) == pytest.approx(point, abs=1e-6)


@given(rooms, rooms)
def test_a_picture_of_unknown_size_covers_its_cells(cells: tuple[int, int], shown: tuple[int, int]) -> None:
    where = whole_place(cells, shown)
    assert where.at(where.left, where.top) == (0, 0)
    assert where.at(where.right, where.bottom) == (1, 1)
    assert where.at(where.left - 0.5, where.top) is None


@given(sizes, st.floats(1, 8), st.floats(1.01, 2), shares, shares)
def test_what_is_under_the_pointer_stays_there(
    size: tuple[int, int], zoom: float, factor: float, x: float, y: float
) -> None:
    room = (800, 600)
    view = View(zoom).settled(size, room)
    region = view.region(size, room)
    point = region[0] + x * (region[2] - region[0]), region[1] + y * (region[3] - region[1])
    closer = zoomed_at(view, factor, point, size, room)
    after = closer.region(size, room)
    assert all(0 <= edge <= 1 + 1e-9 for edge in after)
    across = (point[0] - after[0]) / (after[2] - after[0])
    if after[0] > 0 and after[2] < 1 and region[2] - region[0] < 1:
        assert across == pytest.approx(x, abs=1e-6)
    assert after[0] - 1e-9 <= point[0] <= after[2] + 1e-9
