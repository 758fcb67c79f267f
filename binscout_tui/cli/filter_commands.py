"""`filter …`: filters that are kept under a name; `@NAME` stands for one wherever a filter is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.session import session

if TYPE_CHECKING:
    from binscout_tui.store.saved_filters import Saved

filter_app = typer.Typer(help="Filters that are kept under a name.", no_args_is_help=True)
CHANGING = "Keeping filters"
GivenName = Annotated[str, typer.Argument(metavar="NAME", help="A filter that is kept, whatever its case.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(filter_app, name="filter")


@filter_app.command("list")
def list_filters(context: typer.Context) -> None:
    """List the filters that are kept; one that names what is hidden or gone is left out."""
    from binscout_tui.store import saved_filters

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(saved_filters.listed)
    none = "No filter is kept yet; `binscout filter save NAME EXPR` keeps one."
    ours.answer(found, [_line(one) for one in found] or none)


@filter_app.command("show")
def show(context: typer.Context, name: GivenName) -> None:
    """Print what a filter says."""
    from binscout_tui.store import saved_filters

    ours = session(context)
    with ours.workspace() as workspace:
        one = workspace.db.read(saved_filters.find, name.removeprefix("@"))
    ours.answer(one, one.text)


@filter_app.command("save")
def save(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    text: Annotated[str, typer.Argument(metavar="EXPR", help='Such as "tag:brass star".')],
    replace: Annotated[bool, typer.Option("--replace", help="Also where another one has the name.")] = False,
) -> None:
    """Keep a filter under a name; one that has the name is only replaced with --replace."""
    from binscout_tui.filtering.errors import FilterError
    from binscout_tui.store import saved_filters

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        try:
            one = workspace.db.write(saved_filters.save, workspace.user.uid, name, text, replace=replace)
        except FilterError as error:
            if ours.as_json:
                raise
            raise error.marked(text) from error
    ours.answer({"filter": one, "changed": True}, f"@{one.name} is kept: {one.text}")


@filter_app.command("rename")
def rename(context: typer.Context, name: GivenName, new_name: Annotated[str, typer.Argument(metavar="NEW")]) -> None:
    """Give a filter another name."""
    from binscout_tui.store import saved_filters

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        found = workspace.db.read(saved_filters.find, name.removeprefix("@"))
        one = workspace.db.write(saved_filters.rename, workspace.user.uid, found.id, new_name)
    ours.answer({"filter": one, "changed": True}, f"@{found.name} is @{one.name} now.")


@filter_app.command("forget")
def forget(context: typer.Context, name: GivenName) -> None:
    """Keep a filter no longer; images stay as they are."""
    from binscout_tui.store import saved_filters

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", CHANGING)
        one = workspace.db.write(saved_filters.forget, workspace.user.uid, name.removeprefix("@"))
    ours.answer({"filter": one, "changed": True}, f"@{one.name} is kept no more; it was: {one.text}")


def _line(one: Saved) -> str:
    return f"@{one.name}  {one.text}"
