"""Commands that work on every screen."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class AppContext(Protocol):
    """What the checks look at."""

    @property
    def has_messages(self) -> bool:
        """Whether there is a message whose details can be shown."""

    @property
    def can_suspend(self) -> bool:
        """Whether there is a shell to go back to."""


def has_messages(context: AppContext) -> Verdict:
    """There must have been a message."""
    return True if context.has_messages else "Nothing has gone wrong so far."


def has_shell(context: AppContext) -> Verdict:
    """A stopped program needs a shell that can wake it up."""
    return True if context.can_suspend else "No shell waits behind the program; q leaves it."


SCOPE = Scope(
    "app",
    "Everywhere",
    (
        Command("app.areas", ("comma",), "go", "Show the areas and go to one with its letter."),
        Command("app.help", ("question_mark", "f1"), "help", "Show the keys that work here."),
        Command("app.palette", ("colon", "ctrl+p"), "commands", "Find a command by its name.", footer=False),
        Command("app.up", ("escape",), "back", "Go up one level; never leaves the program.", footer=False),
        Command("app.close", ("q",), "back, quit", "Go up one level; on Home, leave the program.", footer=False),
        Command(
            "app.messages",
            ("e",),
            "messages",
            "Show what was told so far, with the details of errors, to read or copy.",
            allowed=has_messages,
            footer=False,
        ),
        Command(
            "app.redraw",
            ("ctrl+l",),
            "redraw",
            "Paint the whole screen and its pictures again; the signal USR1 does the same.",
            footer=False,
        ),
        Command(
            "app.suspend",
            ("ctrl+z",),
            "suspend",
            "Stop the program and show the shell; fg brings it back.",
            allowed=has_shell,
            footer=False,
        ),
        Command(
            "app.interrupt",
            ("ctrl+c",),
            "interrupt",
            "Copy the marked text, or say how one leaves.",
            footer=False,
            palette=False,
        ),
        Command(
            "app.area",
            ("f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"),
            "area",
            "Go to an area: F2 home, F3 capture, F4 select, F5 label, F6 training, F7 models, F8 gallery, F9 crops.",
            footer=False,
            takes_key=True,
            palette=False,
        ),
        Command("app.focus_next", ("tab",), "next panel", "Move to the next panel.", footer=False, palette=False),
        Command(
            "app.focus_previous",
            ("shift+tab",),
            "previous panel",
            "Move to the previous panel.",
            footer=False,
            palette=False,
        ),
    ),
)
