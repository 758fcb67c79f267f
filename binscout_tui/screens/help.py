"""The help screen: the keys that work here, from the live keymap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.content import Content

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.dialogs.reader import Reader
from binscout_tui.screens.live_keys import Keymap, current_keys

KEY_WIDTH = 14
TITLE_WIDTH = 14


class HelpScreen(Reader):
    """Every command of the given nodes with the keys that lead to it now."""

    def __init__(self, nodes: Iterable[Commanded], keymap: Keymap) -> None:
        verdicts = [(node.SCOPE, {command.id: node.verdict(command) for command in node.SCOPE}) for node in nodes]
        super().__init__("Keys", help_text(verdicts, keymap))


def help_text(scopes: Iterable[tuple[Scope, Mapping[str, Verdict]]], keymap: Keymap) -> Content:
    """A heading a scope, a line a command; a command that is not allowed now says why."""
    lines: list[Content] = []
    for scope, verdicts in scopes:
        if not scope.commands:
            continue
        lines += [Content.styled(scope.title, "bold $accent"), *(_line(c, verdicts[c.id], keymap) for c in scope)]
        lines.append(Content(""))
    return Content("\n").join(lines)


def _line(command: Command, verdict: Verdict, keymap: Keymap) -> Content:
    keys = current_keys(command, keymap) or command.label
    line = Content.assemble(
        (f"  {keys:<{KEY_WIDTH}}", "bold"), (f"{command.title:<{TITLE_WIDTH}}", ""), (command.help, "$text-muted")
    )
    if verdict is True:
        return line
    return Content.assemble(line, (f"\n{'':<{KEY_WIDTH + TITLE_WIDTH + 2}}not now: {verdict}", "$warning"))
