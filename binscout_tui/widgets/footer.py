"""The footer row: the keys that matter here and now, greyed where they are not allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

GAP = 2


@dataclass(frozen=True, slots=True)
class FooterKey:
    """One entry; `allowed` False greys it, `last` keeps it at the right end whatever the width."""

    command_id: str
    key: str
    title: str
    allowed: bool = True
    last: bool = False

    @property
    def cells(self) -> int:
        """Its width."""
        return Content(f"{self.key} {self.title}").cell_length


def fitting(keys: Sequence[FooterKey], width: int) -> list[FooterKey]:
    """The entries that fit into `width` cells: the last ones always, the others from the left."""
    tail = [key for key in keys if key.last]
    room = width - 2 - sum(key.cells + GAP for key in tail)
    shown = []
    for key in keys:
        if key.last:
            continue
        room -= key.cells + GAP
        if room < -GAP:
            break
        shown.append(key)
    return [*shown, *tail]


def footer_line(keys: Sequence[FooterKey], width: int) -> Content:
    """The row for `width` cells."""
    shown = fitting(keys, width)
    used = sum(key.cells for key in shown) + GAP * (len(shown) - 1) + 2
    parts: list[tuple[str, str]] = [(" ", "")]
    pushed = False
    for position, key in enumerate(shown):
        gap = GAP if position else 0
        if key.last and not pushed:
            gap, pushed = gap + max(0, width - used), True
        parts.append((" " * gap, ""))
        parts.append((key.key, "bold $accent" if key.allowed else "$text-disabled"))
        parts.append((f" {key.title}", "$text-muted" if key.allowed else "$text-disabled"))
    return Content.assemble(*parts)


class FooterBar(Widget):
    """One row at the bottom of every screen; a click on an entry is like its key."""

    keys: reactive[tuple[FooterKey, ...]] = reactive(())

    @dataclass
    class Pressed(Message):
        """An entry was clicked."""

        command_id: str

    def render(self) -> Content:
        """The row."""
        return footer_line(self.keys, self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Find the entry under the pointer."""
        line = footer_line(self.keys, self.size.width).plain
        position = 0
        for key in fitting(self.keys, self.size.width):
            position = line.index(f"{key.key} {key.title}", position)
            if position <= event.x < position + key.cells:
                self.post_message(self.Pressed(key.command_id))
            position += key.cells
