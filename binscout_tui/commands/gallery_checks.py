"""When commands of the gallery are allowed, and why not."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Verdict


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
