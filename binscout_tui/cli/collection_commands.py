"""`collection …`: the collections, and which images are in them."""

from __future__ import annotations

from typing import Annotated

import typer

from binscout_tui.cli.choosing_images import CollectionName, FilterText, Ids
from binscout_tui.cli.name_verbs import answer_change, decide, kept, name_line
from binscout_tui.cli.session import session
from binscout_tui.wording import counted

collection_app = typer.Typer(help="Collections of images.", no_args_is_help=True)
CHANGING, PUTTING = "Changing collections", "Putting images into collections"
GivenName = Annotated[str, typer.Argument(metavar="NAME", help="A collection, whatever its case.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(collection_app, name="collection")


@collection_app.command("list")
def list_collections(
    context: typer.Context,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Also hidden ones; never those that safe mode hides.")
    ] = False,
) -> None:
    """List the collections with the number of their images, without those in the trash."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(named.listed, named.COLLECTION, concealed=hidden)
    none = "No collection yet; `binscout collection put NAME ID...` makes one."
    ours.answer(found, [name_line(one) for one in found] or none)


@collection_app.command("show")
def show(context: typer.Context, name: GivenName) -> None:
    """Show one collection, and the filter that shows its images."""
    from binscout_tui.filtering.words import quoted
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        one = workspace.db.read(named.find, named.COLLECTION, name, concealed=True)
    wanted = f"collection:{quoted(one.name)}"
    ours.answer({"collection": one, "filter": wanted}, [name_line(one), f"         {wanted}"])


@collection_app.command("add")
def add(
    context: typer.Context,
    name: GivenName,
    colour: Annotated[str | None, typer.Option(metavar="#RRGGBB", help="Its colour.")] = None,
) -> None:
    """Make a collection that no image is in yet."""
    from binscout_tui.store import named

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        workspace.db.write(named.add, workspace.user.uid, named.COLLECTION, name, colour=colour)
        one = workspace.db.read(named.find, named.COLLECTION, name)
    ours.answer({"collection": one, "changed": True}, f"{one.name} made.")


@collection_app.command("rename")
def rename(context: typer.Context, name: GivenName, new_name: Annotated[str, typer.Argument(metavar="NEW")]) -> None:
    """Give a collection another name; its images stay in it."""
    from binscout_tui.store import named

    kind = named.COLLECTION
    answer_change(
        session(context),
        kind,
        name,
        lambda ws, one: ws.db.write(named.rename, ws.user.uid, kind, one.id, new_name),
        "renamed",
    )


@collection_app.command("colour")
def colour(
    context: typer.Context, name: GivenName, value: Annotated[str | None, typer.Argument(metavar="#RRGGBB")] = None
) -> None:
    """Give a collection a colour; without one it has none."""
    from binscout_tui.store import named

    kind = named.COLLECTION
    answer_change(
        session(context),
        kind,
        name,
        lambda ws, one: ws.db.write(named.set_colour, ws.user.uid, kind, one.id, value),
        "changed",
    )


@collection_app.command("hide")
def hide(context: typer.Context, name: GivenName) -> None:
    """Hide a collection and all images in it, everywhere."""
    _hide(context, name, on=True)


@collection_app.command("unhide")
def unhide(context: typer.Context, name: GivenName) -> None:
    """Show a hidden collection and its images again."""
    _hide(context, name, on=False)


@collection_app.command("sensitive")
def sensitive(context: typer.Context, name: GivenName) -> None:
    """Say that safe mode hides a collection and all images in it."""
    _sensitive(context, name, on=True)


@collection_app.command("not-sensitive")
def not_sensitive(context: typer.Context, name: GivenName) -> None:
    """Say that safe mode does not hide a collection; while it is on, none that it hides is found."""
    _sensitive(context, name, on=False)


@collection_app.command("merge")
def merge(
    context: typer.Context,
    name: GivenName,
    into: Annotated[str, typer.Argument(metavar="INTO")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
) -> None:
    """Put all images of a collection into another and delete it; `undo --area collection_name` takes it back."""
    from binscout_tui.store import named

    ours, kind = session(context), named.COLLECTION
    with ours.workspace() as workspace:
        if not dry_run:
            workspace.user.must_be("operator", CHANGING)
        one, other = (workspace.db.read(named.find, kind, each, concealed=True) for each in (name, into))
        if dry_run:
            workspace.db.read(named.may_merge, kind, one.id, other.id)
        else:
            workspace.db.write(named.merge, workspace.user.uid, kind, one.id, other.id)
    told = f"{one.name} {'would be' if dry_run else 'is'} part of {other.name}{'' if dry_run else ' now'}."
    ours.answer({"collection": one.name, "into": other.name, "images": one.images, "changed": not dry_run}, told)


@collection_app.command("delete")
def delete(context: typer.Context, name: GivenName) -> None:
    """Delete a collection; its images stay, and `undo --area collection_name` brings it back with them."""
    from binscout_tui.store import named

    ours, kind = session(context), named.COLLECTION
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        one = workspace.db.read(named.find, kind, name, concealed=True)
        workspace.db.write(named.delete, workspace.user.uid, kind, one.id)
    ours.answer({"collection": one, "changed": True}, kept(one))


@collection_app.command("put")
def put(
    context: typer.Context,
    name: GivenName,
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
) -> None:
    """Put images into a collection; it is made when there is none. One `undo --area collection` takes them out."""
    _decide(context, name, ids, filter_, collection, there=True)


@collection_app.command("take")
def take(
    context: typer.Context,
    name: GivenName,
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
) -> None:
    """Take images out of a collection; they stay in the library."""
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
    from binscout_tui.store.named import COLLECTION

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", PUTTING)
        images = chosen(ours, workspace, ids, filter_, collection)
        changed = decide(ours, workspace, COLLECTION, name, images, there=there)
    told = f"{counted(changed, 'image')} {'put into' if there else 'taken out of'} {name}."
    if changed < len(images):
        told += f" {len(images) - changed:,} {'in it already' if there else 'not in it'}."
    ours.answer({"collection": name, "images": len(images), "changed": changed}, told)


def _hide(context: typer.Context, name: str, *, on: bool) -> None:
    from binscout_tui.store import named

    kind, told = named.COLLECTION, "is hidden with its images" if on else "is shown with its images"
    answer_change(
        session(context), kind, name, lambda ws, one: ws.db.write(named.hide, ws.user.uid, kind, one.id, on=on), told
    )


def _sensitive(context: typer.Context, name: str, *, on: bool) -> None:
    from binscout_tui.store import named

    kind, told = named.COLLECTION, "is hidden in safe mode" if on else "is shown in safe mode too"
    answer_change(
        session(context),
        kind,
        name,
        lambda ws, one: ws.db.write(named.set_sensitive, ws.user.uid, kind, one.id, on=on),
        told,
    )
