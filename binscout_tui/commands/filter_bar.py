"""Commands of the line on which a filter is typed."""

from __future__ import annotations

from binscout_tui.commands.command import Command, Scope

SCOPE = Scope(
    "filter",
    "Filter",
    (
        Command("filter.apply", ("enter",), "apply", "Filter by what stands there; an empty line shows all."),
        Command("filter.take", ("tab",), "complete", "Put the marked completion, or the first, into the line."),
        Command("filter.down", ("down",), "mark", "Mark the next completion."),
        Command(
            "filter.up",
            ("up",),
            "last ones",
            "Mark the completion before; with none marked, bring back the last filters.",
        ),
    ),
)
