"""Commands of Backups and of its dialogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from binscout_tui.commands.command import Command, Scope, Verdict

if TYPE_CHECKING:
    from binscout_tui.operations.backups.listing import RunRow
    from binscout_tui.store.jobs import Job


class BackupsContext(Protocol):
    """What the checks look at."""

    @property
    def targets(self) -> int:
        """How many targets there are."""

    @property
    def run(self) -> RunRow | None:
        """The run under the cursor."""

    @property
    def row(self) -> RunRow | None:
        """The row under the cursor, also of work that left no run."""

    @property
    def working(self) -> Job | None:
        """The backup, verification, prune or restore that goes on."""

    @property
    def failed(self) -> Job | None:
        """The last one, where it failed and can be started again."""

    @property
    def may_operate(self) -> str | None:
        """Why this person may not back up and verify, or None."""

    @property
    def may_manage(self) -> str | None:
        """Why this person may not restore, delete and change targets, with who may; or None."""

    @property
    def cannot_cancel(self) -> str | None:
        """Why what goes on cannot be stopped any more, or None."""

    @property
    def cannot_undo(self) -> str | None:
        """Why there is no restore to take back, or None."""


NO_TARGET = "There is no target for backups yet; {backups.targets} adds one."
NO_RUN = "There is no run yet; {backups.back_up} makes one."
NEVER_FINISHED = "This run was never finished, so there is nothing in it; {backups.back_up} makes a new one."
NOT_THERE = frozenset({"abandoned", "uploading", "running", "failed", "cancelled"})
"""States of runs that have no valid manifest on the target."""
TYPED = frozenset({"restore", "rollback"})
"""Kinds of jobs that a person allowed by typing a word."""


def has_target(context: BackupsContext) -> Verdict:
    """A target must be known."""
    return True if context.targets else NO_TARGET


def has_targets(context: BackupsContext) -> Verdict:
    """More than one target must be known."""
    return True if context.targets > 1 else "There is no other target; {backups.targets} adds one."


def has_row(context: BackupsContext) -> Verdict:
    """A run, or work that left none, must be under the cursor."""
    return has_run(context) if context.row is None else True


def has_run(context: BackupsContext) -> Verdict:
    """A run must be under the cursor."""
    if context.run is None:
        if context.row is not None:
            return NEVER_FINISHED
        return NO_RUN if context.targets else NO_TARGET
    return True


def can_back_up(context: BackupsContext) -> Verdict:
    """One thing at a time."""
    return context.may_operate or (_free(context) if context.targets else NO_TARGET)


def can_verify(context: BackupsContext) -> Verdict:
    """A run with a manifest, one thing at a time."""
    return context.may_operate or _whole_run(context) or _free(context)


def can_restore(context: BackupsContext) -> Verdict:
    """For admins; a run with a manifest. What is whole of a damaged one can be had in another folder."""
    return context.may_manage or _whole_run(context) or _free(context)


def can_prune(context: BackupsContext) -> Verdict:
    """For admins, one thing at a time."""
    return context.may_manage or (_free(context) if context.targets else NO_TARGET)


def can_undo(context: BackupsContext) -> Verdict:
    """For admins, where a restore has left a copy of what was here before."""
    return context.may_manage or context.cannot_undo or _free(context)


def can_cancel(context: BackupsContext) -> Verdict:
    """Something must go on, and may not be past the point of return."""
    if context.working is None:
        return "Nothing goes on that could be cancelled."
    if context.working.cancel_asked:
        return "It is being cancelled."
    return context.may_operate or context.cannot_cancel or True


def can_retry(context: BackupsContext) -> Verdict:
    """The last one must have failed."""
    if context.failed is None:
        return "Nothing has failed that could be started again."
    if context.failed.kind in TYPED:
        return "A typed word counts once: {backups.restore} asks for it again, {backups.undo_restore} for a rollback."
    allowed = context.may_operate if context.failed.kind in ("backup", "backup-verify") else context.may_manage
    return allowed or _free(context)


def _whole_run(context: BackupsContext) -> str | None:
    found = has_run(context)
    if found is not True:
        return found
    return NEVER_FINISHED if context.run is not None and context.run.state in NOT_THERE else None


def _free(context: BackupsContext) -> Verdict:
    if context.working is None:
        return True
    return (
        f"Wait for what goes on ({context.working.kind}, job {context.working.id}), or {{backups.cancel}} cancels it."
    )


def _move(scope: str, name: str, keys: tuple[str, ...], help: str) -> Command:
    return Command(f"{scope}.{name}", keys, name.replace("_", " "), help, footer=False, palette=False)


SCOPE = Scope(
    "backups",
    "Backups",
    (
        Command("backups.detail", ("enter",), "detail", "Show all that is known of the run.", allowed=has_row),
        Command(
            "backups.back_up",
            ("b",),
            "back up",
            "Back up now, to the target that is shown.",
            allowed=can_back_up,
            anywhere=True,
        ),
        Command("backups.restore", ("R",), "restore", "Bring back what the run holds.", allowed=can_restore),
        Command("backups.verify", ("v",), "verify", "Check the run: sizes, or every byte.", allowed=can_verify),
        Command("backups.prune", ("p",), "prune", "Show which runs would go, then ask.", allowed=can_prune),
        Command(
            "backups.repair",
            ("m",),
            "repair",
            "Make again what is missing or damaged on the target.",
            allowed=can_prune,
            footer=False,
        ),
        Command("backups.cancel", ("x",), "cancel", "Stop what goes on.", allowed=can_cancel, footer=False),
        Command("backups.targets", ("T",), "targets", "Add, test, remove or choose targets.", anywhere=True),
        Command("backups.retry", ("a",), "again", "Start again what failed.", allowed=can_retry, footer=False),
        Command("backups.look", ("r",), "look", "Look at the target again.", allowed=has_target),
        Command(
            "backups.schedule",
            ("S",),
            "schedule",
            "Show or set when backups run by themselves.",
            allowed=has_target,
        ),
        Command(
            "backups.undo_restore",
            ("u",),
            "undo restore",
            "Put back what was here before the last restore.",
            allowed=can_undo,
            footer=False,
        ),
        Command(
            "backups.target_next",
            ("right", "l"),
            "next target",
            "Show the next target.",
            allowed=has_targets,
            footer=False,
        ),
        Command(
            "backups.target_before",
            ("left", "h"),
            "target before",
            "Show the target before.",
            allowed=has_targets,
            footer=False,
        ),
        _move("backups", "up", ("up", "k"), "Move to the run above."),
        _move("backups", "down", ("down", "j"), "Move to the run below."),
        _move("backups", "page_up", ("pageup", "ctrl+u"), "Move up by a page."),
        _move("backups", "page_down", ("pagedown", "ctrl+d"), "Move down by a page."),
        _move("backups", "first", ("home", "g"), "Move to the newest run."),
        _move("backups", "last", ("end", "G"), "Move to the oldest run."),
    ),
)
_NEXT = Command("dialog.down", ("tab", "down"), "next field", "Go to the next field.", palette=False)
_BEFORE = Command("dialog.up", ("shift+tab", "up"), "field before", "Go to the field before.", footer=False)
_PAGES = (
    Command("dialog.page_down", ("pagedown", "ctrl+d"), "page down", "Scroll a page down.", palette=False),
    _move("dialog", "page_up", ("pageup", "ctrl+u"), "Scroll a page up."),
)
RESTORE = Scope(
    "restore",
    "Restore",
    (
        Command("dialog.submit", ("enter",), "restore", "Restore, once the word is typed.", palette=False),
        Command("dialog.cancel", ("escape",), "close", "Close without doing anything.", palette=False),
        Command("dialog.previous", ("left",), "other", "Choose what to restore.", footer=False, palette=False),
        Command("dialog.next", ("right",), "other", "Choose what to restore.", palette=False),
        _NEXT,
        _BEFORE,
        *_PAGES,
    ),
    dialog=True,
)
PRUNE = Scope(
    "prune",
    "Prune",
    (
        Command("dialog.submit", ("enter",), "prune", "Delete them, once the word is typed.", palette=False),
        Command("dialog.cancel", ("escape",), "close", "Close without deleting anything.", palette=False),
        _NEXT,
        _BEFORE,
        *_PAGES,
    ),
    dialog=True,
)
TARGETS = Scope(
    "targets",
    "Targets",
    (
        Command("dialog.submit", ("enter",), "show", "Show the runs of the marked target.", palette=False),
        Command("dialog.new", ("n",), "new", "Add a target.", palette=False),
        Command("dialog.test", ("t",), "test", "Test the marked target.", palette=False),
        Command("dialog.remove", ("D",), "remove", "Forget the marked target.", palette=False),
        Command("dialog.cancel", ("escape", "q"), "close", "Close this.", palette=False),
        _move("dialog", "down", ("down", "j"), "Mark the next one."),
        _move("dialog", "up", ("up", "k"), "Mark the one before."),
    ),
    dialog=True,
)
