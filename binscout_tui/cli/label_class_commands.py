"""`label classes …`: the set of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.label_commands import label_app
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.classes import ClassRow, Load
    from binscout_tui.store.users import Role
    from binscout_tui.workspace import Workspace

classes_app = typer.Typer(help="The classes; without a verb, list them.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands to those of labels."""
    label_app.add_typer(classes_app, name="classes")


@classes_app.callback()
def list_classes(
    context: typer.Context, archived: Annotated[bool, typer.Option("--archived", help="Also archived ones.")] = False
) -> None:
    """List the classes with the number of their images, their keys, colours, groups and the classes above them."""
    if context.invoked_subcommand is not None:
        return
    from binscout_tui.store import classes

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(classes.all_classes, archived=archived)
        all_of_them = workspace.db.read(classes.all_classes, archived=True)
    ours.answer(found, _lines(found, all_of_them))


@classes_app.command("rename")
def rename(context: typer.Context, name: str, new_name: Annotated[str, typer.Argument(metavar="NEW")]) -> None:
    """Give a class another name; its labels stay with it."""
    from binscout_tui.store import classes

    _change(context, name, lambda ws, one: ws.db.write(classes.rename, ws.user.uid, one.id, new_name), "renamed")


@classes_app.command("add")
def add(context: typer.Context, name: str) -> None:
    """Make a class; undo archives it."""
    from binscout_tui.store import classes

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Changing classes")
        one = workspace.db.write(classes.add, workspace.user.uid, name)
    ours.answer({"class": one, "changed": True}, f"{one.name} made.")


@classes_app.command("merge")
def merge(
    context: typer.Context,
    name: str,
    into: Annotated[str, typer.Argument(metavar="INTO")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would move, and change nothing.")] = False,
) -> None:
    """Move all labels, boxes and counts of a class to another, and archive it; `undo --area class` takes it back."""
    from binscout_tui.store import classes

    ours = session(context)
    with ours.workspace() as workspace:
        if not dry_run:
            workspace.user.must_be("admin", "Merging classes")
        old, new = (workspace.db.read(classes.find, one) for one in (name, into))
        load = workspace.db.read(classes.load, old.id)
        moved = 0 if dry_run else workspace.db.write(classes.merge, workspace.user.uid, old.id, new.id)
    told = (
        _would_move(old.name, load)
        if dry_run
        else f"{counted(moved, 'image')} of {old.name} {'is' if moved == 1 else 'are'} {new.name} now."
    )
    ours.answer({"class": old.name, "into": new.name, "images": moved, "moves": load, "changed": not dry_run}, told)


@classes_app.command("archive")
def archive(
    context: typer.Context,
    name: str,
    back: Annotated[bool, typer.Option("--undo", help="Bring an archived class back.")] = False,
) -> None:
    """Delete a class softly: it is offered no more, and what is labelled with it stays."""
    from binscout_tui.store import classes

    told = "is there again" if back else "archived"
    _change(
        context, name, lambda ws, one: ws.db.write(classes.archive, ws.user.uid, one.id, back=back), told, role="admin"
    )


@classes_app.command("key")
def key(
    context: typer.Context,
    name: str,
    letter: Annotated[str | None, typer.Argument(metavar="KEY")] = None,
) -> None:
    """Give a class the key that labels with it; without KEY the program chooses one. A key in use is refused."""
    from binscout_tui.commands.class_keys import reserved_keys
    from binscout_tui.commands.keymap import resolve
    from binscout_tui.store import classes

    def change(workspace: Workspace, one: ClassRow) -> int | None:
        taken = reserved_keys(resolve(workspace.settings.keys).changes)
        return workspace.db.write(classes.set_key, workspace.user.uid, one.id, letter, reserved=taken)

    _change(context, name, change, "changed")


@classes_app.command("colour")
def colour(
    context: typer.Context, name: str, value: Annotated[str | None, typer.Argument(metavar="#RRGGBB")] = None
) -> None:
    """Give a class a colour; without one it has none."""
    from binscout_tui.store import classes

    _change(context, name, lambda ws, one: ws.db.write(classes.set_colour, ws.user.uid, one.id, value), "changed")


@classes_app.command("group")
def group(context: typer.Context, name: str, group_name: Annotated[str, typer.Argument(metavar="GROUP")] = "") -> None:
    """Put a class into a group; without GROUP into none."""
    from binscout_tui.store import classes

    _change(context, name, lambda ws, one: ws.db.write(classes.set_group, ws.user.uid, one.id, group_name), "changed")


@classes_app.command("parent")
def parent(
    context: typer.Context, name: str, above: Annotated[str | None, typer.Argument(metavar="PARENT")] = None
) -> None:
    """Put a class below another; without PARENT below none."""
    from binscout_tui.store import classes

    def change(workspace: Workspace, one: ClassRow) -> int | None:
        above_id = workspace.db.read(classes.find, above).id if above is not None else None
        return workspace.db.write(classes.set_parent, workspace.user.uid, one.id, above_id)

    _change(context, name, change, "changed")


@classes_app.command("order")
def order(context: typer.Context, names: Annotated[list[str], typer.Argument(metavar="NAME...")]) -> None:
    """Put the classes in this order; those that are not named follow."""
    from binscout_tui.store import classes

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Changing classes")
        ids = [workspace.db.read(classes.find, name).id for name in names]
        changed = workspace.db.write(classes.put_in_order, workspace.user.uid, ids)
        found = workspace.db.read(classes.all_classes)
        all_of_them = workspace.db.read(classes.all_classes, archived=True)
    shown = {"classes": [one.name for one in found], "changed": changed is not None}
    ours.answer(shown, _lines(found, all_of_them))


def _change(context: typer.Context, name: str, change: Any, told: str, *, role: Role = "operator") -> None:
    from binscout_tui.store import classes

    if not name:
        raise UsageError("The name of a class is empty.", code="bad_class_name")
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be(role, "Changing classes")
        one = workspace.db.read(classes.find, name)
        changed = change(workspace, one)
        after = workspace.db.read(classes.get, one.id)
    text = f"{one.name} {told}." if changed is not None else f"{one.name} stays as it was."
    ours.answer({"class": after, "changed": changed is not None}, text)


def _would_move(name: str, load: Load) -> str:
    first = [(load.images, "label", ""), (load.boxes, "box", "boxes"), (load.counts, "count", "")]
    told = [counted(*one) for one in [*first, (load.items, "item", "")]]
    return f"{', '.join(told)} and {counted(load.below, 'class', 'classes')} of {name} would move."


def _lines(found: list[ClassRow], all_of_them: list[ClassRow]) -> list[str]:
    names = {one.id: one.name for one in all_of_them}
    return [_line(one, names.get(one.parent_id or 0, "")) for one in found]


def _line(one: ClassRow, parent: str) -> str:
    above = parent and f"below {parent}"
    more = [one.key and f"key {one.key}", one.colour, one.group, above, one.archived_at and "archived"]
    return "  ".join([f"{one.images:>7}  {one.name}", *(word for word in more if word)])
