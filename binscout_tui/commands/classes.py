"""Commands of the set of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from binscout_tui.commands.command import Command, Scope, Verdict

if TYPE_CHECKING:
    from binscout_tui.store.users import Role


class ClassesContext(Protocol):
    """What the checks look at."""

    @property
    def is_on_class(self) -> bool:
        """Whether there is a class under the cursor."""

    @property
    def is_archived(self) -> bool:
        """Whether it is archived."""

    @property
    def can_merge(self) -> bool:
        """Whether there is another class that is not archived."""

    def refusal(self, role: Role) -> str:
        """Why the user may not do what needs this role; empty when they may."""


def may_edit(context: ClassesContext) -> Verdict:
    """The user must be an operator."""
    return context.refusal("operator") or True


def on_class(context: ClassesContext) -> Verdict:
    """The user must be an operator, and there must be a class."""
    return context.refusal("operator") or has_class(context)


def has_class(context: ClassesContext) -> Verdict:
    """There must be a class."""
    return True if context.is_on_class else "There is no class yet; {classes.new} makes one."


def can_merge(context: ClassesContext) -> Verdict:
    """The user must be an admin, the class in use, and another there to merge it into."""
    return context.refusal("admin") or in_use(context, "There is no other class to merge it into.", context.can_merge)


def can_archive(context: ClassesContext) -> Verdict:
    """The user must be an admin, and the class in use."""
    return context.refusal("admin") or in_use(context)


def can_restore(context: ClassesContext) -> Verdict:
    """The user must be an admin, and the class archived."""
    verdict = context.refusal("admin") or has_class(context)
    if verdict is not True or context.is_archived:
        return verdict
    return "This class is not archived; {classes.archived} shows those that are."


def in_use(context: ClassesContext, otherwise: str = "", holds: bool = True) -> Verdict:
    """There must be a class that is not archived, and something must hold."""
    verdict = has_class(context)
    if verdict is not True:
        return verdict
    if context.is_archived:
        return "This class is archived; {classes.restore} brings it back."
    return True if holds else otherwise


def _edit(
    name: str, key: str, title: str, text: str, *, allowed: Callable[[ClassesContext], Verdict] = on_class
) -> Command:
    return Command(f"classes.{name}", (key,), title, text, allowed=allowed)


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"classes.{name}", keys, title, text, footer=False, palette=False)


SCOPE = Scope(
    "classes",
    "Classes",
    (
        _edit("new", "n", "new", "Make a new class.", allowed=may_edit),
        Command("classes.rename", ("r", "enter"), "rename", "Give it another name.", allowed=on_class),
        _edit("key", "s", "key", "Set the key that labels with it."),
        _edit("colour", "c", "colour", "Give it a colour."),
        _edit("group", "g", "group", "Put it into a group, or into none."),
        _edit("parent", "p", "parent", "Put it below another class, or below none."),
        _edit("merge", "m", "merge", "Move all that is labelled with it to another class.", allowed=can_merge),
        _edit("archive", "d", "archive", "Offer it no more; what is labelled stays.", allowed=can_archive),
        _edit("undo", "z", "undo", "Take back the last change of classes.", allowed=may_edit),
        Command("classes.redo", ("Z",), "redo", "Do again what was undone.", allowed=may_edit, footer=False),
        Command("classes.earlier", ("K",), "up", "Move the class up in the order.", allowed=on_class, footer=False),
        Command("classes.later", ("J",), "down", "Move the class down in the order.", allowed=on_class, footer=False),
        Command("classes.archived", ("a",), "archived", "Show the archived classes too, or not."),
        Command(
            "classes.restore",
            ("R",),
            "restore",
            "Bring an archived class back.",
            allowed=can_restore,
            footer=False,
        ),
        _move("up", ("up", "k"), "up", "Move to the class above."),
        _move("down", ("down", "j"), "down", "Move to the class below."),
        _move("page_up", ("pageup",), "page up", "Move up by a page."),
        _move("page_down", ("pagedown",), "page down", "Move down by a page."),
        _move("first", ("home",), "first", "Move to the first class."),
        _move("last", ("end",), "last", "Move to the last class."),
    ),
)
DECISIONS = frozenset({"classes.archive", "classes.restore", "classes.undo", "classes.redo"})
"""What a key may only do once the class that it is meant for is on the screen."""
