"""`label gold|agreement|accuracy|rates`: how good and how fast labels are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.label_commands import label_app
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.label_agreement import Agreed, Right

gold_app = typer.Typer(
    help="Images whose class is known, shown between the others without telling.", no_args_is_help=True
)
Image = Annotated[int, typer.Argument(metavar="IMAGE")]
Person = Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only of this person.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of labels."""
    label_app.add_typer(gold_app, name="gold")


@gold_app.command("add")
def add(
    context: typer.Context,
    image_id: Image,
    class_name: Annotated[str | None, typer.Argument(metavar="CLASS")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Nothing is on it.")] = False,
) -> None:
    """Say what a gold image shows; its label stays as it is."""
    from binscout_tui.store import gold

    if (class_name is None) != empty:
        raise UsageError("Name the class, or say --empty.")
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Setting gold images")
        done = workspace.db.write(gold.add, workspace.user.uid, image_id, class_name)
    words = class_name or "empty"
    text = f"Image {image_id} is a gold image: {words}." if done else f"Image {image_id} was that already."
    ours.answer({"image": image_id, "label": class_name, "changed": done is not None}, text)


@gold_app.command("remove")
def remove(context: typer.Context, image_id: Image) -> None:
    """Make a gold image an ordinary one."""
    from binscout_tui.store import gold

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Setting gold images")
        workspace.db.write(gold.remove, workspace.user.uid, image_id)
    ours.answer({"image": image_id}, f"Image {image_id} is no gold image any more.")


@gold_app.command("list")
def list_gold(
    context: typer.Context,
    after: Annotated[int, typer.Option(min=0, help="Only images above this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 1000,
) -> None:
    """List the gold images; for admins, since whoever knows them is not checked by them."""
    from binscout_tui.store import gold

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Listing gold images")
        found = workspace.db.read(gold.page, after=after, limit=limit)
    lines = [f"{one.image_id:>7}  {one.name or 'empty'}  {one.image}" for one in found]
    ours.answer(found, lines or "There are no gold images; `binscout label gold add IMAGE CLASS` makes one.")


@label_app.command("agreement")
def show_agreement(context: typer.Context, user: Person = None) -> None:
    """How far people agree with what they said before, and with each other, beyond chance."""
    from binscout_tui.operations.label_agreement import agreements

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(agreements, user)
    ours.answer(found, [_agreed(one) for one in found] or "No labelled image was shown again and answered yet.")


def _agreed(one: Agreed) -> str:
    kappa = "no kappa"
    if one.kappa is not None and one.low is not None and one.high is not None:
        kappa = f"kappa {one.kappa:.2f} ({one.low:.2f} to {one.high:.2f})"
    share = "" if one.observed is None else f"{one.observed:.0%} equal, "
    people = f"{one.people[0]} again" if one.kind == "own" else " and ".join(one.people)
    return f"{people}: {share}{kappa}, {counted(one.n, 'image')}"


@label_app.command("accuracy")
def show_accuracy(context: typer.Context, user: Person = None) -> None:
    """How often people were right on gold images."""
    from binscout_tui.operations.label_agreement import accuracies

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(accuracies, user)
    ours.answer(found, [_right(one) for one in found] or "No gold image was answered yet.")


def _right(one: Right) -> str:
    share = "" if one.share is None else f" {one.share:.0%} ({one.low:.0%} to {one.high:.0%}),"
    return f"{one.person}:{share} {one.right} of {one.n} right"


@label_app.command("rates")
def show_rates(
    context: typer.Context, days: Annotated[int, typer.Option(min=1, max=10_000, help="Rows of days.")] = 30
) -> None:
    """How often each model's word was taken, and how many labels a minute people gave, by day."""
    from binscout_tui.store import label_rates

    ours = session(context)
    with ours.workspace() as workspace:
        taken = workspace.db.read(label_rates.taken)
        by_day = workspace.db.read(label_rates.days, days)
    lines = [
        f"{one.person}  {one.model}: {one.shown} shown, {one.taken} taken ({one.rate:.0%}), {one.overridden} overridden"
        for one in taken
    ]
    for day in by_day:
        pace = "" if day.per_minute is None else f", {day.per_minute:.0f} a minute"
        lines.append(f"{day.day}  {day.person}: {counted(day.labels, 'label')}{pace}")
    data = {
        "models": [
            {
                "person": one.person,
                "model": one.model,
                "shown": one.shown,
                "taken": one.taken,
                "overridden": one.overridden,
                "rate": one.rate,
            }
            for one in taken
        ],
        "days": by_day,
    }
    ours.answer(data, lines or "Nobody has labelled anything yet.")
