"""Commands of Compare: two to four images side by side."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays


class CompareContext(Protocol):
    """What the checks of the comparison look at."""

    @property
    def can_zoom(self) -> bool:
        """Whether the framed picture can be looked at more closely."""

    @property
    def has_all(self) -> bool:
        """Whether all pictures are shown as they are, side by side."""

    @property
    def has_winner(self) -> bool:
        """Whether one of the images was chosen."""

    @property
    def has_table(self) -> bool:
        """Whether what differs in words is shown."""


def can_zoom(context: CompareContext) -> Verdict:
    """There must be a picture to look at more closely."""
    return True if context.can_zoom else "There is no picture here to look at more closely."


def has_all(context: CompareContext) -> Verdict:
    """Nothing is decided on images of which one is not seen."""
    if context.has_all:
        return True
    return "Not all pictures are seen now; {compare.plain} shows them side by side again."


def has_winner(context: CompareContext) -> Verdict:
    """The others are known only once one was chosen."""
    if not context.has_winner:
        return "Choose the best one first, with {compare.winner}; then {compare.trash} moves the others to the trash."
    return has_all(context)


def has_table(context: CompareContext) -> Verdict:
    """There must be something to scroll."""
    return True if context.has_table else "What differs in words is not shown; {compare.words} shows it."


SCOPE = Scope(
    "compare",
    "Compare",
    (
        Command(
            "compare.frame",
            ("1", "2", "3", "4"),
            "frame",
            "Put the frame around an image: zoom follows it, and it is the one that is chosen.",
            takes_key=True,
            palette=False,
        ),
        Command("compare.closer", ("plus", "equals_sign"), "closer", "Look more closely at all.", allowed=can_zoom),
        Command("compare.winner", ("w",), "winner", "Give the framed image a star as the best one.", allowed=has_all),
        Command(
            "compare.difference",
            ("x",),
            "difference",
            "Show in the frame what differs from the image it is compared with, or its picture again.",
            allowed=can_zoom,
        ),
        Command(
            "compare.blink",
            ("b",),
            "blink",
            "Show in the frame the image it is compared with, at the same place; again and again to blink.",
            allowed=can_zoom,
        ),
        Command("compare.words", ("i",), "in words", "Show what differs in words, such as label, tags and prompt."),
        Command(
            "compare.trash",
            ("d",),
            "trash others",
            "Move the others to the trash, once the best one was chosen; undo brings them back.",
            allowed=has_winner,
        ),
        Command(
            "compare.only",
            ("W",),
            "winner alone",
            "Give the framed image a star, and move the others to the trash; one undo takes both back.",
            allowed=has_all,
        ),
        Command("compare.large", ("enter",), "large", "Show the framed image alone, or all again."),
        Command(
            "compare.unlink",
            ("u",),
            "unlink",
            "Move and zoom the framed image alone, or together with the others again.",
            allowed=can_zoom,
        ),
        Command("compare.farther", ("minus",), "farther", "Show more of all.", allowed=can_zoom, footer=False),
        Command("compare.whole", ("0",), "whole", "Show all pictures whole.", allowed=can_zoom, footer=False),
        Command(
            "compare.pixels",
            ("p",),
            "1:1",
            "Show a pixel of the framed picture as one of the screen, and the same place of the others.",
            allowed=can_zoom,
        ),
        FourWays(
            "compare.pan",
            ("H", "J", "K", "L", "left", "down", "up", "right"),
            "pan",
            "See more of the left (H), the bottom (J), the top (K) or the right (L) of all.",
            allowed=can_zoom,
            takes_key=True,
            palette=False,
        ),
        Command(
            "compare.reference",
            ("r",),
            "compare with",
            "Compare the others with the framed image, instead of with the first one.",
            footer=False,
        ),
        Command("compare.next", ("tab", "l", "n"), "next", "Frame the next image.", footer=False),
        Command("compare.previous", ("shift+tab", "h", "N"), "back", "Frame the image before.", footer=False),
        Command(
            "compare.down", ("j", "pagedown"), "more words", "Scroll what differs in words.", has_table, footer=False
        ),
        Command(
            "compare.up", ("k", "pageup"), "words before", "Scroll what differs in words back.", has_table, footer=False
        ),
        Command(
            "compare.plain", ("space",), "pictures", "Show all pictures side by side as they are again.", footer=False
        ),
        Command("compare.undo", ("z",), "undo", "Take back the last decision of the gallery."),
        Command("compare.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("compare.leave", ("c", "backspace"), "grid", "Go back to the grid; Esc and q do the same."),
    ),
)
DECISIONS = frozenset({"compare.winner", "compare.only", "compare.trash", "compare.undo", "compare.redo"})
"""What a key may only do once all pictures are on the screen."""
