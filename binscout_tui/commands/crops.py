"""Commands of the crop queue: several boxes on one image."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands import crop
from binscout_tui.commands.command import Command, Scope, Verdict


class CropsContext(Protocol):
    """What the checks look at."""

    @property
    def is_loading(self) -> bool:
        """Whether the queue is still being read."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image on the desk."""

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""

    @property
    def has_box(self) -> bool:
        """Whether a box is being edited."""


NO_IMAGE = "No image waits for boxes; {select.queue} in Select and {gallery.queue} in the gallery put some here."

LOADING = "The queue is still being read."


def has_image(context: CropsContext) -> Verdict:
    """An image must be on the desk."""
    return True if context.has_image else LOADING if context.is_loading else NO_IMAGE


def can_see(context: CropsContext) -> Verdict:
    """Nobody draws on what they cannot see."""
    shown = has_image(context)
    if shown is not True:
        return shown
    return "This picture cannot be shown; {crops.skip} skips it." if context.is_damaged else True


def has_box(context: CropsContext) -> Verdict:
    """A box must be active."""
    seen = can_see(context)
    return seen if seen is not True else True if context.has_box else "There is no box yet; {crops.new} draws one."


SCOPE = Scope(
    "crops",
    "Crop queue",
    (
        Command("crops.done", ("enter",), "done", "Keep all boxes of the image and show the next.", allowed=can_see),
        Command("crops.new", ("n",), "new box", "Draw one more box, beside this one.", allowed=can_see),
        Command("crops.turn", ("tab",), "next box", "Edit the next box.", allowed=has_box),
        Command("crops.delete", ("d",), "delete box", "Take this box away.", allowed=has_box),
        Command("crops.item", ("i",), "item", "Say which item is in this box.", allowed=has_box),
        Command(
            "crops.number",
            tuple("123456789"),
            "item",
            "Say that the item with this number is in this box.",
            allowed=has_box,
            takes_key=True,
            palette=False,
        ),
        Command("crops.no_item", ("x",), "no item", "Say that no item is known of this box.", allowed=has_box),
        Command("crops.skip", ("space",), "skip", "Keep the boxes, and pass by.", allowed=has_image),
        Command("crops.previous", ("h",), "back", "Show the image before.", allowed=has_image),
        Command("crops.next", ("l",), "on", "Show the image after.", allowed=has_image),
        Command("crops.undo", ("z", "u"), "undo", "Take back the last decision, and show its image."),
        Command("crops.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("crops.turn_back", ("shift+tab",), "box before", "Edit the box before.", allowed=has_box, footer=False),
        Command(
            "crops.leave",
            ("backspace",),
            "as before",
            "Take the boxes again as they were when the image came.",
            allowed=has_image,
            footer=False,
        ),
    ),
)
BOX = Scope(
    crop.SCOPE.id,
    crop.SCOPE.title,
    tuple(command for command in crop.SCOPE if command.id not in ("crop.done", "crop.leave")),
)
"""The keys of the crop, of which Enter and Backspace are for all boxes of the image here."""
DECISIONS = frozenset(
    {
        "crops.done",
        "crops.new",
        "crops.delete",
        "crops.number",
        "crops.no_item",
        "crops.item",
        "crops.skip",
        "crops.undo",
        "crops.redo",
    }
)
"""What a key may only do once the image that it is meant for is on the screen; a held key must not outrun the eye."""
