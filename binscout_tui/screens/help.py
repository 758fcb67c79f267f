"""The help screen: the keys that work here, from the live keymap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from textwrap import wrap

from textual.content import Content

from binscout_tui.commands.command import Changes, Command, Scope, Verdict
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.table import with_keys
from binscout_tui.dialogs.reader import Reader
from binscout_tui.screens.live_keys import Keymap, current_keys

KEY_WIDTH = 14
TITLE_WIDTH = 15


class HelpScreen(Reader):
    """Every command of the given nodes with the keys that lead to it now."""

    def __init__(self, nodes: Iterable[Commanded], keymap: Keymap, changes: Changes) -> None:
        verdicts = [(node.SCOPE, {command.id: node.verdict(command) for command in node.SCOPE}) for node in nodes]
        super().__init__("Keys", partial(help_text, verdicts, keymap, changes=changes))


def help_text(
    scopes: Sequence[tuple[Scope, Mapping[str, Verdict]]], keymap: Keymap, width: int, *, changes: Changes
) -> Content:
    """A heading a scope, a line or more a command; a command that is not allowed now says why."""
    lines: list[Content] = []
    for scope, verdicts in scopes:
        if not scope.commands:
            continue
        lines.append(Content.styled(scope.title, "bold $accent"))
        for command in scope:
            lines += _lines(command, verdicts[command.id], keymap, width, changes)
        lines.append(Content(""))
    return Content("\n").join(lines)


def _lines(command: Command, verdict: Verdict, keymap: Keymap, width: int, changes: Changes) -> list[Content]:
    room = max(20, width - KEY_WIDTH - TITLE_WIDTH - 2)
    words = [(line, "$text-muted") for line in wrap(with_keys(command.help, changes), room)]
    if verdict is not True:
        words += [(line, "$warning") for line in wrap(f"not now: {verdict}", room)]
    keys = current_keys(command, keymap) or command.label
    head = [(f"  {keys:<{KEY_WIDTH - 1}} ", "bold"), (f"{command.title:<{TITLE_WIDTH - 1}} ", "")]
    indent = [(" " * (KEY_WIDTH + TITLE_WIDTH + 2), "")]
    return [Content.assemble(*(indent if row else head), part) for row, part in enumerate(words)]
