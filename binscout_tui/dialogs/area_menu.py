"""The area menu: one letter goes to an area."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import dialog
from binscout_tui.commands.areas import Area
from binscout_tui.commands.command import key_label
from binscout_tui.dialogs.base import Dialog

COLUMNS, WIDTH = 2, 26


class AreaMenu(Dialog[str]):
    """Shows every area with its letter; answers the id of the chosen one."""

    SCOPE = dialog.MENU
    BINDINGS = SCOPE.bindings()

    def __init__(self, areas: Iterable[Area], here: str) -> None:
        super().__init__("Go to")
        self._areas = list(areas)
        self._here = here

    def body(self) -> ComposeResult:
        """An area beside another, so that all of them fit a small terminal; each column reads downwards."""
        entries = [self._entry(area) for area in self._areas]
        rows = [Content("").join(entries[row :: self._rows]) for row in range(self._rows)]
        yield Static(Content("\n").join(rows), id="dialog-menu")

    @property
    def _rows(self) -> int:
        return -(-len(self._areas) // COLUMNS)

    def _entry(self, area: Area) -> Content:
        mark = "  here" if area.id == self._here else ""
        entry = Content.assemble(
            (f" {area.letter} ", "bold $accent"),
            (f" {area.title:<12}", ""),
            (f"{area.function_key and key_label(area.function_key):>3}", "$text-muted"),
            (mark, "$text-muted"),
        )
        return entry.pad_right(max(0, WIDTH - entry.cell_length))

    def on_key(self, event: events.Key) -> None:
        """Go where the letter says; the letters are those of the table of areas."""
        for area in self._areas:
            if event.key in (area.letter, area.function_key):
                event.stop()
                self.dismiss(area.id)

    def on_click(self, event: events.Click) -> None:
        """Go to the clicked area."""
        menu = self.query_one("#dialog-menu", Static)
        place = event.y + event.x // WIDTH * self._rows
        if event.widget is menu and 0 <= event.y < self._rows and place < len(self._areas):
            self.dismiss(self._areas[place].id)
