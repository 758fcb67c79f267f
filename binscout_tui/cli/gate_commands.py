"""`known-good …`, `gate`, `activate`, `rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, EXIT_REFUSED
from binscout_tui.store.models import Activation, Gate
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.known_good import Listed

known_good_app = typer.Typer(
    help="The images and sets that a model must get right to be activated.", no_args_is_help=True
)
TaskName = Literal["classify", "select", "count"]
TaskOption = Annotated[TaskName, typer.Option(help="For `select` the numbers are those of sets.")]
EXIT_OF = {"pass": 0, "fail": EXIT_REFUSED, "error": EXIT_FAILED}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(gate)
    app.command()(activate)
    app.command()(rollback)
    app.add_typer(known_good_app, name="known-good")


@known_good_app.command("list")
def list_known_good(context: typer.Context, task: TaskOption = "classify") -> None:
    """List what a model of a task is tested on."""
    from binscout_tui.store import known_good

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(known_good.listed, task)
    ours.answer(found, [_line(one) for one in found] or "The list is empty, so nothing passes the gate.")


def _line(one: Listed) -> str:
    from binscout_tui.store.known_good import KnownCount, KnownSet

    must = "  must pass" if one.must_pass else ""
    if isinstance(one, KnownSet):
        crop = "" if one.crop is None else f"  cut to {','.join(f'{edge:.3f}' for edge in one.crop)}"
        name = "gone" if one.set_id is None else str(one.set_id)
        return f"set {name:>5}  image {one.images[one.chosen][0]} of {len(one.images)}{crop}{must}"
    if isinstance(one, KnownCount):
        return f"{one.image_id:>7}  {one.count} {one.item or ''}".rstrip() + must
    return f"{one.image_id:>7}  {one.expected or 'nothing: must be called unknown'}{must}"


@known_good_app.command("add")
def add_known_good(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="IMAGE|SET...")],
    task: TaskOption = "classify",
    item: Annotated[str, typer.Option(help="For `count`: the class that was counted; none: everything.")] = "",
    must_pass: Annotated[bool, typer.Option("--must-pass", help="One mistake on these fails the gate.")] = False,
) -> None:
    """Put what people decided on the list: labelled images, images with boxes or counts, decided sets.

    An image labelled as empty must be called unknown.
    """
    from binscout_tui.operations.known_good import add

    ours = session(context)
    with ours.workspace() as workspace:
        added = workspace.db.write(add, workspace.user, task, ids, must_pass=must_pass, item=item)
    ours.answer({"added": added}, f"{_things(added, task)} on the list.")


@known_good_app.command("remove")
def remove_known_good(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="IMAGE|SET...")],
    task: TaskOption = "classify",
) -> None:
    """Take images or sets off the list."""
    from binscout_tui.operations.known_good import remove

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.db.write(remove, workspace.user, task, ids)
    ours.answer({"removed": len(ids)}, f"{_things(len(ids), task)} off the list.")


def _things(number: int, task: str) -> str:
    return counted(number, "set is", "sets are") if task == "select" else counted(number, "image is", "images are")


def gate(context: typer.Context, model: str) -> int:
    """Test a model on the known-good samples of its task.

    Exit code 3 when it does not pass, 1 when the test could not be carried out.
    """
    from binscout_tui.operations.gating import gate as judge

    ours = session(context)
    verdict = ours.run(lambda workspace: judge(workspace, model))
    answer = {
        "model": model,
        "dataset": verdict.dataset,
        "passed": verdict.passed,
        "state": verdict.state,
        "checks": verdict.checks,
        "newly_broken": verdict.broken,
    }
    ours.answer(answer, _checks(verdict))
    return EXIT_OF[verdict.state]


def activate(
    context: typer.Context,
    model: str,
    reason: Annotated[str, typer.Option(help="Admins only: activate without a passed gate, for this reason.")] = "",
) -> None:
    """Put a model to use, if it passed the gate."""
    from binscout_tui.operations.gating import activate as activate_model

    ours = session(context)
    ours.answer(*_moved(ours.run(lambda workspace: activate_model(workspace, model, reason=reason))))


def rollback(context: typer.Context, task: Annotated[TaskName, typer.Argument(metavar="[TASK]")] = "classify") -> None:
    """Go back to the model that was in use for a task before."""
    from binscout_tui.operations.gating import rollback as roll_back

    ours = session(context)
    ours.answer(*_moved(ours.run(lambda workspace: roll_back(workspace, task))))


def _checks(verdict: Gate) -> list[str]:
    said = {"pass": "passed the gate", "fail": "did NOT pass the gate", "error": "could NOT be tested"}[verdict.state]
    lines = [f"  {'✓' if one['passed'] else '✗'} {one['name']:<16} {one['detail']}" for one in verdict.checks]
    broken = [f"  newly wrong: {', '.join(verdict.broken)}"] if verdict.broken else []
    return [f"{verdict.model_id} {said}", *lines, *broken]


def _moved(done: Activation) -> tuple[Activation, str]:
    before = f" (before: {done.previous_model_id})" if done.previous_model_id else ""
    return done, f"{done.model_id} is in use for {done.task}{before}."
