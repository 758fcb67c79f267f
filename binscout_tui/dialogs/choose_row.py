"""A question that is answered by marking a row of a list that may be longer than the window."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.row_list import Row, RowList

MOST_ROWS = 12
WAYS = {"j": 1, "k": -1, "pagedown": MOST_ROWS, "pageup": -MOST_ROWS}


class ChooseRow(Dialog[str]):
    """Answers the key of the marked row; the first one is marked at first."""

    SCOPE = dialog.CHOICES
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = """
    ChooseRow #dialog { width: 76; max-width: 98%; }
    ChooseRow #dialog-title { max-width: 100%; }
    ChooseRow RowList { background: $surface; margin-bottom: 1; }
    """

    def __init__(self, title: str, rows: Sequence[Row]) -> None:
        super().__init__(title)
        self._rows = rows

    def body(self) -> ComposeResult:
        """The rows."""
        yield RowList(id="choose-rows")

    @property
    def _list(self) -> RowList:
        return self.query_one(RowList)

    def on_mount(self) -> None:
        """As high as the rows are many."""
        self._list.styles.height = min(MOST_ROWS, len(self._rows))
        self._list.show(self._rows)

    def action_down(self) -> None:
        """Mark the next one."""
        self._list.move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._list.move(-1)

    def on_key(self, event: events.Key) -> None:
        """The other keys that move in lists."""
        if event.key in WAYS:
            event.stop()
            self._list.move(WAYS[event.key])

    def action_submit(self) -> None:
        """Take the marked one."""
        if self._list.key is not None:
            self.dismiss(self._list.key)

    @on(RowList.Opened)
    def _clicked(self, event: RowList.Opened) -> None:
        self.dismiss(event.key)
