"""Home: what needs me now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from textual.app import ComposeResult

from binscout_tui.clock import to_text
from binscout_tui.commands import home
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.backups.standing import Standing, standing
from binscout_tui.screens.base import BaseScreen
from binscout_tui.screens.home_rows import Entry, entries, rows
from binscout_tui.store import overview, places
from binscout_tui.store.events import Event
from binscout_tui.widgets.row_list import RowList


class HomeScreen(BaseScreen):
    """Where one left off, what wants attention, what runs, what was done; Enter on a row goes there."""

    SCOPE = home.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/home.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[str, Entry] = {}

    @property
    def row_leads_somewhere(self) -> bool:
        """Whether Enter on the row under the cursor goes anywhere."""
        return bool(self._entry and self._entry.area)

    @property
    def _list(self) -> RowList:
        return self.query_one(RowList)

    @property
    def _entry(self) -> Entry | None:
        return self._entries.get(self._list.key or "")

    def body(self) -> ComposeResult:
        """The rows."""
        yield RowList(id="home-rows")

    async def start(self) -> None:
        """Show the state; the cursor begins on the first row."""
        await self.resume()

    async def resume(self) -> None:
        """Show the state as it is now; the cursor stays on its row."""
        now = datetime.now().astimezone()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        state = await self.ws.db.read(
            overview.overview,
            self.ws.user.uid,
            to_text(midnight),
            to_text(midnight - timedelta(days=overview.WEEK_DAYS)),
        )
        found = entries(state, now, await asyncio.to_thread(self._standing))
        self._entries = {entry.key: entry for entry in found}
        self._list.show(rows(found))

    def _standing(self) -> Standing:
        """How the backups stood at the last look; where not even their targets can be read, why."""
        try:
            return standing(self.ws.paths, self.ws.settings.backup)
        except BinScoutError as error:
            return Standing(target="?", words=error.sentence)

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed something."""
        await self.resume()

    async def action_open(self) -> None:
        """Go where the row leads, and there to what it is about."""
        if (entry := self._entry) is None:
            return
        if entry.place:
            await self.ws.db.write(places.keep, self.ws.user.uid, entry.area, entry.place)
        self.frame.go_to(entry.area, sought=entry.key)

    async def on_row_list_opened(self, event: RowList.Opened) -> None:
        """A click on the marked row is like Enter."""
        await self.action_command("home.open")

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another row may lead elsewhere."""
        self.frame.refresh_commands()

    def action_up(self) -> None:
        """To the row above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the row below."""
        self._list.move(1)

    def action_first(self) -> None:
        """To the first row."""
        self._list.move(-len(self._entries))

    def action_last(self) -> None:
        """To the last row."""
        self._list.move(len(self._entries))
