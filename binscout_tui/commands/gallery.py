"""Commands of the gallery: the grid, and the full view over it."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays


class GalleryContext(Protocol):
    """What the checks of the grid look at."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image under the cursor."""

    @property
    def is_full(self) -> bool:
        """Whether one image fills the screen."""

    @property
    def marked(self) -> int:
        """How many images are marked."""

    @property
    def is_filtered(self) -> bool:
        """Whether a filter leaves images out."""

    @property
    def is_in_trash(self) -> bool:
        """Whether the images here are those in the trash."""


class FullContext(Protocol):
    """What the checks of the full view look at."""

    @property
    def has_image(self) -> bool:
        """Whether an image is shown."""

    @property
    def has_boxes(self) -> bool:
        """Whether it has boxes to show."""

    @property
    def can_zoom(self) -> bool:
        """Whether its picture can be looked at more closely."""


IN_FULL = "Go back to the grid first, with Esc."
NO_IMAGE = "There is no image here yet."


def in_grid(context: GalleryContext) -> Verdict:
    """The grid must be shown."""
    return IN_FULL if context.is_full else True


def on_image(context: GalleryContext) -> Verdict:
    """The grid must be shown, with an image under the cursor."""
    return IN_FULL if context.is_full else True if context.has_image else NO_IMAGE


def has_marks(context: GalleryContext) -> Verdict:
    """There must be marked images."""
    return True if context.marked else "No image is marked; {gallery.mark} marks one."


def can_trash(context: GalleryContext) -> Verdict:
    """The image under the cursor must not be in the trash already."""
    return (
        "These images are in the trash; {gallery.restore} brings them back."
        if context.is_in_trash
        else on_image(context)
    )


def can_restore(context: GalleryContext) -> Verdict:
    """The images must be those in the trash."""
    if not context.is_in_trash:
        return "Nothing here is in the trash; the filter in:trash shows what is."
    return on_image(context)


def has_filter(context: GalleryContext) -> Verdict:
    """There must be a filter, and the grid."""
    return in_grid(context) if context.is_filtered else "All images are shown; {gallery.filter} filters them."


def shows_image(context: FullContext) -> Verdict:
    """An image must be shown."""
    return True if context.has_image else NO_IMAGE


def has_boxes(context: FullContext) -> Verdict:
    """The image must have boxes."""
    return True if context.has_boxes else "This image has no boxes: no crop of it was kept."


def can_zoom(context: FullContext) -> Verdict:
    """There must be a picture to look at more closely."""
    return True if context.can_zoom else "There is no picture here to look at more closely."


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"gallery.{name}", keys, title, text, allowed=in_grid, footer=False, palette=False)


SCOPE = Scope(
    "gallery",
    "Gallery",
    (
        Command("gallery.open", ("enter",), "open", "Show the image in full.", allowed=on_image),
        Command("gallery.page_next", ("n", "pagedown"), "page", "Go on by a page.", allowed=in_grid),
        Command(
            "gallery.page_previous", ("N", "pageup"), "page back", "Go back by a page.", allowed=in_grid, footer=False
        ),
        Command("gallery.mark", ("space",), "mark", "Mark the image or not, and move on.", allowed=on_image),
        Command(
            "gallery.range",
            ("v",),
            "range",
            "Mark everything from the image marked last to this one.",
            allowed=on_image,
        ),
        Command("gallery.unmark", ("asterisk",), "unmark", "Take all marks away.", allowed=has_marks, footer=False),
        Command("gallery.filter", ("slash",), "filter", "Show only the images that match.", allowed=in_grid),
        Command(
            "gallery.unfilter",
            ("backspace",),
            "all",
            "Show all images again; the cursor stays on its image.",
            allowed=has_filter,
            footer=False,
        ),
        Command(
            "gallery.trash",
            ("d",),
            "trash",
            "Move the marked images to the trash, without marks this one; undo brings them back.",
            allowed=can_trash,
        ),
        Command(
            "gallery.restore",
            ("R",),
            "restore",
            "Bring the marked images, without marks this one, back from the trash.",
            allowed=can_restore,
            footer=False,
        ),
        Command(
            "gallery.queue",
            ("C",),
            "to crop",
            "Put the marked images, without marks this one, into the queue of images to crop.",
            allowed=on_image,
            footer=False,
        ),
        Command("gallery.undo", ("z",), "undo", "Bring back what was moved to the trash last."),
        Command("gallery.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("gallery.larger", ("plus", "equals_sign"), "larger", "Show fewer and larger tiles.", allowed=in_grid),
        Command("gallery.smaller", ("minus",), "smaller", "Show more and smaller tiles.", allowed=in_grid),
        Command("gallery.turn", ("o",), "order", "Show the oldest images first, or the newest.", allowed=in_grid),
        _move("left", ("left", "h"), "left", "Move to the image to the left."),
        _move("right", ("right", "l"), "right", "Move to the image to the right."),
        _move("up", ("up", "k"), "up", "Move to the image above."),
        _move("down", ("down", "j"), "down", "Move to the image below."),
        _move("first", ("home",), "first", "Move to the first image."),
        _move("last", ("end",), "last", "Move to the last image."),
    ),
)
FULL = Scope(
    "full",
    "Full view",
    (
        Command("full.next", ("n", "l"), "next", "Show the next image."),
        Command("full.previous", ("N", "h"), "back", "Show the image before."),
        Command("full.closer", ("plus", "equals_sign"), "closer", "Look more closely.", allowed=can_zoom),
        Command("full.leave", ("enter", "backspace"), "grid", "Go back to the grid; Esc and q do the same."),
        Command("full.mark", ("space",), "mark", "Mark the image or not, and show the next one.", allowed=shows_image),
        Command(
            "full.trash", ("d",), "trash", "Move the image to the trash; undo brings it back.", allowed=shows_image
        ),
        Command("full.undo", ("z",), "undo", "Bring back what was moved to the trash last, and show it."),
        Command("full.boxes", ("b",), "boxes", "Show the kept crops as boxes, or not.", allowed=has_boxes),
        Command("full.farther", ("minus",), "farther", "Show more of the picture.", allowed=can_zoom),
        Command("full.whole", ("0",), "whole", "Show the whole picture.", allowed=can_zoom),
        Command(
            "full.pixels",
            ("1", "p"),
            "1:1",
            "Show a pixel of the picture as one of the screen, or the whole again.",
            allowed=can_zoom,
        ),
        FourWays(
            "full.pan",
            ("H", "J", "K", "L", "shift+left", "shift+down", "shift+up", "shift+right"),
            "pan",
            "See more of the left (H), the bottom (J), the top (K) or the right (L).",
            allowed=can_zoom,
            takes_key=True,
            palette=False,
        ),
        FourWays(
            "full.arrows",
            ("left", "down", "up", "right"),
            "go",
            "Go to the image before or after; while looking closely, see more of that side.",
            footer=False,
            takes_key=True,
            palette=False,
        ),
        Command("full.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("full.first", ("home",), "first", "Show the first image.", footer=False),
        Command("full.last", ("end",), "last", "Show the last image.", footer=False),
    ),
)
DECISIONS = frozenset(
    {
        "gallery.trash",
        "gallery.restore",
        "gallery.queue",
        "gallery.undo",
        "gallery.redo",
        "full.mark",
        "full.trash",
        "full.undo",
        "full.redo",
    }
)
"""What a key may only do once the image that it is meant for is on the screen; a held key must not outrun the eye."""
