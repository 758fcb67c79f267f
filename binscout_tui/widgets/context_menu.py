"""A list in which one click takes a row, as people expect of a menu."""

from __future__ import annotations

from textual import events

from binscout_tui.widgets.row_list import RowList


class MenuList(RowList):
    """The rows of a menu."""

    def on_click(self, event: events.Click) -> None:
        """Open the clicked row at once."""
        event.prevent_default()
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._rows) and self._rows[index].selectable:
            self._go(index)
            self.post_message(self.Opened(self, self._rows[index].key))
