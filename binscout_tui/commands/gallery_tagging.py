"""Commands of the gallery: tags."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.gallery_checks import can_trash, in_grid, shows_image

COMMANDS: tuple[Command, ...] = (
    Command(
        "gallery.tag",
        ("t",),
        "tag",
        "Put tags on the marked images, without marks on this one, or take them off.",
        allowed=can_trash,
    ),
    Command("gallery.tags", ("T",), "tags", "Manage the tags: rename, merge, colour, hide, delete.", footer=False),
    Command(
        "gallery.by_name",
        (),
        "group by name",
        "Find the names of persons, characters and items, and make collections of them.",
        allowed=in_grid,
        footer=False,
    ),
)
"""Of the grid."""
FULL_COMMANDS: tuple[Command, ...] = (
    Command("full.tag", ("t",), "tag", "Put tags on this image, or take them off.", allowed=shows_image, footer=False),
)
"""Of the full view."""
DECISIONS: frozenset[str] = frozenset({"gallery.tag", "full.tag"})
"""What a key may only do once the image that it is meant for is on the screen."""

_CANCEL = Command("dialog.cancel", ("escape",), "close", "Close without doing anything.", palette=False)
PICKER = Scope(
    "tag_picker",
    "Choosing tags",
    (
        Command("dialog.submit", ("enter",), "take", "Take what was turned, typed or marked.", palette=False),
        Command(
            "tag_picker.turn",
            ("tab", "space"),
            "turn, stay",
            "Turn the marked tag and stay; a space too where no name is being typed.",
            palette=False,
        ),
        Command("dialog.down", ("down",), "down", "Mark the next one.", footer=False, palette=False),
        Command("dialog.up", ("up",), "up", "Mark the one before.", footer=False, palette=False),
        _CANCEL,
    ),
    dialog=True,
)


class ManagerContext(Protocol):
    """What the checks of the tags manager look at."""

    @property
    def is_on_tag(self) -> bool:
        """Whether there is a tag under the cursor."""

    @property
    def can_merge(self) -> bool:
        """Whether there is another tag."""

    @property
    def is_viewer(self) -> bool:
        """Whether the person may only look."""


def may_edit(context: ManagerContext) -> Verdict:
    """The person must be an operator."""
    return "Changing tags needs the role operator." if context.is_viewer else True


def on_tag(context: ManagerContext) -> Verdict:
    """There must be a tag, and the person must be an operator."""
    if (verdict := may_edit(context)) is not True:
        return verdict
    return True if context.is_on_tag else "There is no tag here; {tags.new} makes one."


def can_merge(context: ManagerContext) -> Verdict:
    """There must be another tag to merge into."""
    verdict = on_tag(context)
    return verdict if verdict is not True or context.can_merge else "There is no other tag to merge it into."


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"tags.{name}", keys, title, text, footer=False, palette=False)


MANAGER = Scope(
    "tags",
    "Tags",
    (
        Command("tags.show", ("enter",), "show", "Show the images that have this tag.", palette=False),
        Command("tags.new", ("n",), "new", "Make a tag.", allowed=may_edit, palette=False),
        Command("tags.rename", ("r",), "rename", "Give it another name.", allowed=on_tag, palette=False),
        Command("tags.colour", ("c",), "colour", "Give it a colour.", allowed=on_tag, palette=False),
        Command(
            "tags.hide",
            ("h",),
            "hide",
            "Hide it and all images that have it, everywhere, or show them again.",
            allowed=on_tag,
            palette=False,
        ),
        Command(
            "tags.sensitive",
            ("x",),
            "sensitive",
            "Say that safe mode hides it and all images that have it, or does not.",
            allowed=on_tag,
            palette=False,
        ),
        Command("tags.merge", ("m",), "merge", "Put its images under another tag.", allowed=can_merge, palette=False),
        Command("tags.delete", ("d",), "delete", "Delete it; the images stay.", allowed=on_tag, palette=False),
        Command("tags.find", ("slash",), "find", "Show only the tags whose name holds some letters.", palette=False),
        Command("tags.undo", ("z",), "undo", "Take back the last change of a tag.", allowed=may_edit, palette=False),
        Command(
            "tags.redo", ("Z",), "redo", "Do again what was undone.", allowed=may_edit, footer=False, palette=False
        ),
        _move("up", ("up", "k"), "up", "Move to the tag above."),
        _move("down", ("down", "j"), "down", "Move to the tag below."),
        _move("page_up", ("pageup",), "page up", "Move up by a page."),
        _move("page_down", ("pagedown",), "page down", "Move down by a page."),
        _move("first", ("home",), "first", "Move to the first tag."),
        _move("last", ("end",), "last", "Move to the last tag."),
        Command("tags.close", ("escape", "q"), "close", "Close this.", palette=False),
    ),
    dialog=True,
)
BY_NAME = Scope(
    "by_name",
    "Grouping by name",
    (
        Command("by_name.make", ("enter",), "make", "Make collections of the chosen names.", palette=False),
        Command("by_name.choose", ("space",), "choose", "Choose this name or not, and move on.", palette=False),
        Command("by_name.all", ("a",), "all", "Choose all that are sure, or none.", palette=False),
        Command("by_name.kind", ("t",), "tags", "Make tags instead of collections, or not.", palette=False),
        Command("by_name.up", ("up", "k"), "up", "Move to the name above.", footer=False, palette=False),
        Command("by_name.down", ("down", "j"), "down", "Move to the name below.", footer=False, palette=False),
        Command("by_name.page_up", ("pageup",), "page up", "Move up by a page.", footer=False, palette=False),
        Command("by_name.page_down", ("pagedown",), "page down", "Move down by a page.", footer=False, palette=False),
        Command("by_name.cancel", ("escape", "q"), "close", "Close without making anything.", palette=False),
    ),
    dialog=True,
)
