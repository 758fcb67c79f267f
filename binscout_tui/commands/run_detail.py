"""Commands of the dialog that shows a run, and of the list of its files."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class DetailContext(Protocol):
    """What the checks look at."""

    @property
    def state(self) -> str | None:
        """The state of the run, None while it is being read or could not be."""

    @property
    def has_manifest(self) -> bool:
        """Whether the run has a manifest that can be read."""

    @property
    def has_commands(self) -> bool:
        """Whether there are commands to copy."""

    @property
    def may_operate(self) -> str | None:
        """Why this person may not verify, or None."""

    @property
    def may_manage(self) -> str | None:
        """Why this person may not restore, or None."""


READING = "The run is being read; press the key again when it is there."
NOTHING = "Nothing of this run can be used: it has no manifest that can be read."
DAMAGED = (
    "This run is damaged, so it does not replace what is here. What is whole of it can be had in another folder:"
    " `binscout backup restore RUN --to FOLDER --skip-damaged`."
)


def has_manifest(context: DetailContext) -> Verdict:
    """A run with a manifest."""
    return True if context.has_manifest else READING if context.state is None else NOTHING


def can_verify(context: DetailContext) -> Verdict:
    """A run with a manifest, for operators."""
    return context.may_operate or has_manifest(context)


def can_restore(context: DetailContext) -> Verdict:
    """A run of which nothing is damaged, for admins."""
    found = context.may_manage or has_manifest(context)
    return DAMAGED if found is True and context.state == "damaged" else found


def can_copy(context: DetailContext) -> Verdict:
    """There must be something to copy."""
    return True if context.has_commands else has_manifest(context)


def _move(name: str, keys: tuple[str, ...], help: str) -> Command:
    return Command(f"dialog.{name}", keys, name.replace("_", " "), help, footer=False, palette=False)


DETAIL = Scope(
    "run_detail",
    "One run of a backup",
    (
        Command("dialog.cancel", ("escape", "q"), "close", "Close this.", palette=False),
        Command("dialog.files", ("f",), "files", "Show all its files.", allowed=has_manifest, palette=False),
        Command("dialog.verify", ("v",), "verify", "Check the run.", allowed=can_verify, palette=False),
        Command("dialog.restore", ("R",), "restore", "Bring it back.", allowed=can_restore, palette=False),
        Command(
            "dialog.folder", ("o",), "to folder", "Bring it back to another folder.", allowed=can_restore, palette=False
        ),
        Command(
            "dialog.copy",
            ("y",),
            "copy",
            "Copy the commands that bring it back without this program.",
            allowed=can_copy,
            palette=False,
        ),
        Command("dialog.next", ("tab",), "next button", "Go to the next button.", footer=False, palette=False),
        Command(
            "dialog.previous", ("shift+tab",), "button before", "Go to the button before.", footer=False, palette=False
        ),
        _move("down", ("down", "j"), "Scroll down."),
        _move("up", ("up", "k"), "Scroll up."),
        _move("page_down", ("pagedown", "space", "ctrl+d"), "Scroll a page down."),
        _move("page_up", ("pageup", "ctrl+u"), "Scroll a page up."),
        _move("first", ("home", "g"), "Scroll to the top."),
        _move("last", ("end", "G"), "Scroll to the end."),
    ),
    dialog=True,
)
FILES = Scope(
    "run_files",
    "Files of a run",
    (
        Command("dialog.cancel", ("escape",), "close", "Close this.", palette=False),
        _move("down", ("down",), "Scroll down."),
        _move("up", ("up",), "Scroll up."),
        Command("dialog.page_down", ("pagedown",), "page down", "Scroll a page down.", palette=False),
        Command("dialog.page_up", ("pageup",), "page up", "Scroll a page up.", palette=False),
        _move("first", ("home",), "Show the first file."),
        _move("last", ("end",), "Show the last file."),
    ),
    dialog=True,
)
