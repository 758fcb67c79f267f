"""The smart views of the gallery: filters that everybody has, with numbers that are kept."""

from __future__ import annotations

import sqlite3

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A smart view: its name, and the filter that it is."""

    id: str
    title: str
    filter: str


VIEWS = (
    View(id="all", title="All", filter=""),
    View(id="starred", title="Starred", filter="star"),
    View(id="uncategorised", title="Uncategorised", filter="collection:none"),
    View(id="unlabelled", title="Unlabelled", filter="label:none"),
    View(id="captured", title="Captured", filter="origin:captured"),
    View(id="imported", title="Imported", filter="origin:imported"),
    View(id="generated", title="Generated", filter="origin:generated"),
    View(id="trash", title="Trash", filter="in:trash"),
)


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """{view id: how many images it has}; kept, so it takes the same time for a million."""
    rows = db.execute(
        "SELECT view, images FROM view_count UNION ALL"
        " SELECT state, images FROM label_state_count WHERE state = 'unlabelled'"
    )
    return {row[0]: row[1] for row in rows}
