"""Screens where a key decides: it counts only for what was on the screen when it was pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual import events
from textual.actions import parse
from textual.message import Message
from textual.timer import Timer

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.errors import BinScoutError
from binscout_tui.screens.base import BaseScreen
from binscout_tui.store.images import Image
from binscout_tui.widgets.footer import FooterBar
from binscout_tui.workers.previews import PreviewMaker

SEEN_FOR_S = 0.04
"""How long something must be on the screen before a key decides on it where the terminal does not tell that it has
drawn it: by so much what is handed to it may be drawn later, and a key that was pressed before be read later."""

PASSED_ON_S = 2.0
"""So long at most a key waits for what the key before it does in the app."""


class DecidingScreen(BaseScreen):
    """Keys of the commands in `DECISIONS` are judged by the moment they were pressed.

    A person who holds a key or types ahead must not decide on pictures that nobody has seen. `waits()` says that
    something new is on its way to the screen, `seen()` that it is there. A key pressed before is counted in `early`
    and told, never applied. Decisions run on the screen's own queue, one after the other.
    """

    DECISIONS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.early = 0
        self._seen_at: float | None = None
        self._handed_over = False
        self._question: int | None = None
        self._patience: Timer | None = None
        self._previews: PreviewMaker | None = None
        self._passed_on: asyncio.Event | None = None

    @property
    def is_seen(self) -> bool:
        """Whether what is to be decided on was handed to the terminal."""
        return self._handed_over

    @property
    def takes_keys(self) -> bool:
        """Whether a key that is pressed now can decide on it."""
        return self._may_be_meant(Message().time)

    def waits(self) -> None:
        """Something new is to be shown; until it is, no key decides."""
        self._seen_at = self._question = None
        self._handed_over = False
        if self._patience is not None:
            self._patience.stop()
            self._patience = None

    def seen(self) -> None:
        """It was handed to the terminal: keys count that are pressed when it has drawn it."""
        if self._handed_over:
            return
        self._handed_over = True
        self._question = self.frame.ask_terminal()
        if self._question is None:
            self._seen_at = Message().time + SEEN_FOR_S
        else:
            self._patience = self.set_timer(self.frame.patience_s, partial(self._unanswered, Message().time))

    def drawn(self, question: int, moment: float) -> None:
        """The terminal says that it has drawn what was written before this question."""
        if self._question is not None and question >= self._question:
            self._question = None
            self._seen_at = moment + (SEEN_FOR_S if self.frame.is_in_tmux else 0.0)

    def _unanswered(self, handed_over_at: float) -> None:
        """The terminal does not say it: then what is usual has to do."""
        if self._question is not None:
            self._question = None
            self._seen_at = handed_over_at + SEEN_FOR_S
            self.frame.terminal_is_silent()

    def was_seen(self, moment: float) -> bool:
        """Whether a key or click of that moment can be meant for what is on the screen; else it is counted."""
        if self._may_be_meant(moment):
            return True
        self.early += 1
        self.came_early()
        return False

    def _may_be_meant(self, moment: float) -> bool:
        return self._seen_at is not None and moment >= self._seen_at

    def came_early(self) -> None:
        """A key was not taken, because it was pressed before the picture was there."""

    def decision(self, key: str) -> tuple[str, ...] | None:
        """The command and its arguments when `key` decides, else None."""
        found = self.bound(key, self)
        return found[1] if found is not None and found[1][0] in self.DECISIONS else None

    def bound(self, key: str, *nodes: Commanded) -> tuple[Commanded, tuple[str, ...]] | None:
        """Which of `nodes` has `key` now, and the command with its arguments; None when it is another's."""
        active = self.active_bindings.get(key)
        if active is None:
            return None
        owner: object = active.node
        node = next((node for node in nodes if node is owner), None)
        if node is None:
            return None
        _, _, arguments = parse(active.binding.action)
        return node, tuple(str(argument) for argument in arguments)

    def taken(self, key: str) -> tuple[Commanded, tuple[str, ...]] | None:
        """The node and the command of a key that is carried out here, in the order of the keys; None for all others."""
        found = self.decision(key) if self.focused is None else None
        return None if found is None else (self, found)

    async def on_key(self, event: events.Key) -> None:
        """Judge the keys that decide; those that are not taken here go the ordinary way."""
        if self._passed_on is not None:
            # An app that is leaving carries out nothing more, and must not wait for this screen in turn.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._passed_on.wait(), PASSED_ON_S)
            self._passed_on = None
        found = self.taken(event.key) if self.frame.screen is self else None
        if found is None:
            self._pass_on()
            return
        event.stop()
        event.prevent_default()
        node, command = found
        if command[0] not in self.DECISIONS or self.was_seen(event.time):
            await node.action_command(*command)

    async def action_command(self, command_id: str, *arguments: str) -> None:
        """From the palette too, a command decides only on what is on the screen."""
        if self.may_decide(command_id):
            await super().action_command(command_id, *arguments)

    def may_decide(self, command_id: str) -> bool:
        """Whether a command decides nothing, or what it decides on is on the screen; else it is counted as early."""
        return command_id not in self.DECISIONS or self.was_seen(Message().time)

    async def on_footer_bar_pressed(self, event: FooterBar.Pressed) -> None:
        """A click in the footer is judged by its moment, as a key is."""
        if event.command_id in self.DECISIONS and not self.was_seen(event.time):
            event.prevent_default()

    def _pass_on(self) -> None:
        """A key goes on to the app, which may open a dialog or go elsewhere: the keys after it wait for that."""
        done = self._passed_on = asyncio.Event()
        # The key itself reaches the app after the first of these, and before the second.
        self.frame.call_later(self.frame.call_later, done.set)

    def repair(self, image: Image, show: Callable[[], None]) -> None:
        """Make the previews of `image` again beside the event loop, then `show` them if that helped."""
        self.run_worker(
            self._repair(image, show), group="previews", exit_on_error=False, description=f"make {image.name} visible"
        )

    async def _repair(self, image: Image, show: Callable[[], None]) -> None:
        self._previews = self._previews or PreviewMaker(self.ws.paths)
        if await self._previews.make(image):
            show()
            self.frame.refresh_commands()

    async def on_unmount(self) -> None:
        """End what makes previews."""
        if self._previews is not None:
            await self._previews.close()

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        self.frame.refresh_commands()

    def on_descendant_blur(self) -> None:
        """Other keys matter now."""
        self.frame.refresh_commands()

    async def told(self, decision: Awaitable[None], where: str) -> None:
        """Await a decision that did not come through a command; what it raises is told to the person."""
        try:
            await decision
        except BinScoutError as error:
            self.frame.report(error, where)
        self.frame.refresh_commands()
