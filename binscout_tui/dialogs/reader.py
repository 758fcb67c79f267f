"""A text to read: help, messages, reports."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog

COPY_WIDTH = 100


class Page(Static):
    """A text that is made for a width."""

    def __init__(self, make: Callable[[int], Content], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make = make

    def on_resize(self, event: events.Resize) -> None:
        """Make it anew for the width that it has now."""
        self.update(self._make(event.size.width))

    def make_again(self) -> None:
        """What it tells of has changed."""
        if self.size.width:
            self.update(self._make(self.size.width))


class Reader(Dialog[None]):
    """Shows a text in a window that scrolls; give a function of the width where lines must be laid out for it."""

    SCOPE = dialog.READER
    BINDINGS = SCOPE.bindings()

    def __init__(self, title: str, text: Content | Callable[[int], Content]) -> None:
        super().__init__(title)
        self._text = text

    def body(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(id="reader", can_focus=False):
            yield (
                Static(self._text, id="reader-text")
                if isinstance(self._text, Content)
                else Page(self._text, id="reader-text")
            )

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#reader", VerticalScroll)

    def action_copy(self) -> None:
        """Copy the text through the terminal."""
        text = self._text if isinstance(self._text, Content) else self._text(COPY_WIDTH)
        self.frame.copy_to_clipboard(text.plain)
        self.frame.toast("Copied, if your terminal allows it.")

    def action_down(self) -> None:
        """A line down."""
        self._scroll.scroll_down(animate=False)

    def action_up(self) -> None:
        """A line up."""
        self._scroll.scroll_up(animate=False)

    def action_page_down(self) -> None:
        """A page down."""
        self._scroll.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """A page up."""
        self._scroll.scroll_page_up(animate=False)

    def action_first(self) -> None:
        """To the top."""
        self._scroll.scroll_home(animate=False)

    def action_last(self) -> None:
        """To the end."""
        self._scroll.scroll_end(animate=False)
