"""The frame of every dialog: a title, a body, and the keys that work in it."""

from __future__ import annotations

from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker

from binscout_tui.commands.dispatch import Commanded

T = TypeVar("T")


class Dialog(Commanded, ModalScreen[T | None], inherit_bindings=False):
    """A dialog; subclasses declare `SCOPE`, `BINDINGS` and `body()`. Its answer is None when it is only closed."""

    AUTO_FOCUS = ""

    def __init__(self, title: str, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._title = title

    def compose(self) -> ComposeResult:
        """Title, body, keys."""
        with Vertical(id="dialog"):
            yield Static(Content(self._title), id="dialog-title")
            yield from self.body()
            yield Static(self._keys(), id="dialog-keys")

    def body(self) -> ComposeResult:
        """The widgets between title and keys."""
        yield from ()

    def _keys(self) -> Content:
        parts: list[tuple[str, str]] = []
        for command in self.SCOPE:
            if command.footer:
                parts += [(command.label, "bold $accent"), (f" {command.title}  ", "$text-muted")]
        return Content.assemble(*parts)

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is told and logged."""
        self.frame.on_worker_state_changed(event)
