"""Commands of Training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from binscout_tui.commands.command import Command, Scope, Verdict

if TYPE_CHECKING:
    from binscout_tui.store.runs import Run


class TrainingContext(Protocol):
    """What the checks look at."""

    @property
    def run(self) -> Run | None:
        """The run under the cursor."""

    @property
    def model_id(self) -> str | None:
        """The model that came out of the run."""

    @property
    def at_gate(self) -> bool:
        """Whether that model is being tested at the gate."""

    @property
    def datasets(self) -> int:
        """How many datasets there are."""


NO_RUN = "There is no run yet; n starts one."


def has_run(context: TrainingContext) -> Verdict:
    """A run must be under the cursor."""
    return True if context.run else NO_RUN


def can_start(context: TrainingContext) -> Verdict:
    """A dataset must exist."""
    return True if context.datasets else "There is no dataset yet; {training.dataset} makes one of the labelled images."


def can_cancel(context: TrainingContext) -> Verdict:
    """The run must wait or work, and nobody may have asked already."""
    if context.run is None:
        return NO_RUN
    if not context.run.job.is_open:
        return f"{context.run.id} is {context.run.job.state}; there is nothing to cancel."
    return f"{context.run.id} is being cancelled." if context.run.job.cancel_asked else True


def can_resume(context: TrainingContext) -> Verdict:
    """The run must have failed or been cancelled."""
    if context.run is None:
        return NO_RUN
    if context.run.job.state in ("failed", "cancelled"):
        return True
    return f"{context.run.id} is {context.run.job.state}; only a failed or cancelled run goes on."


def has_report(context: TrainingContext) -> Verdict:
    """The run must be done."""
    if context.run is None:
        return NO_RUN
    return True if context.run.job.state == "done" else f"{context.run.id} is {context.run.job.state}; no report yet."


def has_model(context: TrainingContext) -> Verdict:
    """A model must have come out of the run."""
    if context.run is None:
        return NO_RUN
    return True if context.model_id else f"No model has come out of {context.run.id} yet."


def can_gate(context: TrainingContext) -> Verdict:
    """Once at a time."""
    return f"{context.model_id} is at the gate; wait for its verdict." if context.at_gate else has_model(context)


SCOPE = Scope(
    "training",
    "Training",
    (
        Command("training.new", ("n",), "new run", "Start a training run.", allowed=can_start, anywhere=True),
        Command(
            "training.dataset",
            ("d",),
            "dataset",
            "Freeze all labelled images into a dataset to train on.",
            anywhere=True,
        ),
        Command("training.report", ("enter",), "report", "Show how good the model became.", allowed=has_report),
        Command("training.versus", ("v",), "versus", "Compare the run with another one.", allowed=has_report),
        Command("training.gate", ("G",), "gate", "Put the run's model to the gate's test.", allowed=can_gate),
        Command("training.cancel", ("x",), "cancel", "Stop the run; it can go on later.", allowed=can_cancel),
        Command("training.clear", ("C",), "clear", "Hide the log's lines up to now, for good.", allowed=has_run),
        Command("training.show_all", ("A",), "all", "Show the whole log again.", allowed=has_run),
        Command("training.resume", ("r",), "go on", "Go on with a run that stopped.", allowed=can_resume),
        Command("training.follow", ("f",), "follow", "Jump to the log's end and stay there.", allowed=has_run),
        Command(
            "training.details",
            ("e",),
            "details",
            "Show seed, settings, code, data and last words of the run, to copy.",
            allowed=has_run,
        ),
        Command("training.models", ("m",), "models", "Show the run's model among the models."),
        Command("training.up", ("up", "k"), "up", "Move to the run above.", footer=False, palette=False),
        Command("training.down", ("down", "j"), "down", "Move to the run below.", footer=False, palette=False),
        Command("training.log_up", ("pageup", "ctrl+u"), "log up", "Scroll the log up.", footer=False, palette=False),
        Command(
            "training.log_down", ("pagedown", "ctrl+d"), "log down", "Scroll the log down.", footer=False, palette=False
        ),
        Command(
            "training.log_home", ("home", "g"), "log top", "Go to the log's beginning.", footer=False, palette=False
        ),
        Command("training.log_end", ("end",), "log end", "Go to the log's end.", footer=False, palette=False),
    ),
)
