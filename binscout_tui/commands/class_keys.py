"""The keys that no class may have, because they are commands where one labels."""

from __future__ import annotations

from binscout_tui.commands import app, boxes, label
from binscout_tui.commands.command import Changes, Scope
from binscout_tui.commands.keymap import places
from binscout_tui.labelling.keys import DIGITS

LABEL = (app.SCOPE, label.SCOPE)
"""Where the keys count that the program chooses."""
ALL = (*LABEL, boxes.SCOPE, boxes.BOX)
"""Where classes have keys: one that somebody chooses has to be free in all of them."""


def reserved_keys(changes: Changes, scopes: tuple[Scope, ...] = ALL) -> dict[str, str]:
    """{single character: the command that has it, in words}; digits are for classes."""
    found: dict[str, str] = {}
    for scope in scopes:
        for place in places(scope, changes):
            for key in place.keys:
                if len(key) == 1 and key not in DIGITS:
                    found.setdefault(key, f"{place.command.title} in {scope.title}")
    return found
