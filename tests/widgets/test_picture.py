"""The picture widget in a running app, without a terminal and in one played by the test."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from binscout_tui.terminal import payload as payload_module
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.overlay import AMBER
from binscout_tui.terminal.payload import Request
from binscout_tui.widgets.picture import Box, Picture
from binscout_tui.widgets.picture_store import store_of
from tests.widgets.showing import Question, Shows, busy, cells, halves, near, prepared, text, until

pytestmark = pytest.mark.usefixtures("no_rest")


async def test_a_picture_is_shown_with_its_colours_and_aspect(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    path = picture_file("wide.png", (200, 40, 80), (400, 100))
    async with app.run_test(size=(60, 24)) as pilot:
        app.query_one(Picture).show(path, caption="wide.png")
        report = await app.report(pilot)
        assert isinstance(report, Picture.Shown)
        assert report.path == path
        grid = cells(app)
        painted = [(x, y) for y in range(20) for x in range(40) if near(halves(grid[y][x])[0], (200, 40, 80))]
        assert {x for x, _ in painted} == set(range(40))
        assert len({y for _, y in painted}) == 5
        assert "wide.png" in text(app).splitlines()[20]


async def test_without_a_picture_it_says_so(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        assert "no picture" in text(app)
        picture.show(picture_file("a.png", (1, 2, 3)))
        await app.report(pilot)
        assert "no picture" not in text(app)
        picture.show(None)
        await pilot.pause()
        assert "no picture" in text(app)
        assert picture.state == "empty"


async def test_a_damaged_file_is_described_in_words(tmp_path: Path) -> None:
    app = Shows()
    path = tmp_path / "half \x1b[31mred[bold].jpg"
    path.write_bytes(b"\xff\xd8\xff not a jpeg")
    async with app.run_test(size=(60, 24)) as pilot:
        app.query_one(Picture).show(path)
        report = await app.report(pilot)
        assert isinstance(report, Picture.Damaged)
        assert app.query_one(Picture).state == "damaged"
        assert "cannot be shown" in text(app)
        assert "red[bold].jpg" in text(app)
        assert "\x1b" not in text(app)


async def test_results_that_are_no_longer_wanted_are_dropped(
    picture_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = picture_file("first.png", (250, 0, 0)), picture_file("second.png", (0, 250, 0))
    loop = asyncio.get_running_loop()
    started, ended = asyncio.Event(), asyncio.Event()
    scale = payload_module.scale

    def slow_first(request: Request) -> object:
        if request.path == first:
            loop.call_soon_threadsafe(started.set)
            asyncio.run_coroutine_threadsafe(ended.wait(), loop).result(10)
        return scale(request)

    monkeypatch.setattr(payload_module, "scale", slow_first)
    app = Shows()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        picture.show(first)
        await started.wait()
        picture.show(second)
        assert (await app.report(pilot)).path == second
        ended.set()
        await until(pilot, lambda: not busy(app))
        assert [report.path for report in app.reports] == [second]
        assert near(halves(cells(app)[10][20])[0], (0, 250, 0))


async def test_while_it_loads_long_the_old_picture_does_not_stay(
    picture_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = picture_file("old.png", (250, 0, 0)), picture_file("new.png", (0, 250, 0))
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    scale = payload_module.scale

    def slow_new(request: Request) -> object:
        if request.path == new:
            asyncio.run_coroutine_threadsafe(ended.wait(), loop).result(10)
        return scale(request)

    monkeypatch.setattr(payload_module, "scale", slow_new)
    app = Shows()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        picture.show(old)
        await app.report(pilot)
        picture.show(new)
        while "loading" not in text(app):
            await pilot.pause(0.01)
        assert not any(near(halves(cell)[0], (250, 0, 0)) for row in cells(app) for cell in row)
        ended.set()
        assert (await app.report(pilot)).path == new


async def test_a_crop_box_is_drawn_and_follows(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    path = picture_file("a.png", (10, 10, 120))
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)

        async def amber(boxes: list[Box]) -> set[int]:
            picture.show(path, boxes=boxes)
            await app.report(pilot)
            return {
                x for row in cells(app) for x, cell in enumerate(row) if near(cell[1], AMBER) or near(cell[2], AMBER)
            }

        assert await amber([]) == set()
        left = await amber([Box(0, 0, 0.5, 1)])
        right = await amber([Box(0.5, 0, 1, 1)])
        assert left
        assert right
        assert max(left) < max(right)
        assert min(left) < min(right)


async def test_prefetched_pictures_are_there_at_once(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    paths = [picture_file(f"{number}.png", (number * 40, 9, 9)) for number in range(4)]
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        picture.show(paths[0])
        picture.prefetch([*paths[1:], paths[0].with_name("absent.png")])
        await app.report(pilot)
        for path in paths[1:]:
            while not prepared(app, path):
                await pilot.pause(0.01)
            path.unlink()
            picture.show(path)
            assert (await app.report(pilot)).path == path
            assert picture.state == "shown"


@pytest.mark.parametrize("protocol", [Protocol.KITTY, Protocol.SIXEL])
async def test_under_a_modal_there_are_only_blended_cells(
    picture_file: Callable[..., Path], protocol: Protocol
) -> None:
    app = Shows(protocol)
    async with app.run_test(size=(60, 24)) as pilot:
        app.query_one(Picture).show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        before = len(app.written)
        await app.push_screen(Question())
        await app.report(pilot)
        grid = cells(app)
        assert not any("\U0010eeee" in cell[0] for row in grid for cell in row)
        assert near(halves(grid[5][20])[0], (100, 50, 25))
        assert "sure?" in text(app)
        assert "\x1bP" not in app.written[before:]
        app.pop_screen()
        await app.report(pilot)
        if protocol is Protocol.KITTY:
            assert "\U0010eeee" in text(app)
            assert "a=T" not in app.written[before:], "the terminal still had the pixels"
        else:
            assert "\x1bP0;1q" in app.written[before:]


async def test_sixel_is_painted_once_a_picture_at_its_place_and_not_for_other_widgets(
    picture_file: Callable[..., Path],
) -> None:
    app = Shows(Protocol.SIXEL)
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        picture.show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        await pilot.pause()
        assert re.findall(r"\x1b\[(\d+);(\d+)H\x1bP", app.written) == [("1", "1")]
        app.query_one("#text", Static).update("other")
        await pilot.pause()
        assert app.written.count("\x1bP0;1q") == 1
        picture.show(picture_file("b.png", (50, 100, 50)))
        await app.report(pilot)
        await pilot.pause()
        assert app.written.count("\x1bP0;1q") == 2
        picture.redraw()
        await pilot.pause()
        assert app.written.count("\x1bP0;1q") == 3


class Beside(Shows):
    """The picture beside another widget that comes and goes."""

    CSS = "Horizontal { height: 12; } Picture { width: 1fr; height: 1fr; } #text { width: 20; height: 1fr; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield from super().compose()

    def _display(self, screen: Screen[object], renderable: object) -> None:
        super()._display(screen, renderable)  # type: ignore[arg-type]
        middle = self.picture.region.center[0]
        if any(left <= middle < right for _row, left, right in getattr(renderable, "spans", ())):
            self.note("frame")


async def test_sixel_comes_after_every_frame_of_a_new_layout(picture_file: Callable[..., Path]) -> None:
    app = Beside(Protocol.SIXEL)
    async with app.run_test(size=(60, 24)) as pilot:
        # Narrow, and as high as the room: it is equally large in both layouts, so its pixels are at hand at once.
        app.picture.show(picture_file("a.png", (200, 100, 50), (40, 200)))
        await app.report(pilot)
        for width in (60, 40, 60, 40):
            before = len(app.written)
            app.query_one("#text").display = width == 40
            await until(pilot, lambda width=width: app.picture.size.width == width)
            for _ in range(10):
                await pilot.pause(0.02)
            written = app.written[before:]
            assert written.rindex("\x1bP0;1q") > written.rindex("frame"), "the last frame wrote over the pixels"


async def test_a_toast_over_sixel_is_drawn_again_and_pixels_come_back_when_it_goes(
    picture_file: Callable[..., Path],
) -> None:
    app = Shows(Protocol.SIXEL)
    async with app.run_test(size=(40, 24), notifications=True) as pilot:
        app.query_one(Picture).show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        before = app.written.count("\x1bP0;1q")
        app.notify("hello", timeout=60)
        while not app.screen.query("Toast"):
            await pilot.pause()
        for _ in range(10):
            await pilot.pause()
        settled = app.written.count("\x1bP0;1q")
        assert settled > before, "the new layout wrote over the pixels"
        for _ in range(10):
            await pilot.pause(0.02)
        assert app.written.count("\x1bP0;1q") == settled, "the toast and the pixels chase each other"
        app.clear_notifications()
        while app.screen.query("Toast"):
            await pilot.pause()
        await pilot.pause()
        assert app.written.count("\x1bP0;1q") > settled


async def test_a_new_size_makes_a_new_picture(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        picture.show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        before = sum(near(halves(cell)[0], (200, 100, 50)) for row in cells(app) for cell in row)
        picture.styles.width = 10
        await app.report(pilot)
        assert 0 < sum(near(halves(cell)[0], (200, 100, 50)) for row in cells(app) for cell in row) < before


async def test_a_terminal_without_pictures_gets_words(picture_file: Callable[..., Path]) -> None:
    app = Shows(Protocol.NONE)
    async with app.run_test(size=(60, 24)) as pilot:
        app.query_one(Picture).show(picture_file("name.png", (200, 100, 50)))
        await pilot.pause()
        assert "shows no pictures" in text(app)
        assert "name.png" in text(app)


async def test_a_real_photo_in_half_blocks(real_photos: Path) -> None:
    app = Shows()
    path = sorted((real_photos / "sets").glob("real_*/1.jpg"))[0]
    async with app.run_test(size=(60, 24)) as pilot:
        app.query_one(Picture).show(path)
        await app.report(pilot)
        grid = cells(app)
        columns, rows = app.picture._on_screen.payload.columns, app.picture._on_screen.payload.rows
        left, top = (40 - columns) // 2, (21 - rows) // 2
        shown = np.array(
            [[halves(cell)[0] for cell in row[left : left + columns]] for row in grid[top : top + rows]], float
        )
        with Image.open(path) as image:
            wanted = np.asarray(image.convert("RGB").resize((shown.shape[1], shown.shape[0] * 2)), dtype=float)[0::2]
        assert np.abs(shown - wanted).mean() < 16


async def test_nothing_is_prepared_before_the_picture_is_on_the_screen(
    picture_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, following = picture_file("first.png", (250, 0, 0)), picture_file("following.png", (0, 250, 0))
    order: list[str] = []
    scale = payload_module.scale

    def noted(request: Request) -> object:
        order.append(request.path.stem)
        return scale(request)

    monkeypatch.setattr(payload_module, "scale", noted)
    app = Shows()
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(first)
        app.picture.prefetch([following])
        before = app.picture.frame_written
        monkeypatch.setattr(app.picture, "frame_written", lambda request: (order.append("frame"), before(request)))
        await until(pilot, lambda: prepared(app, following))
        assert order == ["first", "frame", "following"]


async def test_of_several_sixel_pictures_in_one_turn_only_the_last_is_painted(
    picture_file: Callable[..., Path],
) -> None:
    app = Shows(Protocol.SIXEL)
    paths = [picture_file(f"{number}.png", (number * 60, 9, 9)) for number in range(4)]
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(paths[0])
        assert (await app.report(pilot)).path == paths[0]
        assert app.written.count("\x1bP0;1q") == 1, "it is painted when it is said to be shown"
        app.picture.prefetch(paths[1:])
        await until(pilot, lambda: all(prepared(app, path) for path in paths))
        for path in paths[1:]:
            app.picture.show(path, caption=path.name)
            app.picture.show(path)
        assert (await app.report(pilot)).path == paths[3]
        assert app.written.count("\x1bP0;1q") == 2
        assert [report.path for report in app.reports] == [paths[0], paths[3]]


class Here(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Picture()


class Areas(Shows):
    """Another area beside the one with the picture."""

    MODES = {"here": Here, "there": Screen}
    DEFAULT_MODE = "here"


async def test_in_another_area_nothing_is_made_and_on_return_nothing_is_sent(
    picture_file: Callable[..., Path],
) -> None:
    app = Areas(Protocol.KITTY)
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        picture, before, made = app.picture, app.written, len(store_of(app).payloads._payloads._values)
        await app.switch_mode("there")
        await pilot.pause()
        picture.redraw()
        await pilot.pause()
        await app.switch_mode("here")
        await until(pilot, lambda: "\U0010eeee" in text(app))
        assert app.written == before
        assert len(store_of(app).payloads._payloads._values) == made
