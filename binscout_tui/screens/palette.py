"""The command palette: every command of the screen and of the app, the areas, and what begins elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from binscout_tui.commands.areas import AREAS, Area
from binscout_tui.commands.command import Changes, Command, Verdict, key_label
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.table import SCOPES, with_keys
from binscout_tui.screens.live_keys import commanded, current_keys, keymap_of, perform


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it says, what it explains, what it does; `name` is what somebody types who knows it."""

    title: str
    about: str
    run: Callable[[], Awaitable[None]]
    name: str = ""


class CommandsProvider(Provider):
    """Reads the one table of commands; what is not allowed now comes last and says why."""

    async def discover(self) -> Hits:
        """Everything, for an empty query."""
        for line in self._lines():
            yield DiscoveryHit(line.title, line.run, help=line.about)

    async def search(self, query: str) -> Hits:
        """The lines whose words match; an area whose name begins with the query comes first."""
        matcher = self.matcher(query)
        typed = query.strip().casefold()
        for line in self._lines():
            score = max(matcher.match(line.title), matcher.match(line.about) / 2)
            if typed and line.name.casefold().startswith(typed):
                score += 1
            if score > 0:
                yield Hit(score, matcher.highlight(line.title), line.run, help=line.about)

    def _lines(self) -> Iterator[Line]:
        """What works here, then the areas and what begins elsewhere, then what is not allowed now."""
        refused = []
        for node, command in self._here():
            verdict = node.verdict(command)
            keys = current_keys(command, keymap_of(self.screen))
            title = f"{node.SCOPE.title}: {command.title}  ({keys})"
            line = Line(title, _about(command, verdict, node.frame.key_changes), partial(self._run, command))
            if verdict is True:
                yield line
            else:
                refused.append(line)
        if not self.screen.is_modal:
            yield from self._elsewhere()
        yield from refused

    def _here(self) -> Iterator[tuple[Commanded, Command]]:
        for node in commanded(self.screen):
            for command in node.SCOPE:
                if command.palette:
                    yield node, command

    def _elsewhere(self) -> Iterator[Line]:
        here = self.app.current_mode
        go = " ".join(keymap_of(self.screen).get("app.areas", [])[:1])
        go = f"{key_label(go)} " if go else ""
        for area in AREAS.values():
            if area.id != here:
                yield Line(f"Go to {area.title}  ({go}{area.letter})", "", partial(self._go, area), area.title)
        for scope in SCOPES:
            if scope.id in AREAS and scope.id != here:
                for command in scope:
                    if command.anywhere:
                        run = partial(self._go, AREAS[scope.id], command.id)
                        yield Line(f"{scope.title}: {command.title}", with_keys(command.help, {}), run)

    async def _run(self, command: Command) -> None:
        await perform(self.screen, command.id)

    async def _go(self, area: Area, command_id: str = "") -> None:
        from binscout_tui.screens.base import BaseScreen

        if isinstance(self.screen, BaseScreen):
            self.screen.frame.go_to(area.id, command_id)


def _about(command: Command, verdict: Verdict, changes: Changes) -> str:
    return with_keys(command.help, changes) if verdict is True else f"Not now: {verdict}"
