"""Commands of the gallery: stars, labels and export of what is marked, purge, the context menu."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Verdict
from binscout_tui.commands.gallery_checks import NO_IMAGE, GalleryContext, in_grid, on_image, shows_image

BUSY = "A decision on many images is on its way; {gallery.stop} stops it."
BUSY_TOO = frozenset({"full.mark"})
"""What only marks is done while a long decision is on its way."""
BAR = (
    "gallery.tag",
    "gallery.collect",
    "gallery.remove",
    "gallery.star",
    "gallery.label",
    "gallery.compare",
    "gallery.trash",
    "gallery.restore",
    "gallery.export",
    "gallery.purge",
    "gallery.unmark",
)
"""What the line below the grid offers for marked images, the most usual first; only what is allowed is shown."""
MENU = {
    "open": "Show the image in full.",
    "star": "Give a star; where all have one, take it.",
    "tag": "Put tags on, or take them off.",
    "collect": "Put into a collection, or take out of it.",
    "remove": "Take out of this collection.",
    "label": "Label with a class.",
    "title": "Give the image a title, or another one.",
    "compare": "Show side by side.",
    "similar": "Show what looks like the image.",
    "queue": "Put into the queue of images to crop.",
    "export": "Write to a folder.",
    "boxes": "Show the kept crops as boxes, or not.",
    "mark": "Mark the image or not.",
    "trash": "Move to the trash; undo brings back.",
    "restore": "Bring back from the trash.",
    "purge": "Delete for ever; a word has to be typed.",
    "undo": "Take back what was decided last.",
}
"""What the context menu offers in the grid and in the full view, in this order, with the words that it says of it below
the title that tells what is meant; only what is allowed is shown."""
NOT_IN_TRASH = "These images are in the trash; {gallery.restore} brings them back."


class BatchContext(GalleryContext, Protocol):
    """What these checks look at."""

    @property
    def is_deciding(self) -> bool:
        """Whether a decision on very many images is on its way."""

    @property
    def may_purge(self) -> bool:
        """Whether the person may let go of images for ever."""


def on_tile(context: BatchContext) -> Verdict:
    """There must be an image under the cursor of the grid that is not in the trash."""
    found = on_image(context)
    return NOT_IN_TRASH if found is True and context.is_in_trash else found


def on_image_or_full(context: BatchContext) -> Verdict:
    """There must be an image, under the cursor or in full, that is not in the trash."""
    if context.is_in_trash:
        return NOT_IN_TRASH
    return True if context.has_image else NO_IMAGE


def can_purge(context: BatchContext) -> Verdict:
    """Only what is in the trash is let go for ever, and only by an admin."""
    if not context.is_in_trash:
        return "Only what is in the trash can be deleted for ever: the filter in:trash shows it."
    return on_image(context) if context.may_purge else "Deleting images for ever needs the role admin."


def has_decision(context: BatchContext) -> Verdict:
    """A long decision must be on its way."""
    return True if context.is_deciding else "Nothing is on its way that could be stopped."


COMMANDS: tuple[Command, ...] = (
    Command(
        "gallery.star",
        ("f",),
        "star",
        "Give the marked images a star, without marks this one; where all have one, take it.",
        allowed=on_tile,
    ),
    Command(
        "gallery.label",
        ("L",),
        "label",
        "Label the marked images, without marks or in full this one, with a class.",
        allowed=on_image_or_full,
        footer=False,
    ),
    Command(
        "gallery.export",
        ("E",),
        "export",
        "Write the marked images, without marks or in full this one, to a folder.",
        allowed=on_image_or_full,
        footer=False,
    ),
    Command(
        "gallery.mark_all",
        ("A",),
        "all",
        "Mark all images of this view, or none when all are marked.",
        allowed=in_grid,
        footer=False,
    ),
    Command(
        "gallery.purge",
        ("D",),
        "purge",
        "Delete the marked images of the trash for ever, without marks this one; a word has to be typed.",
        allowed=can_purge,
        footer=False,
    ),
    Command(
        "gallery.stop",
        ("x",),
        "stop",
        "Stop the decision that is on its way; what is done stays done.",
        allowed=has_decision,
        footer=False,
    ),
    Command(
        "gallery.menu",
        ("full_stop",),
        "menu",
        "Show what can be done with the image; the right mouse button does the same.",
        footer=False,
        palette=False,
    ),
)
"""Of the grid."""
FULL_COMMANDS: tuple[Command, ...] = (
    Command(
        "full.star",
        ("f",),
        "star",
        "Give the image a star, or take it.",
        allowed=shows_image,
        footer=False,
    ),
    Command(
        "full.menu",
        ("full_stop",),
        "menu",
        "Show what can be done with the image; the right mouse button does the same.",
        footer=False,
        palette=False,
    ),
)
"""Of the full view."""
DECISIONS: frozenset[str] = frozenset({"gallery.star", "gallery.label", "gallery.purge", "full.star"})
"""What a key may only do once the image that it is meant for is on the screen."""
