"""Commands of Models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from binscout_tui.commands.command import Command, Scope, Verdict

if TYPE_CHECKING:
    from binscout_tui.store.models import Model


class ModelsContext(Protocol):
    """What the checks look at."""

    @property
    def model(self) -> Model | None:
        """The model under the cursor."""

    @property
    def refusal(self) -> str | None:
        """Why the gate does not let the model under the cursor be activated, or None."""

    @property
    def can_go_back(self) -> bool:
        """Whether another model was active before."""

    @property
    def busy(self) -> str | None:
        """What is being done to a model at this moment, or None."""


NO_MODEL = "There is no model yet; a training run makes one."


def can_gate(context: ModelsContext) -> Verdict:
    """One thing at a time."""
    if context.model is None:
        return NO_MODEL
    return context.busy or True


def can_activate(context: ModelsContext) -> Verdict:
    """Only through the gate."""
    if context.model is None:
        return NO_MODEL
    if context.model.active:
        return f"{context.model.id} is the active model already."
    return context.busy or context.refusal or True


def can_roll_back(context: ModelsContext) -> Verdict:
    """There must be a model to go back to."""
    return context.busy or True if context.can_go_back else "No model was active before this one."


def has_model(context: ModelsContext) -> Verdict:
    """A model must be under the cursor."""
    return True if context.model else NO_MODEL


SCOPE = Scope(
    "models",
    "Models",
    (
        Command("models.gate", ("G",), "gate", "Test the model on the known-good images.", allowed=can_gate),
        Command("models.activate", ("a",), "activate", "Make this the model in use.", allowed=can_activate),
        Command("models.rollback", ("b",), "roll back", "Go back to the model used before.", allowed=can_roll_back),
        Command("models.report", ("enter",), "report", "Show how good the model is.", allowed=has_model),
        Command("models.up", ("up", "k"), "up", "Move to the model above.", footer=False, palette=False),
        Command("models.down", ("down", "j"), "down", "Move to the model below.", footer=False, palette=False),
        Command("models.card_up", ("pageup", "ctrl+u"), "card up", "Scroll the card up.", footer=False, palette=False),
        Command(
            "models.card_down",
            ("pagedown", "ctrl+d"),
            "card down",
            "Scroll the card down.",
            footer=False,
            palette=False,
        ),
    ),
)
