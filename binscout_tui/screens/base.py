"""What every area's screen has: header, footer, the workspace, its place, and how it hears of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.worker import Worker

from binscout_tui.commands.areas import AREAS
from binscout_tui.commands.command import Command, Verdict
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.screens.live_keys import perform
from binscout_tui.store import places
from binscout_tui.store.events import Event
from binscout_tui.widgets.footer import FooterBar
from binscout_tui.widgets.header import HeaderBar
from binscout_tui.workspace import LiveWorkspace

# For actions that ask a question or take longer than a blink; a second press while one is open changes nothing.
dialog = partial(work, group="dialog", exclusive=True, exit_on_error=False)


class BaseScreen(Commanded, Screen[None], inherit_bindings=False):
    """An area. Subclasses declare `SCOPE`, `BINDINGS = SCOPE.bindings()`, `body()`, and the hooks that they need."""

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._is_awaited = True
        self._coming_in = asyncio.Lock()

    @property
    def ws(self) -> LiveWorkspace:
        """The open workspace; there from `start` on."""
        return self.frame.workspace

    def compose(self) -> ComposeResult:
        """Header, body, footer."""
        yield HeaderBar(AREAS[self.SCOPE.id].title)
        yield from self.body()
        yield FooterBar()

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield from ()

    async def start(self) -> None:
        """Called once, when the screen is mounted and the workspace open: load, and go to the kept place."""

    async def resume(self) -> None:
        """Called whenever the screen is shown again: take in what changed meanwhile."""

    async def seek(self, sought: str) -> None:
        """Called after loading when a row of Home led here: what the row tells of is to be there."""

    async def changed(self, events: Sequence[Event]) -> None:
        """Called while shown, at most twice a second: somebody changed the store."""

    def verdict(self, command: Command) -> Verdict:
        """Before the screen is loaded nobody knows why not."""
        found = super().verdict(command)
        return self.loading_words if found is not True and self._is_awaited else found

    @property
    def loading_words(self) -> str:
        """What a key is answered that comes before the screen is loaded."""
        return f"{AREAS[self.SCOPE.id].title} is loading; press the key again when it is there."

    async def hear(self, events: Sequence[Event]) -> None:
        """Pass changes on once the screen is loaded."""
        if not self._started:
            return
        try:
            await self.changed(events)
        except Exception as error:  # noqa: BLE001  one screen's trouble must not keep changes from the others
            self.frame.report(error, f"refreshing {self.SCOPE.title}")
        self.frame.refresh_commands()

    def go_up(self) -> bool:
        """Called by Esc and q: leave an inner level if there is one and return True, else False."""
        if self.focused is not None:
            self.set_focus(None)
            return True
        return False

    async def keep_place(self, value: Any) -> None:
        """Remember where the person is in this area, also after a restart."""
        await self.ws.db.write(places.keep, self.ws.user.uid, self.SCOPE.id, value)

    async def kept_place(self) -> Any:
        """What `keep_place` remembered, or None."""
        return await self.ws.db.read(places.get, self.ws.user.uid, self.SCOPE.id)

    def on_screen_resume(self) -> None:
        """Show the frame as it is now; load or refresh beside the event loop."""
        self.frame.refresh_frame()
        self.run_worker(self._come_in(), group="load", exit_on_error=False, description=f"load {self.SCOPE.id}")

    async def _come_in(self) -> None:
        await self.frame.session.opened()
        # A dialog may open and close, or the area be left and entered, before the first load is done.
        async with self._coming_in:
            if self._started:
                await self.resume()
            else:
                await self._load_first()
            if sought := self.frame.take_sought(self.SCOPE.id):
                await self.seek(sought)
        self.frame.refresh_commands()
        if command_id := self.frame.take_afterwards(self.SCOPE.id):
            await perform(self, command_id)

    async def _load_first(self) -> None:
        try:
            await self.start()
        finally:
            self._is_awaited = False
        self._started = True

    async def on_footer_bar_pressed(self, event: FooterBar.Pressed) -> None:
        """A click on an entry of the footer is like its key."""
        await perform(self, event.command_id)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is told and logged; the screen lives on."""
        self.frame.on_worker_state_changed(event)
