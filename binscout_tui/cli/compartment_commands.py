"""`compartment …`: places in bins, and what lives in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.cli.stock_text import answer_report
from binscout_tui.errors import UsageError
from binscout_tui.store.compartments import Compartment

compartment_app = typer.Typer(help="Compartments of bins, and which item lives in each.", no_args_is_help=True)
Code = Annotated[str, typer.Argument(metavar="CODE", help="What stands on its label.")]
Name = Annotated[str | None, typer.Option()]
Organiser = Annotated[str | None, typer.Option(help="The bin, drawer or box that it is in.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(compartment_app, name="compartment")


@compartment_app.command("add")
def add_compartment(context: typer.Context, code: Code, name: Name = None, organiser: Organiser = None) -> None:
    """Make a compartment."""
    from binscout_tui.store import compartments

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Making compartments")
        uid = workspace.user.uid
        made = workspace.db.write(compartments.add, uid, code, name=name or "", organiser=organiser or "")
    ours.answer(made, f"The compartment {made.code} is there.")


@compartment_app.command("list")
def list_compartments(
    context: typer.Context,
    archived: Annotated[bool, typer.Option("--archived", help="Those that are archived.")] = False,
) -> None:
    """List the compartments by organiser and code."""
    from binscout_tui.store import compartments

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(compartments.compartments, archived=archived)
    ours.answer(found, [_line(one) for one in found] or "There are no compartments.")


@compartment_app.command("show")
def show_compartment(context: typer.Context, code: Code) -> None:
    """Show a compartment and what lived in it, the newest first."""
    import msgspec

    from binscout_tui.store import compartments

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(compartments.coded, code)
        history = workspace.db.read(compartments.placements, found.id)
    lines = [_line(found), *(f"        {one.item}  from {one.at}  to {one.ended_at or 'now'}" for one in history)]
    ours.answer({**msgspec.structs.asdict(found), "placements": history}, lines)


@compartment_app.command("rename")
def rename_compartment(context: typer.Context, code: Code, new: Annotated[str, typer.Argument(metavar="NEW")]) -> None:
    """Give a compartment another code; its captures stay with it."""
    from binscout_tui.store import compartments

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Renaming compartments")
        before = workspace.db.read(compartments.coded, code)
        changed = workspace.db.write(compartments.change, workspace.user.uid, before.id, code=new)
    ours.answer(changed, f"The compartment {before.code} is {changed.code} now.")


@compartment_app.command("change")
def change_compartment(context: typer.Context, code: Code, name: Name = None, organiser: Organiser = None) -> None:
    """Change the name or the organiser of a compartment."""
    from msgspec import UNSET

    from binscout_tui.store import compartments

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Changing compartments")
        before = workspace.db.read(compartments.coded, code)
        changed = workspace.db.write(
            compartments.change,
            workspace.user.uid,
            before.id,
            name=UNSET if name is None else name,
            organiser=UNSET if organiser is None else organiser,
        )
    ours.answer(changed, _line(changed))


@compartment_app.command("archive")
def archive_compartment(
    context: typer.Context, code: Code, undo: Annotated[bool, typer.Option("--undo", help="Bring it back.")] = False
) -> None:
    """Take a compartment out of lists and coverage; its captures stay."""
    from binscout_tui.store import compartments

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Archiving compartments")
        found = workspace.db.read(compartments.coded, code)
        changed = workspace.db.write(compartments.archive, workspace.user.uid, found.id, archived=not undo)
    ours.answer(changed, f"The compartment {changed.code} is {'back' if undo else 'archived'}.")


@compartment_app.command("place")
def place_item(
    context: typer.Context,
    code: Code,
    item: Annotated[str | None, typer.Argument(metavar="[ITEM]", help="The name of the item.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Nothing lives there any more.")] = False,
) -> None:
    """Say which item lives in a compartment from now on; what was so before is kept."""
    from binscout_tui.store import compartments, items

    if (item is None) != empty:
        raise UsageError("Name an item, or say --empty.", code="which_item")
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Placing items")
        found = workspace.db.read(compartments.coded, code)
        item_id = None if item is None else workspace.db.read(items.named, item).id
        changed = workspace.db.write(compartments.place, workspace.user.uid, found.id, item_id)
    ours.answer(changed, _line(changed))


@compartment_app.command("import")
def import_compartments(
    context: typer.Context, path: Annotated[Path, typer.Argument(parser=given_path, metavar="FILE")]
) -> int:
    """Make, change and fill compartments from a file with comma-separated values.

    Its first line names the columns: code, and name, organiser, item (its name) as wanted. Lines that cannot be taken
    are named and change nothing; then the exit code is 1.
    """
    from binscout_tui.operations import stock_lists

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Importing compartments")
        text = stock_lists.read_list(path)
        report = workspace.db.write(stock_lists.import_compartments, workspace.user, text)
    return answer_report(ours, report)


def _line(one: Compartment) -> str:
    about = "  ".join(word for word in (one.organiser, one.name) if word)
    return f"{one.id:>6}  {one.code:<12}  {one.item or 'no item'}{'  ' + about if about else ''}"
