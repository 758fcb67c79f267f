"""Commands of Label."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class LabelContext(Protocol):
    """What the checks look at."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image on the desk."""

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""

    @property
    def suggestion(self) -> str | None:
        """The class that the model suggests on the screen."""

    @property
    def no_suggestion(self) -> str:
        """Why there is none."""

    @property
    def skipped(self) -> int:
        """How many images are skipped."""

    @property
    def is_over_skipped(self) -> bool:
        """Whether the skipped images are gone over."""

    @property
    def has_model(self) -> bool:
        """Whether a model is active."""

    @property
    def is_suspect(self) -> bool:
        """Whether the label of the image is probably wrong, and that is being looked at."""


NO_IMAGE = "There is no image to label here."
UNSEEN = "This picture cannot be shown; {label.skip} skips it, {label.trash} moves it to the trash."


def has_image(context: LabelContext) -> Verdict:
    """An image must be on the desk."""
    return True if context.has_image else NO_IMAGE


def can_see(context: LabelContext) -> Verdict:
    """Nobody labels what they cannot see."""
    if not context.has_image:
        return NO_IMAGE
    return UNSEEN if context.is_damaged else True


def can_take(context: LabelContext) -> Verdict:
    """A suggestion must be on the screen."""
    seen = can_see(context)
    return seen if seen is not True else True if context.suggestion else context.no_suggestion


def is_suspect(context: LabelContext) -> Verdict:
    """The suspects must be gone over."""
    if context.is_suspect:
        return can_see(context)
    return "This is for labels that are probably wrong; {label.order} goes over them."


def has_model(context: LabelContext) -> Verdict:
    """A model must be active."""
    return True if context.has_model else "No model is active yet, so there are no suggestions."


def has_skipped(context: LabelContext) -> Verdict:
    """There must be skipped images to go over, or they are gone over already."""
    return True if context.skipped or context.is_over_skipped else "No image is skipped."


SCOPE = Scope(
    "label",
    "Label",
    (
        Command(
            "label.choose",
            tuple("123456789"),
            "class",
            "Label the image with the class of this key; further classes have letters.",
            allowed=can_see,
            takes_key=True,
            palette=False,
        ),
        Command("label.find", ("slash",), "find", "Find a class by typing, or make a new one.", allowed=can_see),
        Command("label.take", ("y",), "take", "Take what the model suggests.", allowed=can_take),
        Command("label.suggestions", ("t",), "suggest", "Show or hide the model's suggestions.", allowed=has_model),
        Command(
            "label.predict",
            ("p",),
            "ask model",
            "Have the active model look at all unlabelled images.",
            allowed=has_model,
            footer=False,
        ),
        Command(
            "label.right",
            ("k",),
            "right",
            "Say that a suspect label is right; it is suspect no more.",
            allowed=is_suspect,
            footer=False,
        ),
        Command("label.empty", ("0",), "nothing", "Say that there is nothing to label in the image.", allowed=can_see),
        Command(
            "label.skip",
            ("space",),
            "skip",
            "Pass by; {label.skipped} goes over the skipped images.",
            allowed=has_image,
        ),
        Command("label.undo", ("z", "u"), "undo", "Take back the last label or trashing, and show that image."),
        Command(
            "label.skipped",
            ("s",),
            "skipped",
            "Go over the skipped images, or back to the unlabelled ones.",
            allowed=has_skipped,
        ),
        Command(
            "label.order",
            ("o",),
            "order",
            "Choose in which order images are gone over: uncertain ones first, suspects, a filter, and others.",
        ),
        Command(
            "label.review",
            ("r",),
            "review",
            "Say that somebody is to look at the image again, or no more.",
            allowed=has_image,
            footer=False,
        ),
        Command("label.note", ("n",), "note", "Write a note on the image.", allowed=has_image, footer=False),
        Command("label.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("label.previous", ("h", "left"), "back", "Show the image before, without deciding."),
        Command("label.next", ("l", "right"), "on", "Show the next image, without deciding.", allowed=has_image),
        Command("label.trash", ("d",), "trash", "Move the image to the trash; undo brings it back.", allowed=has_image),
        Command(
            "label.verify",
            ("V",),
            "verify",
            "Go to the grids of images that the model says are of one class.",
            footer=False,
        ),
        Command("label.boxes", ("B",), "boxes", "Go to drawing boxes and counting.", footer=False),
        Command("label.classes", ("C",), "classes", "Go to the set of classes, their keys and colours.", footer=False),
    ),
)
FINDER = Scope(
    "finder",
    "Find a class",
    (
        Command(
            "finder.pick",
            ("enter",),
            "label",
            "Label with the marked class; a new class needs it twice.",
            palette=False,
        ),
        Command("finder.up", ("up",), "up", "Mark the class above.", palette=False),
        Command("finder.down", ("down",), "down", "Mark the class below.", palette=False),
    ),
)
DECISIONS = frozenset(
    {"label.choose", "label.take", "label.right", "label.empty", "label.skip", "label.trash", "label.find"}
    | {"label.undo", "label.redo", "label.review", "label.note"}
)
"""What a key may only do once the image that it is meant for is on the screen; a held key must not outrun the eye."""
