"""A question that is answered with a short text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog


class Ask(Dialog[str]):
    """Answers what was typed, without outer spaces; Enter on an empty field does nothing."""

    SCOPE = dialog.TYPED
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, text: str, initial: str = "") -> None:
        super().__init__(title)
        self._text, self._initial = text, initial

    def body(self) -> ComposeResult:
        """The explanation and the field."""
        yield Static(Content(self._text), id="dialog-text")
        yield Input(self._initial, compact=True, select_on_focus=True)

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_submit()

    def action_submit(self) -> None:
        """Answer what is there."""
        if text := self.query_one(Input).value.strip():
            self.dismiss(text)
