"""The form that asks where and how a dataset version is exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input, Static

from binscout_tui.dialogs.form import Form
from binscout_tui.widgets.choice import Choice
from binscout_tui.widgets.text_line import TextLine


@dataclass(frozen=True, slots=True)
class DatasetExport:
    """What was filled in."""

    folder: Path
    format: str


class ExportForm(Form[DatasetExport]):
    """Asks for format and folder; Enter starts, Esc closes."""

    AUTO_FOCUS = "#format"

    def __init__(self, name: str, formats: Sequence[tuple[str, str, str]]) -> None:
        """`formats` are (value, words, explanation)."""
        super().__init__(f"Export of {name}")
        self._formats = formats

    def body(self) -> ComposeResult:
        """Format, folder, and what is wrong with it."""
        yield Choice("format", self._formats, id="format")
        yield Static("a folder that is not there yet", classes="field-name")
        yield TextLine(placeholder="~/exports/parts", compact=True, id="folder")
        yield Static("", id="form-error")

    def action_submit(self) -> None:
        """Answer with what is filled in."""
        text = self.query_one("#folder", Input).value.strip()
        if not text:
            self.tell("Say into which folder.")
            self.query_one("#folder", Input).focus()
            return
        folder = Path(text).expanduser().absolute()
        self.dismiss(DatasetExport(folder, self.query_one("#format", Choice).value))
