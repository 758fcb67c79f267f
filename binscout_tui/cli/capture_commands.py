"""`capture …`: the queue of captures, retakes and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from binscout_tui.cli import capture_run, capture_shots, capture_source_commands, capture_text
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.store.captures import Verdict
from binscout_tui.store.coverage import CompartmentCoverage, ItemCoverage

capture_app = typer.Typer(help="Captured pictures: what waits, what was accepted, what lacks.", no_args_is_help=True)
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...")]
Id = Annotated[int, typer.Argument(metavar="ID")]
Reason = Annotated[str, typer.Option(help="Why, in one line; it stands in the journal.")]
SAID = {"accepted": "accepted", "rejected": "rejected", "staged": "waiting for a decision again"}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    capture_shots.register(capture_app)
    capture_source_commands.register(capture_app)
    capture_run.register(capture_app)
    app.add_typer(capture_app, name="capture")


@capture_app.command("list")
def list_captures(
    context: typer.Context,
    state: Annotated[Literal["staged", "accepted", "superseded", "rejected", "failed"] | None, typer.Option()] = None,
    item: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this item.")] = None,
    compartment: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this compartment.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    beyond: Annotated[int | None, typer.Option(metavar="ID", help="Go on behind this capture.")] = None,
    oldest: Annotated[bool, typer.Option("--oldest", help="The oldest first instead of the newest.")] = False,
) -> None:
    """List captures, the newest first; nothing leaves this list by itself."""
    from binscout_tui.store import captures, compartments, items

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(
            captures.page,
            state=state,
            item_id=None if item is None else workspace.db.read(items.named, item).id,
            compartment_id=None if compartment is None else workspace.db.read(compartments.coded, compartment).id,
            beyond=beyond,
            limit=limit,
            newest=not oldest,
        )
        counts = workspace.db.read(captures.counts)
    numbers = ", ".join(f"{number} {name}" for name, number in counts.items())
    lines = [*map(capture_text.line, found), numbers]
    ours.answer({"captures": [capture_text.row(one) for one in found], "counts": counts}, lines)


@capture_app.command("show")
def show_capture(context: typer.Context, capture_id: Id) -> None:
    """Show one capture, the other attempts at its picture, and who decided what on them."""
    from binscout_tui.store import captures

    ours = session(context)
    with ours.workspace() as workspace:
        capture = workspace.db.read(captures.get, capture_id)
        attempts = workspace.db.read(captures.chain, capture_id)
        history = workspace.db.read(captures.history, capture_id)
    data = {
        **capture_text.row(capture),
        "attempts": [one.id for one in attempts],
        "history": [capture_text.decision(entry) for entry in history],
    }
    ours.answer(data, capture_text.details(capture, attempts, history))


@capture_app.command()
def accept(
    context: typer.Context,
    ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="All that are staged.")] = False,
    unwarned: Annotated[bool, typer.Option("--unwarned", help="All that no quality check warns of.")] = False,
    reason: Reason = "",
) -> None:
    """Accept captures: from then on their pictures are used. One undo takes all of it back."""
    from binscout_tui.operations import captures

    if bool(ids) + every + unwarned != 1:
        raise UsageError("Name captures, or say --all or --unwarned.", code="which_captures")
    if ids:
        _decide(context, ids, "accepted", reason)
        return
    ours = session(context)
    with ours.workspace() as workspace:
        done = captures.accept_all(workspace.db, workspace.user, only_unwarned=unwarned, reason=reason)
    refused = {number: error.sentence for number, error in done.refused.items()}
    ours.answer(
        {"state": "accepted", "changed": done.changed, "refused": refused},
        [f"{capture_text.captures_are(len(done.changed))} accepted.", *refused.values()],
    )


@capture_app.command()
def reject(
    context: typer.Context, ids: Annotated[list[int], typer.Argument(metavar="ID...")], reason: Reason = ""
) -> None:
    """Reject captures, failed ones too: they are kept and not used."""
    _decide(context, ids, "rejected", reason)


@capture_app.command()
def reopen(
    context: typer.Context, ids: Annotated[list[int], typer.Argument(metavar="ID...")], reason: Reason = ""
) -> None:
    """Let captures that were accepted or rejected wait for a decision again."""
    _decide(context, ids, "staged", reason)


@capture_app.command()
def assign(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="ID...")],
    compartment: Annotated[str | None, typer.Option(metavar="CODE", help="An empty text for none.")] = None,
    item: Annotated[str | None, typer.Option(metavar="NAME", help="An empty text for none.")] = None,
) -> None:
    """Say of which compartment and item captures are."""
    from binscout_tui.operations import captures

    if compartment is None and item is None:
        raise UsageError("Say --compartment, --item or both.", code="nothing_given")
    ours = session(context)
    with ours.workspace() as workspace:
        changed = workspace.db.write(captures.assign, workspace.user, ids, compartment=compartment, item=item)
    ours.answer({"changed": changed}, f"{capture_text.captures_are(len(changed))} changed.")


@capture_app.command()
def coverage(
    context: typer.Context,
    by: Annotated[Literal["item", "compartment"], typer.Option()] = "item",
    next_only: Annotated[bool, typer.Option("--next", help="Only the compartment to shoot next.")] = False,
    after: Annotated[str | None, typer.Option(metavar="CODE", help="With --next: another than this one.")] = None,
) -> None:
    """Say which items and compartments still need pictures, the next needed first."""
    from binscout_tui.store import compartments
    from binscout_tui.store import coverage as store

    ours = session(context)
    with ours.workspace() as workspace:
        target = workspace.settings.capture.target
        if next_only:
            here = None if after is None else workspace.db.read(compartments.coded, after).id
            wanted = workspace.db.read(store.next, target, here)
            ours.answer(
                None if wanted is None else capture_text.coverage_row(wanted),
                "Nothing is needed." if wanted is None else capture_text.coverage_line(wanted),
            )
            return
        if by == "item":
            found: Sequence[ItemCoverage | CompartmentCoverage] = workspace.db.read(store.items, target)
        else:
            found = workspace.db.read(store.compartments, target)
    lines = [capture_text.coverage_line(one) for one in found]
    ours.answer([capture_text.coverage_row(one) for one in found], lines or f"There is no {by} yet.")


def _decide(context: typer.Context, ids: list[int], state: Verdict, reason: str) -> None:
    from binscout_tui.operations import captures

    ours = session(context)
    with ours.workspace() as workspace:
        changed = workspace.db.write(captures.decide, workspace.user, ids, state, reason)
    unchanged = [one for one in dict.fromkeys(ids) if one not in changed]
    text = f"{capture_text.captures_are(len(changed))} {SAID[state]}."
    if unchanged:
        text += f" {len(unchanged)} did not change."
    ours.answer({"state": state, "changed": changed, "unchanged": unchanged}, text)
