"""An app with one picture, and what a test reads from its screen and from what it wrote."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from unicodedata import combining

from PIL import Image
from rich.console import ColorSystem
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.payload import Quality
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.picture_store import store_of

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

    @property
    def picture(self) -> Picture:
        return self.query_one(Picture)

    @property
    def transmitted(self) -> list[int]:
        """The ids of the kitty pictures sent so far."""
        return [int(number) for number in re.findall(r"a=T,[^;]*i=(\d+)", self.written)]

    @property
    def deleted(self) -> list[int]:
        """The ids of the kitty pictures deleted so far."""
        return [int(number) for number in re.findall(r"a=d,d=I,i=(\d+)", self.written)]

    def compose(self) -> ComposeResult:
        yield Picture(zoomable=True)
        yield Static("text", id="text")

    def on_mount(self) -> None:
        assert self._driver is not None
        self._driver.write = self.note  # type: ignore[method-assign]
        self.console._color_system = ColorSystem.TRUECOLOR

    def note(self, data: str) -> None:
        if not data.startswith("\x1b]22;"):  # the shape of the pointer
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


def picture_file(folder: Path, name: str, colour: tuple[int, int, int], size: tuple[int, int] = (80, 80)) -> Path:
    """A picture of one colour."""
    path = folder / name
    Image.new("RGB", size, colour).save(path)
    return path


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


def halves(cell: Cell) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """The colours of the upper and the lower half of a cell; a blank has one for both."""
    return (cell[1] if cell[0] == "▀" else cell[2]), cell[2]


def text(app: App[None]) -> str:
    return "\n".join("".join(cell[0] for cell in row) for row in cells(app))


def near(first: tuple[int, ...] | None, second: tuple[int, ...]) -> bool:
    return first is not None and max(abs(one - two) for one, two in zip(first, second, strict=True)) <= 4


def prepared(app: App[None], path: Path) -> bool:
    """Whether a payload of the picture at `path` has been made."""
    return any(request.path == path for request in store_of(app).payloads._payloads._values)


def quality(app: Shows) -> Quality | None:
    """Which quality the cells show."""
    return app.picture._on_screen.request.quality if app.picture._on_screen is not None else None


async def until(pilot: Pilot[None], condition: Callable[[], bool], limit_s: float = 10) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await pilot.pause(0.005)


def busy(app: App[None]) -> bool:
    """Whether a picture is being made, or waits for it."""
    return bool(store_of(app)._queue._jobs)
