"""A small app whose one widget says what it knows of the terminal; run as a program by the tests."""

from __future__ import annotations

import os
import sys

from textual.app import ComposeResult
from textual.events import Key
from textual.widget import Widget

from binscout_tui.screens.app_terminal import TerminalApp
from binscout_tui.terminal.detect import detect
from binscout_tui.widgets.answer_driver import driver_class
from binscout_tui.widgets.graphics_of import graphics_of


class Pixels(Widget):
    """Says what can be shown, and how often its pixels were sent again."""

    redrawn = 0
    keys = ""

    def redraw(self) -> None:
        self.redrawn += 1
        self.refresh()

    def render(self) -> str:
        graphics = graphics_of(self.app)
        return f"{graphics.protocol} {graphics.cell_width}x{graphics.cell_height} redrawn={self.redrawn} ({self.keys})"


class ProbeApp(TerminalApp):
    """Collects keys; ctrl+z suspends, q leaves."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Pixels()

    def on_key(self, event: Key) -> None:
        if event.key == "ctrl+z":
            self.action_suspend_process()
            return
        if event.key == "q":
            self.exit()
        pixels = self.query_one(Pixels)
        pixels.keys += event.key if len(event.key) == 1 else f"<{event.key}>"
        pixels.refresh()


if __name__ == "__main__":
    graphics = detect()
    os.environ.update(graphics.environment())
    print("detected", graphics.protocol, file=sys.stderr)
    ProbeApp(graphics, driver_class=driver_class(graphics)).run()
