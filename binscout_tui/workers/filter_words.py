"""What a filter that is being typed is completed from and checked against, read beside the event loop."""

from __future__ import annotations

import sqlite3

from binscout_tui.filtering.completing import Vocabulary
from binscout_tui.filtering.fields import Fields
from binscout_tui.filtering.tree import EVERYTHING, Filter, all_of
from binscout_tui.store import filter_history, filter_names, filters
from binscout_tui.store.filter_fields import FIELDS
from binscout_tui.workspace import LiveWorkspace


class FilterWords:
    """The names of one workspace, and the last filters of its user.

    `within` is what the screen asks in any case: a filter has to make sense together with it.
    """

    fields: Fields = FIELDS

    def __init__(self, workspace: LiveWorkspace, *, within: Filter = EVERYTHING) -> None:
        self.workspace = workspace
        self.within = within
        self.vocabulary: Vocabulary = {}
        self.recent: list[str] = []

    async def load(self) -> None:
        """Read the names and the last filters; until then those of the time before hold."""
        self.vocabulary, self.recent = await self.workspace.db.read(_words, self.workspace.user.uid)

    async def check(self, text: str) -> Filter:
        """The filter that `text` is, with names that exist. Raises FilterError."""
        wanted = filters.parse(text)
        await self.workspace.db.read(filters.checked, all_of([self.within, wanted]))
        return wanted

    async def remember(self, text: str) -> None:
        """Keep a filter among the last ones."""
        await self.workspace.db.write(filter_history.remember, self.workspace.user.uid, text)


def _words(db: sqlite3.Connection, uid: int) -> tuple[Vocabulary, list[str]]:
    return filter_names.vocabulary(db), filter_history.recent(db, uid)
