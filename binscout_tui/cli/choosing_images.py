"""Which images a command is about: their ids, those that a filter lets through, those of a collection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.session import Session
from binscout_tui.errors import UsageError

if TYPE_CHECKING:
    from binscout_tui.filtering.tree import Filter
    from binscout_tui.workspace import Workspace

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID...]", help="Images by their ids.", show_default=False)]
FilterText = Annotated[
    str | None,
    typer.Option(
        "--filter",
        metavar="EXPR",
        help='What a filter lets through, such as "tag:brass star"; @NAME is one that was kept.',
    ),
]
CollectionName = Annotated[str | None, typer.Option("--collection", metavar="NAME", help="What is in a collection.")]
PIECE = 20_000
ALL = "All images are `--filter id:1..`, without the trash."


def chosen(
    ours: Session,
    workspace: Workspace,
    ids: Sequence[int] | None,
    filter_: str | None,
    collection: str | None,
) -> list[int]:
    """The ids of the images that are meant, in the order of arrival, each once; none where nothing matches.

    Raises UsageError where nothing says which (an empty filter or name does not: it may be a variable that nobody set),
    or ids are given beside a filter or collection; NotFoundError for an image, collection or saved filter that is not
    there; FilterError.
    """
    if not ids and filter_ is None and collection is None:
        raise UsageError(
            "Say which images.", hint="Give ids, --filter EXPR or --collection NAME.", code="nothing_chosen"
        )
    for option, text in (("--filter", filter_), ("--collection", collection)):
        if text is not None and not text.strip():
            raise UsageError(f"{option} is empty, which chooses nothing.", hint=ALL, code="nothing_chosen")
    if not ids:
        return workspace.db.read(_matching, wanted(ours, workspace, filter_, collection))
    if filter_ is not None or collection is not None:
        raise UsageError("Ids cannot be combined with --filter and --collection.", hint="Write id: in the filter.")
    return workspace.db.read(_existing, sorted(set(ids)))


def wanted(ours: Session, workspace: Workspace, filter_: str | None, collection: str | None = None) -> Filter:
    """The filter that options are; `@NAME` is one that was kept. Raises as `chosen`.

    People get an error of the filter with the place marked, scripts with its number.
    """
    from binscout_tui.filtering.errors import FilterError
    from binscout_tui.filtering.tree import all_of, conjuncts
    from binscout_tui.filtering.words import quoted
    from binscout_tui.store import filters, named

    text = filter_text(workspace, filter_ or "")
    try:
        found = filters.parse(text)
        workspace.db.read(filters.checked, found)
    except FilterError as error:
        if ours.as_json:
            raise
        raise error.marked(text) from error
    if collection is None:
        return found
    name = workspace.db.read(named.find, named.COLLECTION, collection).name
    return all_of([*conjuncts(found), *conjuncts(filters.parse(f"collection:{quoted(name)}"))])


def filter_text(workspace: Workspace, text: str) -> str:
    """`text`, or the text of the saved filter that it names as `@NAME`. Raises NotFoundError."""
    from binscout_tui.store import saved_filters

    return workspace.db.read(saved_filters.resolved, text)


def _matching(db: sqlite3.Connection, wanted: Filter) -> list[int]:
    from binscout_tui.store import filters

    found: list[int] = []
    while True:
        piece = filters.page(db, wanted, beyond=found[-1] if found else 0, limit=PIECE, order="oldest")
        found += piece
        if len(piece) < PIECE:
            return found


def _existing(db: sqlite3.Connection, ids: list[int]) -> list[int]:
    """`ids`, all of which must be there for whoever looks."""
    from binscout_tui.store import images

    rows = db.execute(
        "SELECT asked.value FROM json_each(?) AS asked LEFT JOIN image ON image.id = asked.value"
        " WHERE image.id IS NULL OR image.withheld = ? LIMIT 1",
        (json.dumps(ids), images.HIDDEN),
    )
    for (image_id,) in rows:
        images.get(db, image_id)
    return ids
