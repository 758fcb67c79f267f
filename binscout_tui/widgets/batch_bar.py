"""The line below the grid: how many images are marked and which keys act on them, or how far a long decision is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from binscout_tui.widgets.footer import FooterBar, FooterKey, fitting, footer_line

CELLS = 20
"""Of the bar."""
STOP = "gallery.stop"


@dataclass(frozen=True, slots=True)
class Running:
    """A decision on many images on its way: what it is as a noun, how many of how many, how long still in words."""

    what: str
    done: int
    total: int
    left: str = ""


def marked_words(marked: int) -> str:
    """How many are marked."""
    return f" {marked:,} marked "


def progress_line(running: Running, stop_key: str, width: int) -> Content:
    """What, how far, how long still, and at the end what stops it."""
    filled = CELLS * running.done // max(1, running.total)
    left = f" · {running.left} left" if running.left else ""
    line = Content.assemble(
        (f" {running.what} ", "bold"),
        ("▓" * filled + "░" * (CELLS - filled), "$accent"),
        (f" {running.done:,} of {running.total:,}", ""),
        (left, "$text-muted"),
    )
    stop = Content.assemble((f"  {stop_key}", "bold $accent"), (" stop ", "$text-muted"))
    return line.truncate(max(0, width - stop.cell_length), ellipsis=True) + stop


class BatchBar(Widget):
    """One row; a click on a key is like the key."""

    marked: reactive[int] = reactive(0)
    keys: reactive[tuple[FooterKey, ...]] = reactive(())
    running: reactive[Running | None] = reactive(None)
    stop_key: reactive[str] = reactive("x")

    DEFAULT_CSS = "BatchBar { height: 1; width: 1fr; background: $panel; }"

    def render(self) -> Content:
        """The row."""
        if self.running is not None:
            return progress_line(self.running, self.stop_key, self.size.width)
        words = marked_words(self.marked)
        return Content.assemble((words, "bold $success"), footer_line(self.keys, self._room))

    @property
    def _room(self) -> int:
        return max(0, self.size.width - len(marked_words(self.marked)))

    def on_click(self, event: events.Click) -> None:
        """The key under the pointer; while something runs there is one that stops it."""
        event.stop()
        command_id = STOP if self.running is not None else clicked(self.keys, self._room, event.x - self._offset)
        if command_id:
            self.post_message(FooterBar.Pressed(command_id))

    @property
    def _offset(self) -> int:
        return len(marked_words(self.marked))


def clicked(keys: Sequence[FooterKey], width: int, x: int) -> str:
    """The command whose words in a line of keys lie at the cell `x`, "" where there is none."""
    line = footer_line(keys, width).plain
    position = 0
    for key in fitting(keys, width):
        position = line.index(f"{key.key} {key.title}", position)
        if position <= x < position + key.cells:
            return key.command_id
        position += key.cells
    return ""
