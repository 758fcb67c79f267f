"""The form that asks where and how a dataset version is exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.choice import Choice


@dataclass(frozen=True, slots=True)
class DatasetExport:
    """What was filled in."""

    folder: Path
    format: str


class ExportForm(Dialog[DatasetExport]):
    """Asks for format and folder; Enter starts, Esc closes."""

    SCOPE = dialog.FORM
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "#format"

    def __init__(self, name: str, formats: Sequence[tuple[str, str, str]]) -> None:
        """`formats` are (value, words, explanation)."""
        super().__init__(f"Export of {name}")
        self._formats = formats

    def body(self) -> ComposeResult:
        """Format, folder, and what is wrong with it."""
        yield Choice("format", self._formats, id="format")
        yield Static("a folder that is not there yet", classes="field-name")
        yield Input(placeholder="~/exports/parts", compact=True, id="folder")
        yield Static("", id="form-error")

    def action_submit(self) -> None:
        """Answer with what is filled in."""
        text = self.query_one("#folder", Input).value.strip()
        if not text:
            self.query_one("#form-error", Static).update(Content.styled("Say into which folder.", "$error"))
            self.query_one("#folder", Input).focus()
            return
        folder = Path(text).expanduser().absolute()
        self.dismiss(DatasetExport(folder, self.query_one("#format", Choice).value))

    def on_input_submitted(self) -> None:
        """Enter in the field is Enter in the form."""
        self.action_submit()

    def on_input_changed(self) -> None:
        """What was wrong is being mended."""
        self.query_one("#form-error", Static).update("")

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

    def _turn(self, steps: int) -> None:
        if isinstance(self.focused, Choice):
            self.focused.turn(steps)
