"""The verbs of tags and collections, which are the same but for their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.choosing_images import CollectionName, FilterText, Ids
from binscout_tui.cli.name_verbs import answer_change, decide, kept, name_line
from binscout_tui.cli.session import session

if TYPE_CHECKING:
    from binscout_tui.store.named import Name, Named
    from binscout_tui.workspace import Workspace

GivenName = Annotated[str, typer.Argument(metavar="NAME", help="Its name, whatever its case.")]
NewName = Annotated[str, typer.Argument(metavar="NEW")]
Into = Annotated[str, typer.Argument(metavar="INTO")]
Colour = Annotated[str | None, typer.Argument(metavar="#RRGGBB")]
WithColour = Annotated[str | None, typer.Option("--colour", metavar="#RRGGBB", help="Its colour.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")]
Hidden = Annotated[bool, typer.Option("--hidden", help="Also hidden ones; never those that safe mode hides.")]


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one kind of name: `helps` of each verb, and what the answers say.

    `shown` is the answer of `show`, its document and its lines. `merged` takes both names and whether it is done;
    `decided` the name, how many images changed and how many did not, and whether they are under it now.
    """

    kind: str
    putting: str
    helps: dict[str, str]
    shown: Callable[[Name], tuple[Any, list[str]]]
    merged: Callable[[str, str, bool], str]
    decided: Callable[[str, int, int, bool], str]

    @property
    def named(self) -> Named:
        """The kind itself."""
        from binscout_tui.store.named import KINDS

        return KINDS[self.kind]

    @property
    def changing(self) -> str:
        """The activity as a noun."""
        return f"Changing {self.kind}s"


def add_verbs(app: typer.Typer, words: Words) -> None:
    """Add the verbs of one kind of name to its commands."""
    _add_looking(app, words)
    _add_changing(app, words)
    _add_switches(app, words)
    _add_ends(app, words)
    _add_deciding(app, words)


def _add_looking(app: typer.Typer, words: Words) -> None:
    @app.command("list", help=words.helps["list"])
    def list_names(context: typer.Context, hidden: Hidden = False) -> None:
        from binscout_tui.store import named

        ours = session(context)
        with ours.workspace() as workspace:
            found = workspace.db.read(named.listed, words.named, concealed=hidden)
        none = f"No {words.kind} yet; `binscout {words.kind} put NAME ID...` makes one."
        ours.answer(found, [name_line(one) for one in found] or none)

    @app.command("show", help=words.helps["show"])
    def show(context: typer.Context, name: GivenName) -> None:
        from binscout_tui.store import named

        ours = session(context)
        with ours.workspace() as workspace:
            one = workspace.db.read(named.find, words.named, name, concealed=True)
        ours.answer(*words.shown(one))


def _add_changing(app: typer.Typer, words: Words) -> None:
    @app.command("add", help=words.helps["add"])
    def add(context: typer.Context, name: GivenName, colour: WithColour = None) -> None:
        from binscout_tui.store import named

        ours = session(context)
        with ours.workspace() as workspace:
            workspace.user.must_be("operator", words.changing)
            workspace.db.write(named.add, workspace.user.uid, words.named, name, colour=colour)
            one = workspace.db.read(named.find, words.named, name)
        ours.answer({words.kind: one, "changed": True}, f"{one.name} made.")

    @app.command("rename", help=words.helps["rename"])
    def rename(context: typer.Context, name: GivenName, new_name: NewName) -> None:
        from binscout_tui.store import named

        def change(workspace: Workspace, one: Name) -> int | None:
            return workspace.db.write(named.rename, workspace.user.uid, words.named, one.id, new_name)

        answer_change(session(context), words.named, name, change, "renamed")

    @app.command("colour", help=words.helps["colour"])
    def colour(context: typer.Context, name: GivenName, value: Colour = None) -> None:
        from binscout_tui.store import named

        def change(workspace: Workspace, one: Name) -> int | None:
            return workspace.db.write(named.set_colour, workspace.user.uid, words.named, one.id, value)

        answer_change(session(context), words.named, name, change, "changed")


def _add_switches(app: typer.Typer, words: Words) -> None:
    def add(verb: str, setting: str, on: bool, told: str) -> None:
        @app.command(verb, help=words.helps[verb])
        def switch(context: typer.Context, name: GivenName) -> None:
            from binscout_tui.store import named

            def change(workspace: Workspace, one: Name) -> int | None:
                turn = named.hide if setting == "hidden" else named.set_sensitive
                return workspace.db.write(turn, workspace.user.uid, words.named, one.id, on=on)

            answer_change(session(context), words.named, name, change, told)

    add("hide", "hidden", True, "is hidden with its images")
    add("unhide", "hidden", False, "is shown with its images")
    add("sensitive", "sensitive", True, "is hidden in safe mode")
    add("not-sensitive", "sensitive", False, "is shown in safe mode too")


def _add_ends(app: typer.Typer, words: Words) -> None:
    @app.command("merge", help=words.helps["merge"])
    def merge(context: typer.Context, name: GivenName, into: Into, dry_run: DryRun = False) -> None:
        from binscout_tui.store import named

        ours, kind = session(context), words.named
        with ours.workspace() as workspace:
            if not dry_run:
                workspace.user.must_be("operator", words.changing)
            one, other = (workspace.db.read(named.find, kind, each, concealed=True) for each in (name, into))
            if dry_run:
                workspace.db.read(named.may_merge, kind, one.id, other.id)
            else:
                workspace.db.write(named.merge, workspace.user.uid, kind, one.id, other.id)
        done = {words.kind: one.name, "into": other.name, "images": one.images, "changed": not dry_run}
        ours.answer(done, words.merged(one.name, other.name, not dry_run))

    @app.command("delete", help=words.helps["delete"])
    def delete(context: typer.Context, name: GivenName) -> None:
        from binscout_tui.store import named

        ours = session(context)
        with ours.workspace() as workspace:
            workspace.user.must_be("operator", words.changing)
            one = workspace.db.read(named.find, words.named, name, concealed=True)
            workspace.db.write(named.delete, workspace.user.uid, words.named, one.id)
        ours.answer({words.kind: one, "changed": True}, kept(one))


def _add_deciding(app: typer.Typer, words: Words) -> None:
    def add(verb: str, *, there: bool) -> None:
        @app.command(verb, help=words.helps[verb])
        def turn(
            context: typer.Context,
            name: GivenName,
            ids: Ids = None,
            filter_: FilterText = None,
            collection: CollectionName = None,
        ) -> None:
            from binscout_tui.cli.choosing_images import chosen

            ours = session(context)
            with ours.workspace() as workspace:
                workspace.user.must_be("operator", words.putting)
                images = chosen(ours, workspace, ids, filter_, collection)
                changed = decide(ours, workspace, words.named, name, images, there=there)
            told = words.decided(name, changed, len(images) - changed, there)
            ours.answer({words.kind: name, "images": len(images), "changed": changed}, told)

    add("put", there=True)
    add("take", there=False)
