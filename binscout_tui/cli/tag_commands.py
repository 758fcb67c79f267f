"""`tag …`: the tags, and which images have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from binscout_tui.cli.name_commands import Words, add_verbs
from binscout_tui.cli.name_verbs import name_line
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.named import Name

tag_app = typer.Typer(help="Tags of images.", no_args_is_help=True)
HELPS = {
    "list": "List the tags with the number of their images.",
    "show": "Show one tag.",
    "add": "Make a tag that no image has yet.",
    "rename": "Give a tag another name; its images keep it.",
    "colour": "Give a tag a colour; without one it has none.",
    "hide": "Hide a tag and all images that have it, everywhere.",
    "unhide": "Show a hidden tag and its images again.",
    "sensitive": "Say that safe mode hides a tag and all images that have it.",
    "not-sensitive": "Say that safe mode does not hide a tag; while it is on, none that it hides is found.",
    "merge": "Put all images of a tag under another and delete it; `undo --area tag_name` takes it back.",
    "delete": "Delete a tag; its images stay, and `undo --area tag_name` brings it back with them.",
    "put": "Put a tag on images; it is made when there is none. One `undo --area tag` takes it off again.",
    "take": "Take a tag off images.",
}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(tag_app, name="tag")


def _shown(one: Name) -> tuple[Any, list[str]]:
    return one, [name_line(one)]


def _merged(one: str, into: str, is_done: bool) -> str:
    return f"{one} {'is' if is_done else 'would be'} {into}{' now' if is_done else ''}."


def _decided(name: str, changed: int, left: int, there: bool) -> str:
    told = f"{name} {'put on' if there else 'taken off'} {counted(changed, 'image')}."
    return f"{told} {left:,} {'had it already' if there else 'did not have it'}." if left else told


add_verbs(
    tag_app, Words(kind="tag", putting="Tagging images", helps=HELPS, shown=_shown, merged=_merged, decided=_decided)
)
