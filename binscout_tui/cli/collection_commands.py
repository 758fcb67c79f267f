"""`collection …`: the collections, and which images are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from binscout_tui.cli.name_commands import Words, add_verbs
from binscout_tui.cli.name_verbs import name_line
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.named import Name

collection_app = typer.Typer(help="Collections of images.", no_args_is_help=True)
HELPS = {
    "list": "List the collections with the number of their images, without those in the trash.",
    "show": "Show one collection, and the filter that shows its images.",
    "add": "Make a collection that no image is in yet.",
    "rename": "Give a collection another name; its images stay in it.",
    "colour": "Give a collection a colour; without one it has none.",
    "hide": "Hide a collection and all images in it, everywhere.",
    "unhide": "Show a hidden collection and its images again.",
    "sensitive": "Say that safe mode hides a collection and all images in it.",
    "not-sensitive": "Say that safe mode does not hide a collection; while it is on, none that it hides is found.",
    "merge": "Put all images of a collection into another and delete it; `undo --area collection_name` takes it back.",
    "delete": "Delete a collection; its images stay, and `undo --area collection_name` brings it back with them.",
    "put": "Put images into a collection; it is made when there is none. One `undo --area collection` takes them out.",
    "take": "Take images out of a collection; they stay in the library.",
}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(collection_app, name="collection")


def _shown(one: Name) -> tuple[Any, list[str]]:
    from binscout_tui.filtering.words import quoted

    wanted = f"collection:{quoted(one.name)}"
    return {"collection": one, "filter": wanted}, [name_line(one), f"         {wanted}"]


def _merged(one: str, into: str, is_done: bool) -> str:
    return f"{one} {'is' if is_done else 'would be'} part of {into}{' now' if is_done else ''}."


def _decided(name: str, changed: int, left: int, there: bool) -> str:
    told = f"{counted(changed, 'image')} {'put into' if there else 'taken out of'} {name}."
    return f"{told} {left:,} {'in it already' if there else 'not in it'}." if left else told


add_verbs(
    collection_app,
    Words(
        kind="collection",
        putting="Putting images into collections",
        helps=HELPS,
        shown=_shown,
        merged=_merged,
        decided=_decided,
    ),
)
