"""Commands of Select."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class SelectContext(Protocol):
    """What the checks look at."""

    @property
    def has_set(self) -> bool:
        """Whether there is a set on the desk."""

    @property
    def skipped(self) -> int:
        """How many sets are skipped."""

    @property
    def is_cropping(self) -> bool:
        """Whether a crop is being edited."""


def has_set(context: SelectContext) -> Verdict:
    """A set must be shown, and no crop be open."""
    if context.is_cropping:
        return "Finish the crop first: Enter keeps it, Esc leaves it."
    return True if context.has_set else "There is no set yet; `binscout import FOLDER --sets folder` makes some."


def not_cropping(context: SelectContext) -> Verdict:
    """No crop may be open."""
    return "Finish the crop first: Enter keeps it, Esc leaves it." if context.is_cropping else True


def has_skipped(context: SelectContext) -> Verdict:
    """There must be skipped sets, and no crop be open."""
    free = not_cropping(context)
    return free if free is not True else True if context.skipped else "No set is skipped."


SCOPE = Scope(
    "select",
    "Select",
    (
        Command(
            "select.keep",
            tuple("123456789"),
            "keep",
            "Keep this image of the set and no other.",
            allowed=has_set,
            takes_key=True,
            palette=False,
        ),
        Command("select.crop", ("c",), "crop", "Crop the image that is marked, and keep it.", allowed=has_set),
        Command("select.reject", ("x",), "reject all", "Keep no image of this set.", allowed=has_set),
        Command("select.skip", ("space",), "skip", "Pass by; s comes back to the skipped sets.", allowed=has_set),
        Command("select.previous", ("h",), "back", "Show the set before.", allowed=has_set),
        Command("select.next", ("l",), "on", "Show the set after.", allowed=has_set),
        Command(
            "select.undo", ("z", "u"), "undo", "Take back the last choice, and show its set.", allowed=not_cropping
        ),
        Command("select.skipped", ("s",), "skipped", "Show the next skipped set.", allowed=has_skipped),
        Command("select.redo", ("Z",), "redo", "Do again what was undone last.", allowed=not_cropping, footer=False),
        Command("select.left", ("left",), "mark left", "Mark the image to the left.", allowed=has_set, footer=False),
        Command(
            "select.right", ("right",), "mark right", "Mark the image to the right.", allowed=has_set, footer=False
        ),
        Command("select.up", ("up",), "mark above", "Mark the image above.", allowed=has_set, footer=False),
        Command("select.down", ("down",), "mark below", "Mark the image below.", allowed=has_set, footer=False),
        Command("select.keep_marked", ("enter",), "keep", "Keep the marked image.", allowed=has_set, footer=False),
    ),
)
DECISIONS = frozenset(
    {
        "select.keep",
        "select.keep_marked",
        "select.reject",
        "select.skip",
        "select.crop",
        "select.undo",
        "select.redo",
    }
)
"""What a key may only do once the set that it is meant for is on the screen; a held key must not outrun the eye."""
