"""The picture widget in a running app, without a terminal and in one played by the test."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from unicodedata import combining

import numpy as np
import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from binscout_tui.terminal import payload as payload_module
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.overlay import AMBER
from binscout_tui.terminal.payload import Request
from binscout_tui.widgets.picture import Box, Picture

Cell = tuple[str, tuple[int, ...] | None, tuple[int, ...] | None]


class Shows(App[None]):
    """One picture beside a line of text; remembers what the widget reports and what is written to the terminal."""

    CSS = "Picture { width: 40; height: 21; }"

    def __init__(self, protocol: Protocol | None = None) -> None:
        super().__init__()
        self.reports: list[Picture.Shown | Picture.Damaged] = []
        self.written = ""
        self.reported = asyncio.Event()
        if protocol is not None:
            self.graphics = TerminalGraphics(protocol)

    def compose(self) -> ComposeResult:
        yield Picture()
        yield Static("text", id="text")

    def on_mount(self) -> None:
        assert self._driver is not None
        self._driver.write = self.note  # type: ignore[method-assign]

    def note(self, data: str) -> None:
        self.written += data

    def on_picture_shown(self, event: Picture.Shown) -> None:
        self.reports.append(event)
        self.reported.set()

    def on_picture_damaged(self, event: Picture.Damaged) -> None:
        self.reports.append(event)
        self.reported.set()

    async def report(self, pilot: Pilot[None]) -> Picture.Shown | Picture.Damaged:
        """The next thing that the widget reports, when it is also on the screen."""
        await asyncio.wait_for(self.reported.wait(), 10)
        self.reported.clear()
        await pilot.pause()
        return self.reports[-1]


class Question(ModalScreen[None]):
    CSS = "Question { background: black 50%; align: center middle; } Static { width: 8; height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("sure?")


@pytest.fixture
def picture_file(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, colour: tuple[int, int, int], size: tuple[int, int] = (80, 80)) -> Path:
        path = tmp_path / name
        Image.new("RGB", size, colour).save(path)
        return path

    return make


def cells(app: App[None]) -> list[list[Cell]]:
    """Every cell of the screen: character, colour of the text, colour behind it."""
    rows = []
    for strip in app.screen._compositor.render_strips():
        row: list[Cell] = []
        for segment in strip:
            style = segment.style
            front = style.color.triplet if style and style.color else None
            behind = style.bgcolor.triplet if style and style.bgcolor else None
            colours = front and tuple(front), behind and tuple(behind)
            row.extend((character, *colours) for character in segment.text if not combining(character))
        rows.append(row)
    return rows


def text(app: App[None]) -> str:
    return "\n".join("".join(cell[0] for cell in row) for row in cells(app))


def near(first: tuple[int, ...] | None, second: tuple[int, ...]) -> bool:
    return first is not None and max(abs(one - two) for one, two in zip(first, second, strict=True)) <= 4


async def test_a_picture_is_shown_with_its_colours_and_aspect(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    path = picture_file("wide.png", (200, 40, 80), (400, 100))
    async with app.run_test(size=(60, 24)) as pilot:
        app.query_one(Picture).show(path, caption="wide.png")
        report = await app.report(pilot)
        assert isinstance(report, Picture.Shown)
        assert report.path == path
        grid = cells(app)
        painted = [
            (x, y) for y in range(20) for x in range(40) if grid[y][x][0] == "▀" and near(grid[y][x][1], (200, 40, 80))
        ]
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
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert [report.path for report in app.reports] == [second]
        assert near(cells(app)[10][20][1], (0, 250, 0))


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
        assert not any(near(cell[1], (250, 0, 0)) for row in cells(app) for cell in row)
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
        await app.workers.wait_for_complete()
        for path in paths[1:]:
            path.unlink()
            picture.show(path)
            assert picture.state == "shown"


async def test_kitty_cells_carry_the_id_of_the_pixels_sent_and_each_is_deleted_again(
    picture_file: Callable[..., Path],
) -> None:
    app = Shows(Protocol.KITTY)
    async with app.run_test(size=(60, 24)) as pilot:
        app.console._color_system = app.console._color_system.__class__.TRUECOLOR  # type: ignore[union-attr]
        picture = app.query_one(Picture)
        picture.show(picture_file("a.png", (10, 200, 10)))
        await app.report(pilot)
        first = int(re.findall(r"a=T,[^;]*i=(\d+)", app.written)[-1])
        character, front, _ = cells(app)[10][20]
        assert character == "\U0010eeee"
        assert front == (first >> 16, first >> 8 & 255, first & 255)
        picture.show(picture_file("b.png", (10, 10, 200)))
        await app.report(pilot)
        second = int(re.findall(r"a=T,[^;]*i=(\d+)", app.written)[-1])
        assert second != first
        assert f"a=d,d=I,i={first}" in app.written
        await picture.remove()
        assert f"a=d,d=I,i={second}" in app.written
        transmitted = {int(number) for number in re.findall(r"a=T,[^;]*i=(\d+)", app.written)}
        deleted = {int(number) for number in re.findall(r"a=d,d=I,i=(\d+)", app.written)}
        assert transmitted == deleted


@pytest.mark.parametrize("protocol", [Protocol.KITTY, Protocol.SIXEL])
async def test_under_a_modal_there_are_only_blended_cells(
    picture_file: Callable[..., Path], protocol: Protocol
) -> None:
    app = Shows(protocol)
    async with app.run_test(size=(60, 24)) as pilot:
        app.console._color_system = app.console._color_system.__class__.TRUECOLOR  # type: ignore[union-attr]
        app.query_one(Picture).show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        before = len(app.written)
        await app.push_screen(Question())
        await app.report(pilot)
        grid = cells(app)
        assert not any("\U0010eeee" in cell[0] for row in grid for cell in row)
        assert near(grid[5][20][1], (100, 50, 25))
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


async def test_hidden_and_shown_again(picture_file: Callable[..., Path]) -> None:
    app = Shows(Protocol.KITTY)
    async with app.run_test(size=(60, 24)) as pilot:
        app.console._color_system = app.console._color_system.__class__.TRUECOLOR  # type: ignore[union-attr]
        picture = app.query_one(Picture)
        picture.show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        picture.display = False
        await pilot.pause()
        assert app.written.count("a=d,d=I") == 1
        picture.display = True
        await app.report(pilot)
        assert app.written.count("a=T") == 2


async def test_a_new_size_makes_a_new_picture(picture_file: Callable[..., Path]) -> None:
    app = Shows()
    async with app.run_test(size=(60, 24)) as pilot:
        picture = app.query_one(Picture)
        picture.show(picture_file("a.png", (200, 100, 50)))
        await app.report(pilot)
        before = sum(cell[0] == "▀" for row in cells(app) for cell in row)
        picture.styles.width = 10
        await app.report(pilot)
        assert 0 < sum(cell[0] == "▀" for row in cells(app) for cell in row) < before


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
        rows = [row for row in grid if any(cell[0] == "▀" for cell in row)]
        shown = np.array([[cell[1] for cell in row if cell[0] == "▀"] for row in rows], dtype=float)
        with Image.open(path) as image:
            wanted = np.asarray(image.convert("RGB").resize((shown.shape[1], shown.shape[0] * 2)), dtype=float)[0::2]
        assert np.abs(shown - wanted).mean() < 16
