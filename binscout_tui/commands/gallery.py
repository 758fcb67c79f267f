"""Commands of the gallery: the grid, and the full view over it."""

from __future__ import annotations

from binscout_tui.commands import (
    gallery_batch,
    gallery_comparing,
    gallery_panel,
    gallery_sidebar,
    gallery_similar,
    gallery_tagging,
)
from binscout_tui.commands.command import Command, Scope
from binscout_tui.commands.crop import FourWays
from binscout_tui.commands.gallery_checks import (
    can_restore,
    can_trash,
    can_zoom,
    has_boxes,
    has_filter,
    has_marks,
    in_grid,
    on_image,
    shows_image,
)


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
            allowed=can_trash,
            footer=False,
        ),
        Command("gallery.undo", ("z",), "undo", "Take back what was decided last, in the trash too."),
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
        *gallery_batch.COMMANDS,
        *gallery_tagging.COMMANDS,
        *gallery_sidebar.COMMANDS,
        *gallery_panel.COMMANDS,
        *gallery_similar.COMMANDS,
        *gallery_comparing.COMMANDS,
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
        Command("full.undo", ("z",), "undo", "Take back what was decided last, and show the image."),
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
        *gallery_batch.FULL_COMMANDS,
        *gallery_tagging.FULL_COMMANDS,
        *gallery_sidebar.FULL_COMMANDS,
        *gallery_panel.FULL_COMMANDS,
        *gallery_similar.FULL_COMMANDS,
        *gallery_comparing.FULL_COMMANDS,
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
).union(
    *(
        part.DECISIONS
        for part in (
            gallery_batch,
            gallery_tagging,
            gallery_sidebar,
            gallery_panel,
            gallery_similar,
            gallery_comparing,
        )
    )
)
"""What a key may only do once the image that it is meant for is on the screen; a held key must not outrun the eye."""
