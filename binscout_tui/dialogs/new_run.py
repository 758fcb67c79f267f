"""The form that starts a training run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.widgets import Input, Static

from binscout_tui.dialogs.form import Form
from binscout_tui.widgets.choice import Choice

MOST_EPOCHS = 10_000


@dataclass(frozen=True, slots=True)
class NewRun:
    """What was chosen; `epochs` None takes the preset's own length."""

    dataset: str
    preset: str
    epochs: int | None


class NewRunForm(Form[NewRun]):
    """Asks for dataset, preset and length; Enter starts, Esc closes."""

    AUTO_FOCUS = "#dataset"

    def __init__(self, datasets: Sequence[tuple[str, str, str]], presets: Sequence[tuple[str, str, str]]) -> None:
        """Both are (value, words, explanation) in the order in which they are offered."""
        super().__init__("New training run")
        self._datasets, self._presets = datasets, presets

    def body(self) -> ComposeResult:
        """Two choices, one number, and what is wrong with it."""
        yield Choice("dataset", self._datasets, id="dataset")
        yield Choice("preset", self._presets, id="preset")
        yield Static("epochs", classes="field-name")
        yield Input(placeholder="as many as the preset has", compact=True, id="epochs")
        yield Static("", id="form-error")

    def action_submit(self) -> None:
        """Answer with what is chosen, when it is right."""
        text = self._epochs
        if not self._right():
            self.tell(f"epochs is a number from 1 to {MOST_EPOCHS:,}, or empty")
            return
        dataset, preset = (self.query_one(f"#{name}", Choice).value for name in ("dataset", "preset"))
        self.dismiss(NewRun(dataset, preset, int(text) if text else None))

    def on_input_changed(self) -> None:
        """What was wrong is forgotten as soon as it is right."""
        if self._right():
            self.tell("")

    @property
    def _epochs(self) -> str:
        return self.query_one("#epochs", Input).value.strip()

    def _right(self) -> bool:
        text = self._epochs
        return not text or (text.isdecimal() and 1 <= int(text) <= MOST_EPOCHS)
