"""`models …`, `known-good …`, `gate`, `activate`, `rollback`, `predict`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_REFUSED
from binscout_tui.store.models import Activation, Gate
from binscout_tui.wording import counted

models_app = typer.Typer(help="Trained models.", no_args_is_help=True)
known_good_app = typer.Typer(help="The images that a model must recognise to be activated.", no_args_is_help=True)
TASK = "classify"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(gate)
    app.command()(activate)
    app.command()(rollback)
    app.command()(predict)
    app.add_typer(models_app, name="models")
    app.add_typer(known_good_app, name="known-good")


@models_app.command("list")
def list_models(context: typer.Context) -> None:
    """List models, newest first."""
    from binscout_tui.store import models

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(models.latest)
    ours.answer(
        found,
        [f"{'●' if one.active else ' '} {one.id:<24} {one.task:<9} {one.created_at}" for one in found]
        or "No models yet.",
    )


@models_app.command("history")
def history(context: typer.Context) -> None:
    """Show which model was active when."""
    from binscout_tui.store import models

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(models.activations)
    lines = [f"{one.at}  {one.action:<9} {one.model_id}  {one.reason}".rstrip() for one in found]
    ours.answer(found, lines or "No model was active yet.")


@known_good_app.command("list")
def list_known_good(context: typer.Context) -> None:
    """List the images of the gate."""
    from binscout_tui.store import models

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(models.known_good, TASK)
    ours.answer(
        found,
        [f"{one.image_id:>7}  {one.expected}{'  must pass' if one.must_pass else ''}" for one in found]
        or "The list is empty, so nothing passes the gate.",
    )


@known_good_app.command("add")
def add_known_good(
    context: typer.Context,
    image_ids: Annotated[list[int], typer.Argument(metavar="IMAGE...")],
    must_pass: Annotated[bool, typer.Option("--must-pass", help="One mistake on these fails the gate.")] = False,
) -> None:
    """Put labelled images on the list; what is expected of a model is their label."""
    from binscout_tui.operations.known_good import add

    ours = session(context)
    with ours.workspace() as workspace:
        added = workspace.db.write(add, workspace.user, TASK, image_ids, must_pass=must_pass)
    ours.answer({"added": added}, f"{counted(added, 'image is', 'images are')} on the list.")


@known_good_app.command("remove")
def remove_known_good(
    context: typer.Context, image_ids: Annotated[list[int], typer.Argument(metavar="IMAGE...")]
) -> None:
    """Take images off the list."""
    from binscout_tui.operations.known_good import remove

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.db.write(remove, workspace.user, TASK, image_ids)
    ours.answer({"removed": len(image_ids)}, f"{counted(len(image_ids), 'image is', 'images are')} off the list.")


def gate(context: typer.Context, model: str) -> int:
    """Test a model on the known-good images. Exit code 3 when it does not pass."""
    from binscout_tui.operations.gating import gate as judge

    ours = session(context)
    verdict = ours.run(lambda workspace: judge(workspace, model))
    answer = {"model": model, "dataset": verdict.dataset, "passed": verdict.passed, "checks": verdict.checks}
    ours.answer(answer, _checks(verdict))
    return 0 if verdict.passed else EXIT_REFUSED


def activate(
    context: typer.Context,
    model: str,
    reason: Annotated[str, typer.Option(help="Admins only: activate without a passed gate, for this reason.")] = "",
) -> None:
    """Put a model to use, if it passed the gate."""
    from binscout_tui.operations.gating import activate as activate_model

    ours = session(context)
    ours.answer(*_moved(ours.run(lambda workspace: activate_model(workspace, model, reason=reason))))


def rollback(
    context: typer.Context, task: Annotated[Literal["classify"], typer.Argument(metavar="TASK")] = "classify"
) -> None:
    """Go back to the model that was in use before."""
    from binscout_tui.operations.gating import rollback as roll_back

    ours = session(context)
    ours.answer(*_moved(ours.run(lambda workspace: roll_back(workspace, task))))


def predict(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(parser=given_path, metavar="PATH", help="Files and folders; none: the unlabelled images."),
    ] = None,
) -> int:
    """Ask the active model. Without paths its words on all unlabelled images are kept as suggestions."""
    from binscout_tui.operations.predicting import predict_paths, predict_unlabelled

    ours = session(context)
    if not paths:
        with ours.progress("predict") as on_progress:
            done = ours.run(lambda workspace: predict_unlabelled(workspace, on_progress))
        ours.answer(
            done,
            f"{counted(done.predicted, 'more unlabelled image has', 'more unlabelled images have')} a suggestion now.",
        )
        if done.failed:
            failed = counted(done.failed, "image")
            ours.say(f"{failed} could not be looked at; the next `binscout predict` tries again.")
        return 1 if done.failed and not done.predicted else 0
    given: Sequence[Path] = paths
    found = ours.run(lambda workspace: predict_paths(workspace, given))
    lines = [
        f"{one['path']}: {one['error']}"
        if one["error"]
        else f"{one['path']}: {one['label']} {one['score']:.2f}{'  unknown?' if one['unknown'] else ''}"
        for one in found
    ]
    ours.answer(found, lines)
    return 0 if any(one["error"] is None for one in found) else 1


def _checks(verdict: Gate) -> list[str]:
    head = f"{verdict.model_id} {'passed' if verdict.passed else 'did NOT pass'} the gate"
    return [head, *(f"  {'✓' if one['passed'] else '✗'} {one['name']:<16} {one['detail']}" for one in verdict.checks)]


def _moved(done: Activation) -> tuple[Activation, str]:
    before = f" (before: {done.previous_model_id})" if done.previous_model_id else ""
    return done, f"{done.model_id} is in use for {done.task}{before}."
