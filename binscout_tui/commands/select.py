"""Commands of Select."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays


class SelectContext(Protocol):
    """What the checks look at."""

    @property
    def is_loading(self) -> bool:
        """Whether the sets are still being read."""

    @property
    def has_set(self) -> bool:
        """Whether there is a set on the desk."""

    @property
    def skipped(self) -> int:
        """How many sets are skipped."""

    @property
    def is_cropping(self) -> bool:
        """Whether a crop is being edited."""

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was decided on the set and nothing ruled out."""

    @property
    def suggestions(self) -> bool:
        """Whether suggestions are shown."""

    @property
    def has_suggestion(self) -> bool:
        """Whether something is suggested for the set."""


def has_set(context: SelectContext) -> Verdict:
    """A set must be shown, and no crop be open."""
    if context.is_cropping:
        return "Finish the crop first: {crop.done} keeps it, {app.up} leaves it."
    return True if context.has_set else "There is no set yet; {select.group} makes some."


def not_cropping(context: SelectContext) -> Verdict:
    """No crop may be open."""
    return "Finish the crop first: {crop.done} keeps it, {app.up} leaves it." if context.is_cropping else True


def can_group(context: SelectContext) -> Verdict:
    """The sets must be there, and no crop be open."""
    return "The sets are still being read." if context.is_loading else not_cropping(context)


def has_skipped(context: SelectContext) -> Verdict:
    """There must be skipped sets, and no crop be open."""
    free = not_cropping(context)
    return free if free is not True else True if context.skipped else "No set is skipped."


def can_reset(context: SelectContext) -> Verdict:
    """Something must have been decided on the set."""
    shown = has_set(context)
    return shown if shown is not True else "Nothing is decided here yet." if context.is_untouched else True


def can_take(context: SelectContext) -> Verdict:
    """A suggestion must be on the screen: nobody takes what they cannot see."""
    shown = has_set(context)
    if shown is not True:
        return shown
    if not context.suggestions:
        return "Suggestions are hidden; t shows them."
    return True if context.has_suggestion else "Nothing is suggested for this set."


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
        Command(
            "select.skip",
            ("space",),
            "skip",
            "Pass by; {select.skipped} comes back to the skipped sets.",
            allowed=has_set,
        ),
        Command("select.previous", ("h",), "back", "Show the set before.", allowed=has_set),
        Command("select.next", ("l",), "on", "Show the set after.", allowed=has_set),
        Command(
            "select.undo", ("z", "u"), "undo", "Take back the last choice, and show its set.", allowed=not_cropping
        ),
        Command("select.take", ("y",), "take", "Keep the suggested image with its crop.", allowed=can_take),
        Command("select.suggestions", ("t",), "suggest", "Show or hide what is suggested.", allowed=has_set),
        Command(
            "select.look",
            ("v",),
            "closely",
            "Look at all images pixel by pixel, at the same place in each; v again shows them whole.",
            allowed=has_set,
        ),
        Command(
            "select.rule_out_marked",
            ("o",),
            "rule out",
            "Rule the marked image out or not; it stays, and nothing is decided.",
            allowed=has_set,
        ),
        Command("select.note", ("e",), "note", "Write one line about this set.", allowed=has_set),
        Command("select.skipped", ("s",), "skipped", "Show the next skipped set.", allowed=has_skipped),
        Command(
            "select.reset",
            ("R", "backspace"),
            "reset",
            "Take the set back to undecided, with nothing ruled out.",
            allowed=can_reset,
        ),
        Command("select.filter", ("f",), "filter", "Go through the sets of one state, or all.", allowed=has_set),
        Command(
            "select.queue",
            ("k",),
            "to crop",
            "Put the kept image, or the marked one, into the queue of images to crop.",
            allowed=has_set,
        ),
        Command(
            "select.group",
            ("G",),
            "make sets",
            "Make sets of the images that are in none, by folder, burst, stage or likeness.",
            allowed=can_group,
            footer=False,
        ),
        Command("select.redo", ("Z",), "redo", "Do again what was undone last.", allowed=not_cropping, footer=False),
        Command(
            "select.rule_out",
            (),
            "rule out",
            "Rule out the image with this number, or not; a keymap may give it keys.",
            allowed=has_set,
            footer=False,
            palette=False,
            slots=tuple("123456789"),
        ),
        Command("select.left", ("left",), "mark left", "Mark the image to the left.", allowed=has_set, footer=False),
        Command(
            "select.right", ("right",), "mark right", "Mark the image to the right.", allowed=has_set, footer=False
        ),
        Command("select.up", ("up",), "mark above", "Mark the image above.", allowed=has_set, footer=False),
        Command("select.down", ("down",), "mark below", "Mark the image below.", allowed=has_set, footer=False),
        Command("select.keep_marked", ("enter",), "keep", "Keep the marked image.", allowed=has_set, footer=False),
    ),
)
LOOK = Scope(
    "look",
    "Looking closely",
    (
        Command("look.closer", ("plus", "equals_sign"), "closer", "Look more closely at all images."),
        Command("look.farther", ("minus",), "farther", "Show more of all images."),
        FourWays(
            "look.pan",
            ("left", "down", "up", "right", "H", "J", "K", "L"),
            "pan",
            "See more of the left, the bottom, the top or the right of all images.",
            takes_key=True,
            palette=False,
        ),
        Command("look.leave", ("v", "backspace"), "whole", "Show all images whole again; Esc and q do the same."),
    ),
)
DECISIONS = frozenset(
    {
        "select.keep",
        "select.keep_marked",
        "select.take",
        "select.reject",
        "select.skip",
        "select.reset",
        "select.crop",
        "select.rule_out",
        "select.rule_out_marked",
        "select.note",
        "select.queue",
        "select.undo",
        "select.redo",
    }
)
"""What a key may only do once the set that it is meant for is on the screen; a held key must not outrun the eye."""
