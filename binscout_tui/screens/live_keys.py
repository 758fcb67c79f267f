"""Which commands work on a screen now, by which keys: what footer, help, palette and clicks read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textual.screen import Screen

from binscout_tui.commands.command import UNSET, Command, key_label
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.widgets.footer import FooterKey

# Whatever the width, these stay at the footer's right end.
LAST = ("app.areas", "app.help")
Keymap = Mapping[str, list[str]]


def commanded(screen: Screen[Any]) -> Iterator[Commanded]:
    """The nodes whose commands work on `screen` now, the nearest to the focus first; a dialog hides the app's."""
    for node in (screen.focused or screen).ancestors_with_self:
        if isinstance(node, Commanded):
            yield node
        if node is screen and screen.is_modal:
            return


def keymap_of(screen: Screen[Any]) -> dict[str, list[str]]:
    """{binding id: the keys that lead to it now} on `screen`."""
    keymap: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        if not key.startswith(UNSET):
            keymap.setdefault(active.binding.id or "", []).append(key)
    return keymap


def current_keys(command: Command, keymap: Keymap, limit: int | None = None) -> str:
    """The first `limit` keys that lead to `command` now, as people write them."""
    if command.is_split:
        first = [keys[0] for place in command.default_keys if (keys := keymap.get(place))]
        return command.row(tuple(first))
    return " ".join(key_label(key) for key in keymap.get(command.id, ())[:limit])


def footer_keys(screen: Screen[Any]) -> tuple[FooterKey, ...]:
    """The footer's entries: those of the node nearest to the focus, of nodes around it as it says, and of the app."""
    nodes = list(commanded(screen))
    keymap = keymap_of(screen)
    return tuple(
        FooterKey(
            command.id,
            current_keys(command, keymap, 1),
            command.title,
            allowed=node.verdict(command) is True,
            last=command.id in LAST,
        )
        for node in dict.fromkeys((*_in_footer(nodes[:-1] or nodes), nodes[-1]))
        for command in node.SCOPE
        if command.footer and current_keys(command, keymap, 1)
    )


def _in_footer(nodes: list[Commanded]) -> list[Commanded]:
    """The nodes whose commands the footer shows, in their order."""
    shown = nodes[0].FOOTER
    return nodes[:1] if shown == "own" else nodes if shown == "own first" else [*nodes[1:], nodes[0]]


async def perform(screen: Screen[Any], command_id: str) -> None:
    """Carry out a command as if its key had been pressed."""
    for node in commanded(screen):
        if any(command.id == command_id for command in node.SCOPE):
            await node.action_command(command_id)
            return
