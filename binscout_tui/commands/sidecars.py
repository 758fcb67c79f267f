"""Commands of the look at sidecars."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class SidecarsContext(Protocol):
    """What the checks look at."""

    @property
    def has_findings(self) -> bool:
        """Whether there is a finding under the cursor."""

    @property
    def can_mend(self) -> bool:
        """Whether something is chosen that can be mended, or is under the cursor."""

    @property
    def can_choose(self) -> bool:
        """Whether what is under the cursor can be mended."""

    @property
    def has_folder(self) -> bool:
        """Whether it is known where to look."""

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""

    @property
    def is_moving(self) -> bool:
        """Whether files are being moved."""

    @property
    def is_viewer(self) -> bool:
        """Whether the person may only look."""


LOOKING = "The folder is being looked at; wait for the end, or stop it with Esc."
MOVING = "Files are being moved; wait for the end."
BY_HAND = "Only a person can mend this: open the file, or move it by hand."
NONE = "There is no finding; {sidecars.open} looks at a folder."


def may_look(context: SidecarsContext) -> Verdict:
    """Nothing else must be under way."""
    if context.is_moving:
        return MOVING
    return LOOKING if context.is_looking else True


def can_look_again(context: SidecarsContext) -> Verdict:
    """It must be known where to look."""
    if (found := may_look(context)) is not True:
        return found
    return True if context.has_folder else "No folder was looked at yet; {sidecars.open} asks for one."


def can_choose(context: SidecarsContext) -> Verdict:
    """There must be a finding that can be mended."""
    if not context.has_findings:
        return NONE
    return True if context.can_choose else BY_HAND


def can_mend(context: SidecarsContext) -> Verdict:
    """Something must be there to mend, and the person must be an operator."""
    if (found := may_look(context)) is not True:
        return found
    if not context.has_findings:
        return NONE
    if context.is_viewer:
        return "Moving files needs the role operator."
    return True if context.can_mend else BY_HAND


def may_undo(context: SidecarsContext) -> Verdict:
    """The person must be an operator, and nothing else be under way."""
    if (found := may_look(context)) is not True:
        return found
    return "Moving files needs the role operator." if context.is_viewer else True


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"sidecars.{name}", keys, title, text, footer=False, palette=False)


SCOPE = Scope(
    "sidecars",
    "Sidecars",
    (
        Command("sidecars.open", ("o",), "folder", "Ask for a folder and look at it.", allowed=may_look),
        Command(
            "sidecars.in_place",
            ("w",),
            "in place",
            "Look at the folders of this workspace's images that stayed where they were.",
            allowed=may_look,
        ),
        Command("sidecars.again", ("r",), "again", "Look at the same folder again.", allowed=can_look_again),
        Command("sidecars.choose", ("space",), "choose", "Choose this to be mended, or not.", allowed=can_choose),
        Command("sidecars.all", ("a",), "all", "Choose all findings of this kind, or none.", allowed=can_choose),
        Command(
            "sidecars.show",
            ("enter",),
            "mend",
            "Show what would be done about what is chosen, else about this; nothing is done yet.",
            allowed=can_mend,
        ),
        Command("sidecars.undo", ("z",), "undo", "Take back what was mended last.", allowed=may_undo),
        Command("sidecars.next_kind", ("n",), "next kind", "Go to the next kind of finding.", footer=False),
        Command("sidecars.previous_kind", ("N",), "kind before", "Go to the kind of finding before.", footer=False),
        _move("up", ("up", "k"), "up", "Move to the finding above."),
        _move("down", ("down", "j"), "down", "Move to the finding below."),
        _move("page_up", ("pageup",), "page up", "Move up by a page."),
        _move("page_down", ("pagedown",), "page down", "Move down by a page."),
        _move("first", ("home",), "first", "Move to the first finding."),
        _move("last", ("end",), "last", "Move to the last finding."),
    ),
)


class PlanContext(Protocol):
    """What the check of the plan looks at."""

    @property
    def has_moves(self) -> bool:
        """Whether there is anything to do."""


def has_moves(context: PlanContext) -> Verdict:
    """There must be something to do."""
    return True if context.has_moves else "Nothing of this can be done; the reasons are in the list."


PLAN = Scope(
    "mending",
    "What mending would do",
    (
        Command("mending.yes", ("y",), "do it", "Move these files; undo takes it back.", allowed=has_moves),
        Command("mending.down", ("down", "j"), "down", "Scroll down.", footer=False, palette=False),
        Command("mending.up", ("up", "k"), "up", "Scroll up.", footer=False, palette=False),
        Command("mending.page_down", ("pagedown", "space"), "page", "Scroll a page down.", palette=False),
        Command("mending.page_up", ("pageup",), "page up", "Scroll a page up.", footer=False, palette=False),
        Command("mending.cancel", ("escape", "n", "q"), "close", "Close without doing anything.", palette=False),
    ),
    dialog=True,
)
