"""`tag …`: the tags, and which images have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.choosing_images import CollectionName, FilterText, Ids
from binscout_tui.cli.name_verbs import answer_change, decide, kept, name_line
from binscout_tui.cli.session import session
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.named import Name
    from binscout_tui.workspace import Workspace

tag_app = typer.Typer(help="Tags of images.", no_args_is_help=True)
CHANGING, TAGGING = "Changing tags", "Tagging images"
TagName = Annotated[str, typer.Argument(metavar="NAME", help="A tag, whatever its case.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(tag_app, name="tag")


@tag_app.command("list")
def list_tags(
    context: typer.Context,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Also hidden ones; never those that safe mode hides.")
    ] = False,
) -> None:
    """List the tags with the number of their images."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(named.listed, named.TAG, concealed=hidden)
    ours.answer(found, [name_line(one) for one in found] or "No tag yet; `binscout tag put NAME ID...` makes one.")


@tag_app.command("show")
def show(context: typer.Context, name: TagName) -> None:
    """Show one tag."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        one = workspace.db.read(named.find, named.TAG, name, concealed=True)
    ours.answer(one, name_line(one))


@tag_app.command("add")
def add(
    context: typer.Context,
    name: TagName,
    colour: Annotated[str | None, typer.Option(metavar="#RRGGBB", help="Its colour.")] = None,
) -> None:
    """Make a tag that no image has yet."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        workspace.db.write(named.add, workspace.user.uid, named.TAG, name, colour=colour)
        one = workspace.db.read(named.find, named.TAG, name)
    ours.answer({"tag": one, "changed": True}, f"{one.name} made.")


@tag_app.command("rename")
def rename(context: typer.Context, name: TagName, new_name: Annotated[str, typer.Argument(metavar="NEW")]) -> None:
    """Give a tag another name; its images keep it."""
    from binscout_tui.store import named

    _change(
        context, name, lambda ws, one: ws.db.write(named.rename, ws.user.uid, named.TAG, one.id, new_name), "renamed"
    )


@tag_app.command("colour")
def colour(
    context: typer.Context, name: TagName, value: Annotated[str | None, typer.Argument(metavar="#RRGGBB")] = None
) -> None:
    """Give a tag a colour; without one it has none."""
    from binscout_tui.store import named

    _change(
        context, name, lambda ws, one: ws.db.write(named.set_colour, ws.user.uid, named.TAG, one.id, value), "changed"
    )


@tag_app.command("hide")
def hide(context: typer.Context, name: TagName) -> None:
    """Hide a tag and all images that have it, everywhere."""
    _hide(context, name, on=True)


@tag_app.command("unhide")
def unhide(context: typer.Context, name: TagName) -> None:
    """Show a hidden tag and its images again."""
    _hide(context, name, on=False)


@tag_app.command("sensitive")
def sensitive(context: typer.Context, name: TagName) -> None:
    """Say that safe mode hides a tag and all images that have it."""
    _sensitive(context, name, on=True)


@tag_app.command("not-sensitive")
def not_sensitive(context: typer.Context, name: TagName) -> None:
    """Say that safe mode does not hide a tag; while it is on, none that it hides is found."""
    _sensitive(context, name, on=False)


@tag_app.command("merge")
def merge(
    context: typer.Context,
    name: TagName,
    into: Annotated[str, typer.Argument(metavar="INTO")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
) -> None:
    """Put all images of a tag under another and delete it; `undo --area tag_name` takes it back."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        if not dry_run:
            workspace.user.must_be("operator", CHANGING)
        one, other = (workspace.db.read(named.find, named.TAG, each, concealed=True) for each in (name, into))
        if dry_run:
            workspace.db.read(named.may_merge, named.TAG, one.id, other.id)
        else:
            workspace.db.write(named.merge, workspace.user.uid, named.TAG, one.id, other.id)
    told = f"{one.name} {'would be' if dry_run else 'is'} {other.name}{'' if dry_run else ' now'}."
    ours.answer({"tag": one.name, "into": other.name, "images": one.images, "changed": not dry_run}, told)


@tag_app.command("delete")
def delete(context: typer.Context, name: TagName) -> None:
    """Delete a tag; its images stay, and `undo --area tag_name` brings it back with them."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        one = workspace.db.read(named.find, named.TAG, name, concealed=True)
        workspace.db.write(named.delete, workspace.user.uid, named.TAG, one.id)
    ours.answer({"tag": one, "changed": True}, kept(one))


@tag_app.command("put")
def put(
    context: typer.Context,
    name: TagName,
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
) -> None:
    """Put a tag on images; it is made when there is none. One `undo --area tag` takes it off again."""
    _decide(context, name, ids, filter_, collection, there=True)


@tag_app.command("take")
def take(
    context: typer.Context,
    name: TagName,
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
) -> None:
    """Take a tag off images."""
    _decide(context, name, ids, filter_, collection, there=False)


def _decide(
    context: typer.Context,
    name: str,
    ids: list[int] | None,
    filter_: str | None,
    collection: str | None,
    *,
    there: bool,
) -> None:
    from binscout_tui.cli.choosing_images import chosen
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", TAGGING)
        images = chosen(ours, workspace, ids, filter_, collection)
        changed = decide(ours, workspace, named.TAG, name, images, there=there)
    told = f"{name} {'put on' if there else 'taken off'} {counted(changed, 'image')}."
    if changed < len(images):
        told += f" {len(images) - changed:,} {'had it already' if there else 'did not have it'}."
    ours.answer({"tag": name, "images": len(images), "changed": changed}, told)


def _hide(context: typer.Context, name: str, *, on: bool) -> None:
    from binscout_tui.store import named

    told = "is hidden with its images" if on else "is shown with its images"
    _change(context, name, lambda ws, one: ws.db.write(named.hide, ws.user.uid, named.TAG, one.id, on=on), told)


def _sensitive(context: typer.Context, name: str, *, on: bool) -> None:
    from binscout_tui.store import named

    told = "is hidden in safe mode" if on else "is shown in safe mode too"
    _change(
        context, name, lambda ws, one: ws.db.write(named.set_sensitive, ws.user.uid, named.TAG, one.id, on=on), told
    )


def _change(context: typer.Context, name: str, change: Callable[[Workspace, Name], int | None], told: str) -> None:
    from binscout_tui.store import named

    answer_change(session(context), named.TAG, name, change, told)
