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
    def is_shadow(self) -> bool:
        """Whether the model under the cursor is asked beside the active one."""

    @property
    def has_shadow(self) -> bool:
        """Whether any model is asked beside the active one."""

    @property
    def may_insist(self) -> str | None:
        """Why this person may not activate without the gate, or None."""

    @property
    def needed(self) -> str | None:
        """Why the model under the cursor may not be deleted, or None."""

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


def can_insist(context: ModelsContext) -> Verdict:
    """Where the gate says no, for an admin with a reason."""
    if context.model is None:
        return NO_MODEL
    if context.model.active:
        return f"{context.model.id} is the active model already."
    if context.refusal is None:
        return "The gate lets it through; {models.activate} activates it."
    return context.busy or context.may_insist or True


def can_shadow(context: ModelsContext) -> Verdict:
    """Another model must be active for its task; the one that is a shadow can be ended."""
    if context.model is None:
        return NO_MODEL
    if context.model.task != "classify":
        return f"Only models for classify answer beside the active one; {context.model.id} is for {context.model.task}."
    if context.model.active:
        return f"{context.model.id} is the active model; another one can be asked beside it."
    return context.busy or True


def has_shadow(context: ModelsContext) -> Verdict:
    """Something must have been asked beside the active model."""
    return True if context.has_shadow else "No model is asked beside the active one; {models.shadow} begins."


def can_delete(context: ModelsContext) -> Verdict:
    """Not what is in use, and not what a rollback comes back to."""
    if context.model is None:
        return NO_MODEL
    return context.busy or context.needed or True


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
        Command("models.card", ("enter",), "card", "Show all that is known of the model.", allowed=has_model),
        Command("models.report", ("r",), "report", "Show how good the model is.", allowed=has_model),
        Command("models.shadow", ("s",), "shadow", "Ask it beside the active one, or no more.", allowed=can_shadow),
        Command(
            "models.shadow_report",
            ("S",),
            "both said",
            "Where the active one and its shadow differ.",
            allowed=has_shadow,
        ),
        Command("models.note", ("n",), "note", "Write a line about the model.", allowed=has_model, footer=False),
        Command(
            "models.insist",
            ("A",),
            "insist",
            "Make this the model in use without the gate, for a typed reason.",
            allowed=can_insist,
            footer=False,
        ),
        Command("models.delete", ("D",), "delete", "Delete the model's files.", allowed=can_delete, footer=False),
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
