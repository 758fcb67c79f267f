"""What a filter that is being typed is completed from and checked against, read beside the event loop."""

from __future__ import annotations

import sqlite3

from binscout_tui.errors import NotFoundError
from binscout_tui.filtering.completing import SAVED, Name, Vocabulary
from binscout_tui.filtering.errors import FilterError, did_you_mean
from binscout_tui.filtering.fields import Fields
from binscout_tui.filtering.tree import EVERYTHING, Any, Filter, all_of
from binscout_tui.store import filter_history, filter_names, filters, saved_filters
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

    async def written_out(self, text: str) -> str:
        """`text`, or what the filter says that `@NAME` stands for where that is all of it. Raises FilterError."""
        return await self.workspace.db.read(_written_out, text)

    async def check(self, text: str) -> Filter:
        """The filter that `text` is, with names that exist. Raises FilterError."""
        wanted = filters.parse(text)
        await self.workspace.db.read(filters.checked, all_of([self.within, wanted]))
        return wanted

    async def remember(self, text: str) -> None:
        """Keep a filter among the last ones."""
        await self.workspace.db.write(filter_history.remember, self.workspace.user.uid, text)


def _words(db: sqlite3.Connection, uid: int) -> tuple[Vocabulary, list[str]]:
    saved = [Name(one.name, means=_alone(one.text)) for one in saved_filters.listed(db)]
    return filter_names.vocabulary(db) | {SAVED: saved}, filter_history.recent(db, uid)


def _alone(text: str) -> str:
    """As it stands beside other words."""
    return f"({text})" if isinstance(filters.parse(text), Any) else text


def _written_out(db: sqlite3.Connection, text: str) -> str:
    try:
        return saved_filters.resolved(db, text)
    except NotFoundError as error:
        known = [one.name for one in saved_filters.listed(db)]
        hint = did_you_mean(text.strip()[1:], known)
        raise FilterError(error.sentence, (0, len(text)), hint=hint) from error
