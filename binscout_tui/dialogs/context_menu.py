"""What can be done with the image here: a list of commands that goes away with Esc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.commands import dialog
from binscout_tui.commands.command import key_label
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.context_menu import MenuList
from binscout_tui.widgets.row_list import Row, RowList

MOST_ROWS = 14
KEYS, TITLE = 7, 14
"""Cells for the key and the name before the words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command's id, the keys that lead to it, its name and what it does."""

    id: str
    keys: tuple[str, ...]
    title: str
    help: str


class ContextMenu(Dialog[str]):
    """Answers the id of a command: by its own key, by Enter on the marked line, or by a click."""

    SCOPE = dialog.CHOICES
    BINDINGS = SCOPE.bindings()

    def __init__(self, title: str, entries: Sequence[Entry]) -> None:
        super().__init__(title)
        self._entries = entries

    def body(self) -> ComposeResult:
        """A line for each command."""
        yield MenuList(id="menu-rows")

    @property
    def _list(self) -> MenuList:
        return self.query_one(MenuList)

    def on_mount(self) -> None:
        """As high as the lines are many."""
        self._list.styles.height = min(MOST_ROWS, max(1, len(self._entries)))
        self._list.show([_row(entry) for entry in self._entries])

    def action_down(self) -> None:
        """Mark the next one."""
        self._list.move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._list.move(-1)

    def action_submit(self) -> None:
        """Take the marked one."""
        if self._list.key is not None:
            self.dismiss(self._list.key)

    def on_key(self, event: events.Key) -> None:
        """A command's own key takes it; Enter, Esc and q are those of the menu."""
        if event.key in ("enter", "escape", "q"):
            return
        for entry in self._entries:
            if event.key in entry.keys:
                event.stop()
                event.prevent_default()
                self.dismiss(entry.id)
                return

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """A line was clicked."""
        self.dismiss(event.key)


def _row(entry: Entry) -> Row:
    key = key_label(entry.keys[0]) if entry.keys else ""
    parts = ((f"{key:<{KEYS}}", "bold $accent"), f"{entry.title:<{TITLE}}", (entry.help, "$text-muted"))
    return Row(entry.id, lambda width: Content.assemble(*parts))
