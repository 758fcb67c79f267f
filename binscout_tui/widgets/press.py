"""A button of one row: focused with Tab, pressed with Enter or the mouse."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Press(Widget, can_focus=True):
    """A word that can be pressed; one whose command is `refused` now is greyed, and pressing it says why."""

    DEFAULT_CSS = """
    Press { width: auto; height: 1; background: $panel; color: $foreground; margin: 0 1 0 0; }
    Press:focus { background: $accent; color: $background; text-style: bold; }
    Press.-refused { color: $text-disabled; }
    Press.-refused:focus { background: $accent 50%; color: $background; }
    """

    label: reactive[str] = reactive("", layout=True)
    refused: reactive[bool] = reactive(False, toggle_class="-refused")

    @dataclass
    class Pressed(Message):
        """It was pressed."""

        press: Press

        @property
        def control(self) -> Press:
            """The button, for `on`."""
            return self.press

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__(id=id)
        self.set_reactive(Press.label, label)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """The word with a cell on each side."""
        return Content(self.label).cell_length + 2

    def render(self) -> Content:
        """The word."""
        return Content(f" {self.label} ")

    def on_key(self, event: events.Key) -> None:
        """Enter presses it; every other key goes on to the screen."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Pressed(self))

    def on_click(self, event: events.Click) -> None:
        """A click presses it."""
        event.stop()
        self.post_message(self.Pressed(self))
