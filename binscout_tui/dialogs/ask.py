"""A question that is answered with a short text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.text_line import TextLine


class Ask(Dialog[str]):
    """Answers what was typed, without outer spaces; Enter on an empty field does nothing unless it may be empty."""

    SCOPE = dialog.TYPED
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, text: str, initial: str = "", *, may_be_empty: bool = False) -> None:
        super().__init__(title)
        self._text, self._initial, self._may_be_empty = text, initial, may_be_empty

    def body(self) -> ComposeResult:
        """The explanation and the field."""
        yield Static(Content(self._text), id="dialog-text")
        yield TextLine(self._initial, compact=True, select_on_focus=True)

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_submit()

    def action_submit(self) -> None:
        """Answer what is there."""
        text = self.query_one(Input).value.strip()
        if text or self._may_be_empty:
            self.dismiss(text)
