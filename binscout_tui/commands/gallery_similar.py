"""Commands of the gallery: images that look alike."""

from __future__ import annotations

from binscout_tui.commands.command import Command, Verdict
from binscout_tui.commands.gallery_checks import NO_IMAGE, GalleryContext


def has_image(context: GalleryContext) -> Verdict:
    """There must be an image, in the grid or in full."""
    return True if context.has_image else NO_IMAGE


COMMANDS: tuple[Command, ...] = (
    Command(
        "gallery.similar",
        ("y",),
        "similar",
        "Show what looks like this image: its neighbours, and on from there.",
        allowed=has_image,
        footer=False,
    ),
)
"""Of the grid; the key works in the full view too."""
FULL_COMMANDS: tuple[Command, ...] = ()
"""Of the full view."""
DECISIONS: frozenset[str] = frozenset()
"""What a key may only do once the image that it is meant for is on the screen."""
