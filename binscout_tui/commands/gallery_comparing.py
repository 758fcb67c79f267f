"""Commands of the gallery: images side by side."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands import compare
from binscout_tui.commands.command import Command, Verdict
from binscout_tui.commands.gallery_checks import IN_FULL

MOST = 4
"""So many images are compared at most."""


class ComparingContext(Protocol):
    """What the check looks at."""

    @property
    def is_full(self) -> bool:
        """Whether one image fills the screen."""

    @property
    def comparable(self) -> int:
        """How many images would be compared: the marked ones, or the only marked one and the one under the cursor."""


def can_compare(context: ComparingContext) -> Verdict:
    """Two to four images must be marked, or one beside the one under the cursor."""
    if context.is_full:
        return IN_FULL
    if context.comparable > MOST:
        return f"{context.comparable:,} images are marked; up to {MOST} can be compared."
    if context.comparable < 2:
        return f"Mark 2 to {MOST} images first, with {{gallery.mark}}; or one, and go to the other."
    return True


COMMANDS: tuple[Command, ...] = (
    Command(
        "gallery.compare",
        ("c",),
        "compare",
        "Show the marked images side by side, two to four, or the marked one beside this one.",
        allowed=can_compare,
    ),
)
"""Of the grid."""
FULL_COMMANDS: tuple[Command, ...] = ()
"""Of the full view."""
DECISIONS: frozenset[str] = compare.DECISIONS
"""What a key may only do once the image that it is meant for is on the screen."""
