"""A question that is answered with yes or no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog


class Confirm(Dialog[bool]):
    """Asks; No is marked at first, so that Enter alone never does what was asked."""

    SCOPE = dialog.CONFIRM
    BINDINGS = SCOPE.bindings()

    marked: reactive[bool] = reactive(False, init=False)

    def __init__(self, title: str, text: str, *, yes: str = "Yes", no: str = "No") -> None:
        super().__init__(title)
        self._text = text
        self._words = {False: no, True: yes}

    def body(self) -> ComposeResult:
        """The question and the two answers."""
        yield Static(Content(self._text), id="dialog-text")
        yield Static(self._answers(), id="dialog-answers")

    def watch_marked(self) -> None:
        """Show which answer is marked."""
        self.query_one("#dialog-answers", Static).update(self._answers())

    def action_yes(self) -> None:
        """Answer yes."""
        self.dismiss(True)

    def action_cancel(self) -> None:
        """Answer no."""
        self.dismiss(False)

    def action_choose(self) -> None:
        """Give the marked answer."""
        self.dismiss(self.marked)

    def action_turn(self) -> None:
        """Mark the other answer."""
        self.marked = not self.marked

    def _answers(self) -> Content:
        parts = []
        for answer, word in self._words.items():
            here = answer is self.marked
            parts.append((f" {'▸' if here else ' '} {word} ", "bold reverse" if here else "$text-muted"))
            parts.append(("  ", ""))
        return Content.assemble(*parts)
