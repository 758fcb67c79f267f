"""Commands of the gallery: stars, the batch bar, export, purge, the context menu."""

from __future__ import annotations

from binscout_tui.commands.command import Command

COMMANDS: tuple[Command, ...] = ()
"""Of the grid."""
FULL_COMMANDS: tuple[Command, ...] = ()
"""Of the full view."""
DECISIONS: frozenset[str] = frozenset()
"""What a key may only do once the image that it is meant for is on the screen."""
