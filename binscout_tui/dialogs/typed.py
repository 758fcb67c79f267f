"""A question about something that cannot be taken back: answered by typing a word."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.text_line import TextLine


class TypedConfirm(Dialog[bool]):
    """Says True only when `word` was typed and then Enter pressed; until then Enter does nothing."""

    SCOPE = dialog.TYPED
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, text: str, word: str) -> None:
        super().__init__(title)
        self._text, self._word = text, word

    def body(self) -> ComposeResult:
        """The explanation, the request and the field."""
        yield Static(Content(self._text), id="dialog-text")
        yield Static(Content(f"Type {self._word} to continue:"), id="dialog-request")
        yield TextLine(compact=True)

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_submit()

    def action_submit(self) -> None:
        """Accept the right word only."""
        if self.query_one(Input).value.strip() == self._word:
            self.dismiss(True)
