"""An app of one image grid; `python -m tests.widgets.grid_app FOLDER` runs it in a terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from binscout_tui.terminal.detect import detect
from binscout_tui.terminal.graphics import HALF_BLOCKS, TerminalGraphics
from binscout_tui.widgets.image_grid import GridItem, ImageGrid
from binscout_tui.widgets.picture_store import store_of
from tests.pictures import photo

FILES = 24


def file_of(folder: Path, image: int) -> Path:
    """The file of the image with an id; ids that differ by a multiple of FILES share one."""
    return folder / f"{image % FILES}.jpg"


def write_photos(folder: Path) -> Path:
    """FILES photos that differ, every third one upright."""
    for number in range(FILES):
        photo(folder / f"{number}.jpg", number, size=(90, 120) if number % 3 == 0 else (160, 120))
    return folder


def item_of(folder: Path, image: int, **changes: object) -> GridItem:
    """What the app says of an image."""
    path = file_of(folder, image)
    size = (90, 120) if image % FILES % 3 == 0 else (160, 120)
    values = {"small": path, "large": path, "size": size, "title": f"#{image}", **changes}
    return GridItem(id=image, **values)  # type: ignore[arg-type]


class Question(ModalScreen[None]):
    """Something over the grid."""

    BINDINGS = [("m", "app.pop_screen", "close")]
    DEFAULT_CSS = "Question { align: center middle; } Question Static { width: 30; height: 5; }"

    def compose(self) -> ComposeResult:
        """A box of words."""
        yield Static("what now?")


class GridApp(App[None]):
    """Answers what the grid wants to know at once, and remembers what it reports."""

    BINDINGS = [
        ("n", "page(1)", ""),
        ("p", "page(-1)", ""),
        ("h", "move(-1, 0)", ""),
        ("l", "move(1, 0)", ""),
        ("k", "move(0, -1)", ""),
        ("j", "move(0, 1)", ""),
        ("G", "to_end", ""),
        ("space", "mark", ""),
        ("r", "redraw", ""),
        ("m", "ask", ""),
        ("t", "toast", ""),
    ]

    def __init__(self, folder: Path, count: int = 1000, graphics: TerminalGraphics = HALF_BLOCKS) -> None:
        super().__init__()
        self.folder = folder
        self.count = count
        self.graphics = graphics
        self.answers = True
        self.words = ""
        self.wanted: list[tuple[int, ...]] = []
        self.reports: list[ImageGrid.CursorMoved | ImageGrid.Opened] = []

    def compose(self) -> ComposeResult:
        """The grid, below a line of words."""
        yield Static("the grid", id="title")
        yield ImageGrid()

    @property
    def grid(self) -> ImageGrid:
        """The one grid."""
        return self.query_one(ImageGrid)

    def on_mount(self) -> None:
        """Show all images."""
        self.grid.show(array("q", range(1, self.count + 1)))
        self.set_interval(0.05, self._tell)

    def _tell(self) -> None:
        """Say in the first line whether fine pictures are shown everywhere."""
        if not self.screen_stack[0].query(ImageGrid):
            return
        words = "at rest" if self.is_at_rest else "moving"
        if words != self.words:
            self.words = words
            self.screen_stack[0].query_one("#title", Static).update(words, layout=False)

    @property
    def is_at_rest(self) -> bool:
        """Whether every visible tile shows its fine picture."""
        tiles = self.screen_stack[0].query_one(ImageGrid)._pictures.tiles  # type: ignore[union-attr]
        return bool(tiles) and all(tile.shown is not None and tile.shown != tile.draft for tile in tiles)

    def on_image_grid_wanted(self, message: ImageGrid.Wanted) -> None:
        """Say what is known."""
        self.wanted.append(message.ids)
        if self.answers:
            self.give(message.ids)

    def give(self, ids: Iterable[int]) -> None:
        """Tell the grid of these images."""
        self.grid.give([item_of(self.folder, image) for image in ids])

    def on_image_grid_cursor_moved(self, message: ImageGrid.CursorMoved) -> None:
        """Remember it."""
        self.reports.append(message)

    def on_image_grid_opened(self, message: ImageGrid.Opened) -> None:
        """Remember it."""
        self.reports.append(message)

    def action_page(self, by: int) -> None:
        """Move by pages."""
        self.grid.page(by)

    def action_move(self, columns: int, rows: int) -> None:
        """Move by tiles."""
        self.grid.move(columns, rows)

    def action_to_end(self) -> None:
        """To the last image."""
        self.grid.to_end()

    def action_mark(self) -> None:
        """Mark the image under the cursor, or no longer."""
        if self.grid.cursor_id is not None:
            self.grid.marks = self.grid.marks ^ {self.grid.cursor_id}

    def action_redraw(self) -> None:
        """The terminal lost the pixels."""
        store_of(self).lost()
        self.grid.redraw()

    def action_toast(self) -> None:
        """Something passes over the grid."""
        self.notify("a toast", timeout=1)

    def action_ask(self) -> None:
        """Open a modal."""
        self.push_screen(Question())


async def until(pilot: Pilot[None], holds: Callable[[], bool], limit_s: float = 10.0) -> None:
    """Wait until `holds`, or fail."""
    async with asyncio.timeout(limit_s):
        while not holds():
            await pilot.pause(0.01)


def main(arguments: Sequence[str]) -> None:
    """Run it in the terminal on stdin and stdout."""
    graphics = detect()
    os.environ.update(graphics.environment())
    GridApp(Path(arguments[0]), graphics=graphics).run()


if __name__ == "__main__":
    main(sys.argv[1:])
