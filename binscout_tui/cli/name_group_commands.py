"""`collection by-name`: collections or tags of the names that files, prompts and items tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from binscout_tui.operations.by_name.grouping import Group

SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the command to those of collections."""
    from binscout_tui.cli.collection_commands import collection_app

    collection_app.command("by-name")(by_name)


def by_name(
    context: typer.Context,
    kind: Annotated[str, typer.Option("--as", metavar="collection|tag", help="What to make.")] = "collection",
    only: Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="This name; repeatable.")] = None,
    unsure: Annotated[bool, typer.Option("--unsure", help="Also the names that a person has to look at.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Make them; without this they are only listed.")] = False,
) -> None:
    """Find the names of persons, characters and items in metadata, prompts and file names.

    They are listed with the number of their images; --yes makes a collection of each that is sure, or puts what is
    new into one that is there. One `undo --area collection` takes the images out again.
    """
    from binscout_tui.operations.by_name import making
    from binscout_tui.store.named import KINDS

    if kind not in KINDS:
        raise UsageError(f"--as {kind!r} is neither collection nor tag.", code="bad_kind")
    ours = session(context)
    with ours.workspace() as workspace:
        if yes:
            workspace.user.must_be("operator", making.WHAT)
        with ours.progress("names") as on_progress:
            found = making.report(workspace, _going_on(on_progress))
        wanted = _wanted(found, only or [], unsure=unsure)
        if not yes:
            apart = [one for one in found if one.doubt and one not in wanted and not only]
            data = {"names": [_row(one) for one in wanted], "unsure": [_row(one) for one in apart], "made": None}
            ours.answer(data, _lines(wanted, apart, kind))
            return
        with ours.progress(kind) as on_progress:
            made = making.make(workspace, KINDS[kind], wanted, _going_on(on_progress))
    told = f"{counted(made.names, kind)}; {counted(made.put, 'image')} put under them."
    ours.answer({"names": [_row(one) for one in wanted], "made": made}, told)


def _wanted(found: Sequence[Group], only: Sequence[str], *, unsure: bool) -> list[Group]:
    from binscout_tui.operations.by_name.names import folded

    known = {one.key: one for one in found}
    for name in only:
        if folded(name) not in known:
            raise NotFoundError(f"No image tells of {name!r}.", hint="Without --only all names are listed.")
    if only:
        return [known[key] for key in dict.fromkeys(folded(name) for name in only)]
    return [one for one in found if unsure or not one.doubt]


def _going_on(on_progress: Callable[[int, int], None]) -> Callable[[int, int], bool]:
    def go_on(done: int, total: int) -> bool:
        on_progress(done, total)
        return True

    return go_on


def _row(one: Group) -> dict[str, Any]:
    return {
        "name": one.name,
        "images": list(one.images),
        "sources": dict(one.sources),
        "examples": [display_name(name) for name in one.examples],
        "doubt": one.doubt,
    }


def _lines(found: Sequence[Group], apart: Sequence[Group], kind: str) -> list[str]:
    lines = _few(found)
    if apart:
        lines += ["A person has to look at these; --unsure or --only NAME takes them too:", *_few(apart)]
    end = f"{counted(len(found), 'name')}; --yes makes a {kind} of each." if found else "No name is sure."
    return [*lines, end if found or apart else "No name was found."]


def _few(found: Sequence[Group]) -> list[str]:
    lines = [f"{len(one.images):>7}  {display_name(one.name)}{_more(one)}" for one in found[:SHOWN]]
    return lines + ([f"and {len(found) - SHOWN:,} more; --json lists all"] if len(found) > SHOWN else [])


def _more(one: Group) -> str:
    sources = ", ".join(f"{source} {count:,}" for source, count in one.sources.items())
    return f"  ({sources})  {display_name(one.examples[0])}{f'  ? {display_name(one.doubt)}' if one.doubt else ''}"
