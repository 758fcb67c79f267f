"""Commands of Home."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class HomeContext(Protocol):
    """What the checks look at."""

    @property
    def row_leads_somewhere(self) -> bool:
        """Whether the row under the cursor belongs to an area."""


def row_leads_somewhere(context: HomeContext) -> Verdict:
    """The row under the cursor must belong to an area."""
    return True if context.row_leads_somewhere else "There is nothing to open on this row."


SCOPE = Scope(
    "home",
    "Home",
    (
        Command("home.open", ("enter", "right", "l"), "open", "Go where this row leads.", allowed=row_leads_somewhere),
        Command("home.up", ("up", "k"), "up", "Move to the row above.", footer=False, palette=False),
        Command("home.down", ("down", "j"), "down", "Move to the row below.", footer=False, palette=False),
        Command("home.first", ("home", "g"), "first", "Move to the first row.", footer=False, palette=False),
        Command("home.last", ("end", "G"), "last", "Move to the last row.", footer=False, palette=False),
    ),
)
