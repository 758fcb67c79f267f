"""The keys that no class may have, because they are commands where one labels."""

from __future__ import annotations

from binscout_tui.commands import app, boxes, label
from binscout_tui.commands.command import Changes
from binscout_tui.commands.keymap import places
from binscout_tui.labelling.keys import DIGITS

SCOPES = (app.SCOPE, label.SCOPE, boxes.SCOPE, boxes.BOX)
"""Where classes have keys: a class has the same one in all of them."""


def reserved_keys(changes: Changes) -> dict[str, str]:
    """{single character: the command that has it, in words}; digits are for classes."""
    found: dict[str, str] = {}
    for scope in SCOPES:
        for place in places(scope, changes):
            for key in place.keys:
                if len(key) == 1 and key not in DIGITS:
                    found.setdefault(key, f"{place.command.title} in {scope.title}")
    return found
