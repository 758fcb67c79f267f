"""A form: choices and lines below each other, and a line that says what is wrong."""

from __future__ import annotations

from typing import TypeVar

from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.choice import Choice

T = TypeVar("T")


class Form(Dialog[T]):
    """Arrows go from field to field and turn choices; Enter submits, Esc closes.

    `body` yields a Static with the id `form-error` last; `action_submit` dismisses with the answer,
    or tells what is wrong.
    """

    SCOPE = dialog.FORM
    BINDINGS = SCOPE.bindings()

    def action_submit(self) -> None:
        """Answer with what is filled in, when it is right."""

    def action_next(self) -> None:
        """Choose the next option of the field with the focus."""
        self._turn(1)

    def action_previous(self) -> None:
        """Choose the option before in the field with the focus."""
        self._turn(-1)

    def action_down(self) -> None:
        """Go to the next field."""
        self.focus_next()

    def action_up(self) -> None:
        """Go to the field before."""
        self.focus_previous()

    def on_input_submitted(self) -> None:
        """Enter in a field is Enter in the form."""
        self.action_submit()

    def on_input_changed(self) -> None:
        """What was wrong is being mended."""
        self.tell("")

    def tell(self, sentence: str) -> None:
        """Say what is wrong, or nothing."""
        self.query_one("#form-error", Static).update(Content.styled(sentence, "$error"))

    def _turn(self, steps: int) -> None:
        if isinstance(self.focused, Choice):
            self.focused.turn(steps)
