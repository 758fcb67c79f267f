"""Commands of Similar: neighbours of an image, groups, the map, one picture in full."""

from __future__ import annotations

from typing import Literal, Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays

View = Literal["grid", "groups", "map"]


class SimilarContext(Protocol):
    """What the checks look at."""

    @property
    def view(self) -> View:
        """What is shown: images, the list of groups, the map."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image under the cursor."""

    @property
    def has_place(self) -> bool:
        """Whether there is a group or a cell with images under the cursor."""

    @property
    def marked(self) -> int:
        """How many images are marked."""

    @property
    def depth(self) -> int:
        """How many steps lead back."""

    @property
    def is_working(self) -> bool:
        """Whether groups, a map or neighbours are being worked out."""

    @property
    def has_vectors(self) -> bool:
        """Whether any image has a vector of the active classifier."""


class FullContext(Protocol):
    """What the checks of a picture in full look at."""

    @property
    def has_image(self) -> bool:
        """Whether an image is shown."""

    @property
    def has_boxes(self) -> bool:
        """Whether it has boxes to show."""

    @property
    def can_zoom(self) -> bool:
        """Whether its picture can be looked at more closely."""


NO_IMAGE = "There is no image here; {gallery.similar} in the gallery shows what looks like an image there."
WORKING = "Images are being put into groups; press the key again when they are there."
NO_PLACE = "No image is here; go to where some are."


def has_image(context: SimilarContext) -> Verdict:
    """Images must be shown, with one under the cursor."""
    if context.view != "grid":
        return "Show images first, with {similar.open}."
    return True if context.has_image else NO_IMAGE


def can_open(context: SimilarContext) -> Verdict:
    """There must be an image, a group or a cell with images under the cursor."""
    return has_image(context) if context.view == "grid" else True if context.has_place else NO_PLACE


def in_groups(context: SimilarContext) -> Verdict:
    """The groups must be shown."""
    return True if context.view == "groups" else "This concerns the groups; {similar.groups} shows them."


def can_regroup(context: SimilarContext) -> Verdict:
    """The groups must be shown, and no others on their way: a held key would only begin each anew."""
    return WORKING if context.view == "groups" and context.is_working else in_groups(context)


def in_map(context: SimilarContext) -> Verdict:
    """The map must be shown."""
    return True if context.view == "map" else "This concerns the map; {similar.map} shows it."


def has_marks(context: SimilarContext) -> Verdict:
    """There must be marked images."""
    return True if context.marked else "No image is marked; {similar.mark} marks one."


def can_go_back(context: SimilarContext) -> Verdict:
    """There must be something before."""
    return True if context.depth else "This is where you began."


def has_vectors(context: SimilarContext) -> Verdict:
    """There must be another way to compare."""
    return True if context.has_vectors else "There are hashes alone; {similar.build} makes the vectors of a classifier."


def shows_image(context: FullContext) -> Verdict:
    """An image must be shown."""
    return True if context.has_image else NO_IMAGE


def can_zoom(context: FullContext) -> Verdict:
    """There must be a picture to look at more closely."""
    return True if context.can_zoom else "There is no picture here to look at more closely."


def has_boxes(context: FullContext) -> Verdict:
    """The image must have boxes."""
    return True if context.has_boxes else "This image has no boxes: no crop of it was kept."


def _move(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"similar.{name}", keys, title, text, footer=False, palette=False)


SCOPE = Scope(
    "similar",
    "Similar",
    (
        Command(
            "similar.open", ("enter",), "open", "Show the image in full, or what is in the group or cell.", can_open
        ),
        Command("similar.near", ("y",), "similar", "Show what looks like this image.", has_image),
        Command("similar.back", ("backspace",), "back", "Go back to what was shown before.", can_go_back),
        Command("similar.mark", ("space",), "mark", "Mark the image or not, and move on.", has_image),
        Command(
            "similar.gallery",
            ("g",),
            "gallery",
            "Show the marked images, without marks all that are here, in the gallery.",
            has_image,
        ),
        Command("similar.groups", ("c",), "groups", "Put all images into groups that look alike."),
        Command("similar.map", ("p",), "map", "Show all images on a map: what looks alike lies together."),
        Command(
            "similar.star",
            ("f",),
            "star",
            "Star the marked images, without marks or in full this one, or not.",
            has_image,
            footer=False,
        ),
        Command(
            "similar.trash",
            ("d",),
            "trash",
            "Move the marked images, without marks or in full this one, to the trash; undo brings them back.",
            has_image,
        ),
        Command("similar.undo", ("z",), "undo", "Take back the last decision.", footer=False),
        Command("similar.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("similar.unmark", ("asterisk",), "unmark", "Take all marks away.", has_marks, footer=False),
        Command("similar.more", ("right_square_bracket",), "more", "Make more, smaller groups.", can_regroup),
        Command("similar.fewer", ("left_square_bracket",), "fewer", "Make fewer, larger groups.", can_regroup),
        Command(
            "similar.colours", ("v",), "classes", "Show on the map which classes there are, or how many images.", in_map
        ),
        Command(
            "similar.way",
            ("o",),
            "way",
            "Compare by what the active classifier sees, or by perceptual hash.",
            has_vectors,
            footer=False,
        ),
        Command(
            "similar.build",
            ("b",),
            "vectors",
            "Make the vectors of the active classifier that are missing, in a job.",
            footer=False,
        ),
        _move("page_next", ("n", "pagedown"), "page", "Go on by a page; on the map to the next cell with images."),
        _move("page_previous", ("N", "pageup"), "page back", "Go back by a page, or by a cell with images."),
        _move("larger", ("plus", "equals_sign"), "larger", "Show fewer and larger tiles."),
        _move("smaller", ("minus",), "smaller", "Show more and smaller tiles."),
        _move("left", ("left", "h"), "left", "Move to the left."),
        _move("right", ("right", "l"), "right", "Move to the right."),
        _move("up", ("up", "k"), "up", "Move up."),
        _move("down", ("down", "j"), "down", "Move down."),
        _move("first", ("home",), "first", "Move to the first; on the map to the cell with most images."),
        _move("last", ("end",), "last", "Move to the last."),
    ),
)
FULL = Scope(
    "similar_full",
    "Similar: one picture in full",
    (
        Command("similar_full.next", ("n", "l"), "next", "Show the next image."),
        Command("similar_full.previous", ("N", "h"), "back", "Show the image before."),
        Command("similar_full.near", ("y",), "similar", "Show what looks like this image.", allowed=shows_image),
        Command("similar_full.mark", ("space",), "mark", "Mark the image or not, and show the next one.", shows_image),
        Command("similar_full.closer", ("plus", "equals_sign"), "closer", "Look more closely.", allowed=can_zoom),
        Command("similar_full.leave", ("enter", "backspace"), "grid", "Go back to the others; Esc and q do the same."),
        Command("similar_full.boxes", ("b",), "boxes", "Show the kept crops as boxes, or not.", allowed=has_boxes),
        Command("similar_full.farther", ("minus",), "farther", "Show more of the picture.", allowed=can_zoom),
        Command("similar_full.whole", ("0",), "whole", "Show the whole picture.", allowed=can_zoom),
        Command(
            "similar_full.pixels",
            ("1", "p"),
            "1:1",
            "Show a pixel of the picture as one of the screen, or the whole again.",
            allowed=can_zoom,
        ),
        FourWays(
            "similar_full.pan",
            ("H", "J", "K", "L", "shift+left", "shift+down", "shift+up", "shift+right"),
            "pan",
            "See more of the left (H), the bottom (J), the top (K) or the right (L).",
            allowed=can_zoom,
            takes_key=True,
            palette=False,
        ),
        FourWays(
            "similar_full.arrows",
            ("left", "down", "up", "right"),
            "go",
            "Go to the image before or after; while looking closely, see more of that side.",
            footer=False,
            takes_key=True,
            palette=False,
        ),
        Command("similar_full.first", ("home",), "first", "Show the first image.", footer=False),
        Command("similar_full.last", ("end",), "last", "Show the last image.", footer=False),
    ),
)
DECISIONS = frozenset({"similar.star", "similar.trash", "similar.undo", "similar.redo", "similar_full.mark"})
"""What a key may only do once the page that it is meant for is on the screen."""
