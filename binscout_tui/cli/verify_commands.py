"""`label take`: many images that the model is sure of, as one decision."""

from __future__ import annotations

from typing import Annotated

import typer

from binscout_tui.cli.label_commands import label_app
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.wording import counted

SHOWN = 20
Confidence = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="How sure the model has to be of each image, 0 to 1.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    label_app.command("take")(take)


def take(
    context: typer.Context,
    class_name: Annotated[str, typer.Option("--class", help="The class that the model says.")],
    min_confidence: Confidence,
    without: Annotated[list[int] | None, typer.Option("--except", help="An image that stays as it is.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the surest first.")] = 1000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which images, and change nothing.")] = False,
) -> None:
    """Label the unlabelled images of which the active model is sure as it says; one undo takes all back.

    You say that the model is right: look at some of them first, with --dry-run or in the app.
    """
    from binscout_tui.store import labels, models, verifying

    if not 0 <= min_confidence <= 1:
        raise UsageError("--min-confidence is a number from 0 to 1.", code="bad_confidence")
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        db, model = workspace.db, workspace.db.read(models.active, "classify")
        model_id = verifying.must_be_active(model.id if model else None)
        name = db.read(labels.find_class, class_name).name
        found = db.write(
            verifying.take_sure,
            workspace.user.uid,
            model_id,
            name,
            min_confidence,
            without=without or (),
            limit=limit,
            dry_run=dry_run,
        )
        waiting = db.read(verifying.count, model_id, name)
    what = f"would be {name}" if dry_run else f"{'is' if len(found) == 1 else 'are'} {name} now"
    lines = [f"{counted(len(found), 'image')} {what}, {waiting:,} {'wait' if dry_run else 'still wait'} in this class."]
    if dry_run:
        lines += [f"{one.image_id:>8}  {one.score:.3f}" for one in found[:SHOWN]]
        lines += [f"and {len(found) - SHOWN:,} more; --json lists all"] if len(found) > SHOWN else []
    answer = {
        "class": name,
        "model": model_id,
        "min_confidence": min_confidence,
        "taken": 0 if dry_run else len(found),
        "images": found,
        "waiting": waiting,
        "dry_run": dry_run,
    }
    ours.answer(answer, lines)
