"""The form that starts a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from binscout_tui.dialogs.form import Form
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.operations.training import checked_weights
from binscout_tui.widgets.choice import Choice
from binscout_tui.widgets.text_line import TextLine

MOST_EPOCHS = 10_000
MOST_SEED = 2**32 - 1
MOST_DEVICES = 64
Option = tuple[str, str, str]
"""value, words, explanation"""


@dataclass(frozen=True, slots=True)
class Trainable:
    """A dataset to train on: how it is offered, and the task that it is for."""

    option: Option
    task: str


@dataclass(frozen=True, slots=True)
class NewRun:
    """What was chosen; `epochs` None takes the preset's own length, `weights` None begins at random."""

    dataset: str
    preset: str
    epochs: int | None
    weights: str | None
    seed: int
    devices: int


class NewRunForm(Form[NewRun]):
    """Asks for dataset, recipe, and what else may be asked; Enter starts, Esc closes."""

    AUTO_FOCUS = "#dataset"

    def __init__(self, datasets: Sequence[Trainable], presets: Mapping[str, Sequence[Option]]) -> None:
        """`presets` are those of each task; both in the order in which they are offered."""
        super().__init__("New training run")
        self._datasets, self._presets = datasets, presets

    def body(self) -> ComposeResult:
        """Two choices, a file, three numbers, and what is wrong with them."""
        yield Choice("dataset", [one.option for one in self._datasets], id="dataset")
        yield Choice("preset", self._presets[self._datasets[0].task], id="preset")
        yield Static("weights: a file to begin with", classes="field-name")
        yield TextLine(placeholder="none, from scratch", compact=True, id="weights")
        with Horizontal(id="run-numbers"):
            for field, placeholder in (("epochs", "the preset's"), ("seed", "0"), ("processes", "1")):
                with Vertical():
                    yield Static(field, classes="field-name")
                    yield TextLine(placeholder=placeholder, compact=True, id=field)
        yield Static("", id="form-error")

    def on_mount(self) -> None:
        """The recipes are those of the dataset's task."""
        self.watch(self.query_one("#dataset", Choice), "index", self._offer_presets)

    def _offer_presets(self) -> None:
        chosen = self.query_one("#dataset", Choice).value
        task = next(one.task for one in self._datasets if one.option[0] == chosen)
        self.query_one("#preset", Choice).offer(self._presets[task])

    def action_submit(self) -> None:
        """Answer with what is chosen, when it is right; else go to the field that is wrong."""
        try:
            answer = self._filled_in()
        except BinScoutError as error:
            self.tell(error.sentence)
            return
        self.dismiss(answer)

    def on_input_changed(self) -> None:
        """What was wrong is forgotten as soon as it is right."""
        try:
            self._numbers()
        except UsageError:
            return
        self.tell("")

    def _filled_in(self) -> NewRun:
        epochs, seed, devices = self._numbers()
        dataset, preset = (self.query_one(f"#{name}", Choice).value for name in ("dataset", "preset"))
        weights = self._weights()
        return NewRun(dataset, preset, epochs, weights, 0 if seed is None else seed, devices or 1)

    def _numbers(self) -> tuple[int | None, int | None, int | None]:
        epochs = self._number("epochs", 1, MOST_EPOCHS)
        return epochs, self._number("seed", 0, MOST_SEED), self._number("processes", 1, MOST_DEVICES)

    def _number(self, field: str, least: int, most: int) -> int | None:
        """The number in a field, None where it is empty. Raises UsageError, with the focus on the field."""
        entry = self.query_one(f"#{field}", Input)
        text = entry.value.strip()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            entry.focus()
            raise UsageError(f"{field} is a number from {least} to {most:,}, or empty")
        return int(text)

    def _weights(self) -> str | None:
        entry = self.query_one("#weights", Input)
        text = entry.value.strip()
        try:
            return checked_weights(text) if text else None
        except BinScoutError:
            entry.focus()
            raise
