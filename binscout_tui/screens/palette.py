"""The command palette: every command of the screen and of the app, with its present key."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from binscout_tui.commands.command import Command, Verdict
from binscout_tui.screens.live_keys import commanded, current_keys, keymap_of, perform


class CommandsProvider(Provider):
    """Reads the one table of commands; what is not allowed now comes last and says why."""

    async def discover(self) -> Hits:
        """Everything, for an empty query."""
        for command, title, about in self._entries():
            yield DiscoveryHit(title, partial(self._run, command), help=about)

    async def search(self, query: str) -> Hits:
        """The commands whose words match."""
        matcher = self.matcher(query)
        for command, title, about in self._entries():
            score = max(matcher.match(title), matcher.match(command.help) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(title), partial(self._run, command), help=about)

    def _entries(self) -> Iterator[tuple[Command, str, str]]:
        """(command, line, help) in order, those that are not allowed last."""
        keymap = keymap_of(self.screen)
        allowed: list[tuple[Command, str, str]] = []
        refused: list[tuple[Command, str, str]] = []
        for node in commanded(self.screen):
            for command in node.SCOPE:
                if command.palette:
                    verdict = node.verdict(command)
                    title = f"{node.SCOPE.title}: {command.title}  ({current_keys(command, keymap)})"
                    (allowed if verdict is True else refused).append((command, title, _about(command, verdict)))
        yield from allowed
        yield from refused

    async def _run(self, command: Command) -> None:
        await perform(self.screen, command.id)


def _about(command: Command, verdict: Verdict) -> str:
    return command.help if verdict is True else f"Not now: {verdict}"
