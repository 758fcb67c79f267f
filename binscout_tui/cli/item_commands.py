"""`item …`: the kinds of parts that are photographed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.cli.stock_text import answer_report
from binscout_tui.store.items import Item

item_app = typer.Typer(help="Items: the kinds of parts that are photographed.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME")]
Number = Annotated[str | None, typer.Option(help="Its stock number.")]
ClassName = Annotated[
    str | None, typer.Option("--class", metavar="CLASS", help="What accepted pictures are labelled with; '' for none.")
]
Target = Annotated[
    int | None, typer.Option(help="How many pictures are wanted; -1 for the number in the settings.", min=-1)
]
Note = Annotated[str | None, typer.Option()]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(item_app, name="item")


@item_app.command("add")
def add_item(
    context: typer.Context,
    name: Name,
    number: Number = None,
    class_name: ClassName = None,
    target: Target = None,
    note: Note = None,
) -> None:
    """Make an item; its class is made when it is new."""
    from binscout_tui.store import items

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Making items")
        made = workspace.db.write(
            items.add,
            workspace.user.uid,
            name,
            number=number or "",
            class_name=class_name or None,
            target=None if target == -1 else target,
            note=note or "",
        )
    ours.answer(made, f"The item {made.name} is there.")


@item_app.command("list")
def list_items(
    context: typer.Context,
    archived: Annotated[bool, typer.Option("--archived", help="Those that are archived.")] = False,
) -> None:
    """List the items by name."""
    from binscout_tui.store import items

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(items.items, archived=archived)
    ours.answer(found, [_line(one) for one in found] or "There are no items.")


@item_app.command("rename")
def rename_item(context: typer.Context, name: Name, new: Annotated[str, typer.Argument(metavar="NEW")]) -> None:
    """Give an item another name; its captures stay with it."""
    from binscout_tui.store import items

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Renaming items")
        before = workspace.db.read(items.named, name)
        changed = workspace.db.write(items.change, workspace.user.uid, before.id, name=new)
    ours.answer(changed, f"The item {before.name} is {changed.name} now.")


@item_app.command("change")
def change_item(
    context: typer.Context,
    name: Name,
    number: Number = None,
    class_name: ClassName = None,
    target: Target = None,
    note: Note = None,
) -> None:
    """Change what is given of an item; labels that pictures have stay."""
    from msgspec import UNSET

    from binscout_tui.store import items

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Changing items")
        before = workspace.db.read(items.named, name)
        changed = workspace.db.write(
            items.change,
            workspace.user.uid,
            before.id,
            number=UNSET if number is None else number,
            class_name=UNSET if class_name is None else class_name or None,
            target=UNSET if target is None else None if target == -1 else target,
            note=UNSET if note is None else note,
        )
    ours.answer(changed, _line(changed))


@item_app.command("archive")
def archive_item(
    context: typer.Context,
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Bring it back.")] = False,
) -> None:
    """Take an item out of lists and coverage; its captures stay."""
    from binscout_tui.store import items

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Archiving items")
        found = workspace.db.read(items.named, name)
        changed = workspace.db.write(items.archive, workspace.user.uid, found.id, archived=not undo)
    ours.answer(changed, f"The item {changed.name} is {'back' if undo else 'archived'}.")


@item_app.command("import")
def import_items(
    context: typer.Context, path: Annotated[Path, typer.Argument(parser=given_path, metavar="FILE")]
) -> int:
    """Make and change items from a file with comma-separated values.

    Its first line names the columns: name, and number, class, target, note as wanted. Lines that cannot be taken are
    named and change nothing; then the exit code is 1.
    """
    from binscout_tui.operations import stock_lists

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Importing items")
        text = stock_lists.read_list(path)
        report = workspace.db.write(stock_lists.import_items, workspace.user, text)
    return answer_report(ours, report)


def _line(item: Item) -> str:
    target = "" if item.target is None else f"  {item.target} wanted"
    return f"{item.id:>6}  {item.name}  {item.number or '-'}  {item.class_name or 'no class'}{target}"
