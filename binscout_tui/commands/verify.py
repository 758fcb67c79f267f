"""Commands of Verify: pages of images that a model says are of one class."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class VerifyContext(Protocol):
    """What the checks look at."""

    @property
    def has_model(self) -> bool:
        """Whether a model is active."""

    @property
    def over_labels(self) -> bool:
        """Whether the labels that people gave are gone over, for which no model is needed."""

    @property
    def has_list(self) -> bool:
        """Whether there are images on the screen."""

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided on the image under the cursor."""

    @property
    def is_shown(self) -> bool:
        """Whether its picture is on the screen."""

    @property
    def marked(self) -> int:
        """How many images are marked as wrong."""


NO_MODEL = "No model is active yet, so nothing was said that could be verified."
NO_LIST = "No image waits here; {verify.class_next} goes over another class."
DECIDED = "This image was decided on; {verify.undo} takes the last decision back."
UNSEEN = "This picture cannot be shown; it stays as it is."


def has_model(context: VerifyContext) -> Verdict:
    """A model must be active."""
    return True if context.has_model else NO_MODEL


def has_words(context: VerifyContext) -> Verdict:
    """A model must be active, unless labels are gone over."""
    return True if context.over_labels else has_model(context)


def has_sayings(context: VerifyContext) -> Verdict:
    """What the model says must be gone over."""
    return (
        "These are labels that people gave; {verify.over} shows what the model says."
        if context.over_labels
        else (has_model(context))
    )


def has_list(context: VerifyContext) -> Verdict:
    """There must be images."""
    words = has_words(context)
    return words if words is not True else True if context.has_list else NO_LIST


def is_open(context: VerifyContext) -> Verdict:
    """The image under the cursor must be one that nobody has decided on."""
    there = has_list(context)
    return there if there is not True else True if context.is_open else DECIDED


def can_see(context: VerifyContext) -> Verdict:
    """Nobody labels what they cannot see."""
    there = is_open(context)
    return there if there is not True else True if context.is_shown else UNSEEN


def has_marks(context: VerifyContext) -> Verdict:
    """There must be marked images."""
    return True if context.marked else "No image is marked; {verify.mark} marks one as wrong."


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"verify.{name}", keys, title, text, allowed=has_list, footer=False, palette=False)


SCOPE = Scope(
    "verify",
    "Verify",
    (
        Command(
            "verify.take",
            ("enter",),
            "take rest",
            "Label all images on the screen with the class, but for the marked ones; over given labels, flag those.",
            allowed=has_list,
        ),
        Command(
            "verify.mark",
            ("space", "x"),
            "wrong",
            "Mark the image as not of this class, or not any more, and move on.",
            allowed=is_open,
        ),
        Command(
            "verify.relabel",
            tuple("123456789"),
            "other class",
            "Label this one image with the class of this key at once; further classes have letters.",
            allowed=can_see,
            takes_key=True,
            palette=False,
        ),
        Command("verify.find", ("slash",), "find", "Find another class for this one image by typing.", allowed=can_see),
        Command(
            "verify.class_next",
            ("right_square_bracket", "tab"),
            "next class",
            "Go over the next class, in the order of how many images wait.",
            allowed=has_words,
        ),
        Command(
            "verify.class_previous",
            ("left_square_bracket", "shift+tab"),
            "class before",
            "Go over the class before.",
            allowed=has_words,
            footer=False,
        ),
        Command("verify.choose", ("o",), "classes", "Choose the class to go over from a list.", allowed=has_words),
        Command(
            "verify.sure",
            ("c",),
            "how sure",
            "Leave out what the model is less sure of: any, .80, .90, .95, .99.",
            allowed=has_sayings,
        ),
        Command("verify.undo", ("z", "u"), "undo", "Take back the last page or label, and show those images."),
        Command("verify.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("verify.page_next", ("n", "pagedown"), "page", "Go on by a page without deciding.", allowed=has_list),
        Command(
            "verify.page_previous", ("N", "pageup"), "page back", "Go back by a page.", allowed=has_list, footer=False
        ),
        Command("verify.larger", ("plus", "equals_sign"), "larger", "Show fewer and larger tiles.", footer=False),
        Command("verify.smaller", ("minus",), "smaller", "Show more and smaller tiles.", footer=False),
        Command("verify.unmark", ("asterisk",), "unmark", "Take all marks away.", allowed=has_marks, footer=False),
        Command(
            "verify.predict",
            ("p",),
            "ask model",
            "Have the active model look at all unlabelled images.",
            allowed=has_model,
            footer=False,
        ),
        Command(
            "verify.over",
            ("m",),
            "labels",
            "Go over the labels that people gave, to flag wrong ones for review, or over what the model says.",
        ),
        Command("verify.label", ("v",), "label", "Go to Label, one image after the other."),
        _move("left", ("left", "h"), "left", "Move to the image to the left."),
        _move("right", ("right", "l"), "right", "Move to the image to the right."),
        _move("up", ("up", "k"), "up", "Move to the image above."),
        _move("down", ("down", "j"), "down", "Move to the image below."),
        _move("first", ("home",), "first", "Move to the image of which the model is most sure."),
    ),
)
DECISIONS = frozenset(
    {"verify.take", "verify.mark", "verify.relabel", "verify.find", "verify.unmark", "verify.undo", "verify.redo"}
)
"""What a key may only do once all pictures of the page that it is meant for are on the screen."""
