"""Commands of Boxes: what is where in an image, and how many."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays


class BoxesContext(Protocol):
    """What the checks look at."""

    @property
    def is_loading(self) -> bool:
        """Whether the images are still being read."""

    @property
    def is_viewer(self) -> bool:
        """Whether this person may only look."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image on the desk."""

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""

    @property
    def has_box(self) -> bool:
        """Whether a box is being edited."""

    @property
    def boxes_drawn(self) -> int:
        """How many boxes are on the screen."""

    @property
    def has_kept_boxes(self) -> bool:
        """Whether boxes of the image are kept."""

    @property
    def is_draft(self) -> bool:
        """Whether what is on the screen is not kept yet."""


class BoxContext(Protocol):
    """What the checks of the picture with the boxes look at."""

    @property
    def can_zoom(self) -> bool:
        """Whether there is a picture to look at more closely."""

    @property
    def is_zoomed(self) -> bool:
        """Whether not all of it is seen."""


LOADING = "The images are still being read."
NO_IMAGE = "There is no image to draw on here; {boxes.order} and {boxes.filter} choose others."
UNSEEN = "This picture cannot be shown; {boxes.skip} skips it."
NONE_DRAWN = "No box is drawn: {boxes.empty} says that nothing is there, {boxes.skip} skips the image."


def has_image(context: BoxesContext) -> Verdict:
    """An image must be on the desk."""
    return True if context.has_image else LOADING if context.is_loading else NO_IMAGE


def can_decide(context: BoxesContext) -> Verdict:
    """Who only looks decides nothing."""
    return "Labelling needs the role operator." if context.is_viewer else has_image(context)


def can_see(context: BoxesContext) -> Verdict:
    """Nobody draws on what they cannot see."""
    may = can_decide(context)
    return may if may is not True else UNSEEN if context.is_damaged else True


def has_box(context: BoxesContext) -> Verdict:
    """A box must be active."""
    seen = can_see(context)
    if seen is not True or context.has_box:
        return seen
    return (
        "No box is chosen; {boxes.turn} chooses one."
        if context.boxes_drawn
        else "There is no box; {boxes.new} draws one."
    )


def has_boxes(context: BoxesContext) -> Verdict:
    """There must be boxes to go through."""
    shown = has_image(context)
    return shown if shown is not True else True if context.boxes_drawn else "There is no box; {boxes.new} draws one."


def can_finish(context: BoxesContext) -> Verdict:
    """That there is nothing is never said by the key that says that all is there."""
    seen = can_see(context)
    return seen if seen is not True else True if context.boxes_drawn else NONE_DRAWN


def can_say_empty(context: BoxesContext) -> Verdict:
    """Boxes must not vanish by one key."""
    seen = can_see(context)
    if seen is not True or not context.boxes_drawn:
        return seen
    return f"There {_are(context.boxes_drawn)} on the picture; {{boxes.delete}} takes one away."


def can_skip(context: BoxesContext) -> Verdict:
    """Boxes that are kept are not skipped away."""
    may = can_decide(context)
    if may is True and context.has_kept_boxes:
        return "The boxes of this image are kept; {boxes.next} goes on and leaves them."
    return may


def has_draft(context: BoxesContext) -> Verdict:
    """There must be something that is not kept."""
    may = can_decide(context)
    return may if may is not True else True if context.is_draft else "The boxes are those that are kept."


def can_zoom(context: BoxContext) -> Verdict:
    """There must be a picture."""
    return True if context.can_zoom else "There is no picture here to look at more closely."


def is_zoomed(context: BoxContext) -> Verdict:
    """Only a part of it must be seen."""
    return True if context.is_zoomed else "All of the picture is seen; {box.closer} looks more closely."


def _are(boxes: int) -> str:
    return "is a box" if boxes == 1 else f"are {boxes} boxes"


SCOPE = Scope(
    "boxes",
    "Boxes",
    (
        Command("boxes.done", ("enter",), "done", "Keep all boxes of the image, show the next.", allowed=can_finish),
        Command("boxes.new", ("n",), "new", "Draw one more box; the mouse drags one.", allowed=can_see),
        Command(
            "boxes.choose",
            tuple("123456789"),
            "class",
            "Say that the class of this key is in the box; further classes have letters.",
            allowed=has_box,
            takes_key=True,
            palette=False,
        ),
        Command("boxes.find", ("slash",), "find", "Find the class of the box by typing, or make it.", allowed=has_box),
        Command("boxes.turn", ("tab", "right_square_bracket"), "next", "Edit the next box.", allowed=has_boxes),
        Command("boxes.delete", ("d",), "delete", "Take this box away.", allowed=has_box),
        Command("boxes.empty", ("0",), "nothing", "Say that there is nothing in the image.", allowed=can_say_empty),
        Command(
            "boxes.skip",
            ("space",),
            "skip",
            "Pass by; what is drawn stays as a draft. {boxes.order} goes over the skipped images.",
            allowed=can_skip,
        ),
        Command("boxes.undo", ("z", "u"), "undo", "Take back the last step, then the last decision."),
        Command("boxes.count", ("c",), "count", "Enter how many things are in the image.", allowed=can_see),
        Command("boxes.next", ("l",), "on", "Show the next image; what is drawn stays a draft.", allowed=has_image),
        Command("boxes.previous", ("h",), "back", "Show the image before; what is drawn stays a draft."),
        Command(
            "boxes.order",
            ("o",),
            "order",
            "Go over the images that nobody looked at, the skipped ones, or all.",
        ),
        Command("boxes.filter", ("F",), "filter", "Go over the images that a filter lets through.", footer=False),
        Command("boxes.again", ("a",), "again", "The same box once more, beside this one.", allowed=has_box),
        Command("boxes.no_class", ("x",), "no class", "Say that the class of this box is not known.", allowed=has_box),
        Command(
            "boxes.count_class",
            ("C",),
            "count class",
            "Enter how many things of one class are in the image.",
            allowed=can_see,
            footer=False,
        ),
        Command("boxes.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command(
            "boxes.turn_back",
            ("shift+tab", "left_square_bracket"),
            "box before",
            "Edit the box before.",
            allowed=has_boxes,
            footer=False,
        ),
        Command(
            "boxes.give_up",
            ("backspace",),
            "as kept",
            "Take the boxes again as they are kept; {boxes.undo} brings the draft back.",
            allowed=has_draft,
            footer=False,
        ),
    ),
)
BOX = Scope(
    "box",
    "Box on a picture",
    (
        FourWays(
            "box.move",
            ("left", "down", "up", "right"),
            "move",
            "Move the box, without one what is seen; the mouse drags it, an edge or corner of it, or a new one.",
            takes_key=True,
            palette=False,
        ),
        FourWays(
            "box.size",
            ("H", "J", "K", "L", "shift+left", "shift+down", "shift+up", "shift+right"),
            "size",
            "Make the box narrower (H), higher (J), lower (K) or wider (L).",
            takes_key=True,
            palette=False,
        ),
        Command("box.fine", ("f",), "fine", "Steps of one pixel, or large ones again."),
        Command(
            "box.closer",
            ("plus", "equals_sign"),
            "closer",
            "Look more closely at the box; the mouse's wheel does so where it is.",
            allowed=can_zoom,
        ),
        Command("box.farther", ("minus",), "farther", "Show more of the picture.", allowed=is_zoomed, footer=False),
        Command("box.whole", ("w",), "whole", "Show the whole picture.", allowed=is_zoomed, footer=False),
        Command(
            "box.look",
            ("v",),
            "look",
            "The keys that move the box move what is seen, or the box again.",
            allowed=is_zoomed,
            footer=False,
        ),
    ),
)
DECISIONS = frozenset(
    {
        "boxes.done",
        "boxes.new",
        "boxes.again",
        "boxes.delete",
        "boxes.choose",
        "boxes.find",
        "boxes.no_class",
        "boxes.empty",
        "boxes.skip",
        "boxes.count",
        "boxes.count_class",
        "boxes.give_up",
        "boxes.undo",
        "boxes.redo",
        "box.move",
        "box.size",
    }
)
"""What a key may only do once the image that it is meant for is on the screen; a held key must not outrun the eye."""
