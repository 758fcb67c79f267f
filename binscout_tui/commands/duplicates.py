"""Commands of the screen of duplicates."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class DuplicatesContext(Protocol):
    """What the checks look at."""

    @property
    def has_group(self) -> bool:
        """Whether a group is on the screen."""

    @property
    def has_choice(self) -> bool:
        """Whether somebody chose the image to keep."""

    @property
    def sure(self) -> int:
        """How many groups may be taken together."""

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""

    @property
    def is_taking(self) -> bool:
        """Whether the sure ones are being taken."""

    @property
    def is_viewer(self) -> bool:
        """Whether the person may only look."""


VIEWER = "Deciding on duplicates needs the role operator."
TAKING = "The sure ones are being taken; Esc stops after the next few."
NO_GROUP = "There is no group here; {duplicates.find} looks for duplicates."


def has_group(context: DuplicatesContext) -> Verdict:
    """There must be a group."""
    return True if context.has_group else NO_GROUP


def may_decide(context: DuplicatesContext) -> Verdict:
    """There must be a group, and the person be an operator."""
    there = has_group(context)
    return may_undo(context) if there is True else there


def can_keep(context: DuplicatesContext) -> Verdict:
    """Somebody must have chosen which one stays."""
    there = may_decide(context)
    if there is not True:
        return there
    return True if context.has_choice else "Say first which one stays: press its number."


def can_take(context: DuplicatesContext) -> Verdict:
    """There must be groups without any doubt."""
    may = may_undo(context)
    if may is not True:
        return may
    return True if context.sure else "No group has the same bytes or pixels; near ones are decided on one by one."


def may_find(context: DuplicatesContext) -> Verdict:
    """Nobody else must be looking."""
    if context.is_viewer:
        return "Looking for duplicates needs the role operator."
    return "The library is being looked at; the line above says how far it is." if context.is_looking else True


def may_undo(context: DuplicatesContext) -> Verdict:
    """The person must be an operator, and no long decision on its way."""
    return VIEWER if context.is_viewer else TAKING if context.is_taking else True


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"duplicates.{name}", keys, title, text, footer=False, palette=False)


SCOPE = Scope(
    "duplicates",
    "Duplicates",
    (
        Command(
            "duplicates.choose",
            tuple("123456789"),
            "stays",
            "Say which image of the group stays; nothing is moved yet.",
            allowed=may_decide,
            takes_key=True,
            palette=False,
        ),
        Command(
            "duplicates.keep",
            ("enter",),
            "keep",
            "Keep that image, with tags, collections, star, label and notes of the others; those go to the trash.",
            allowed=can_keep,
        ),
        Command(
            "duplicates.apart", ("n",), "not the same", "These are no duplicates; remember it.", allowed=may_decide
        ),
        Command("duplicates.skip", ("s", "space"), "skip", "Go on without deciding.", allowed=has_group),
        Command("duplicates.undo", ("z",), "undo", "Take back the last decision.", allowed=may_undo),
        Command("duplicates.redo", ("Z",), "redo", "Do again what was undone.", allowed=may_undo, footer=False),
        Command("duplicates.find", ("f",), "find", "Look for duplicates in the library.", allowed=may_find),
        Command(
            "duplicates.find_wide",
            ("F",),
            "find more",
            "Look for duplicates, and for other shots of the same scene.",
            allowed=may_find,
            footer=False,
        ),
        Command(
            "duplicates.take_sure",
            ("A",),
            "take sure ones",
            "Keep the suggested image of every group with the same bytes or pixels, after a typed word.",
            allowed=can_take,
            footer=False,
        ),
        Command(
            "duplicates.look",
            ("plus", "equals_sign"),
            "closer",
            "Look more closely at all pictures at once.",
            allowed=has_group,
            footer=False,
        ),
        Command("duplicates.open", ("o",), "open", "Show this image in the gallery.", allowed=has_group, footer=False),
        _move("up", ("up", "k"), "up", "Move to the group above."),
        _move("down", ("down", "j"), "down", "Move to the group below."),
        _move("page_up", ("pageup",), "page up", "Move up by a page."),
        _move("page_down", ("pagedown",), "page down", "Move down by a page."),
        _move("first", ("home",), "first", "Move to the first group."),
        _move("last", ("end",), "last", "Move to the last group."),
    ),
)
DECISIONS = frozenset(
    {"duplicates.choose", "duplicates.keep", "duplicates.apart", "duplicates.undo", "duplicates.redo"}
)
"""What a key may only do once the pictures that it is meant for are on the screen."""
