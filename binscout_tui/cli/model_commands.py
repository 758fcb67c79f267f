"""`models …`: what there is, a model's card, notes, deleting one, and the one that is asked beside the active one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.model_facts import Fact, Facts
    from binscout_tui.operations.shadowing import ShadowReport

models_app = typer.Typer(help="Trained models.", no_args_is_help=True)
TaskOption = Literal["classify", "select", "count"]
SURE = "delete"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(
    context: typer.Context, task: Annotated[TaskOption | None, typer.Option(help="Only those of a task.")] = None
) -> None:
    """List models, newest first: ● is active, ○ is asked beside the active one."""
    from binscout_tui.operations.model_facts import facts
    from binscout_tui.store import models

    ours = session(context)
    with ours.workspace() as workspace:
        floors = workspace.settings.gate
        found = [
            workspace.db.read(facts, model.id, floors) for model in workspace.db.read(models.latest, task, limit=1000)
        ]
    ours.answer([_row(one) for one in found], [_line(one) for one in found] or "No models yet.")


def _row(one: Facts) -> dict[str, Any]:
    return {
        "id": one.model.id,
        "task": one.model.task,
        "active": one.model.active,
        "shadow": one.is_shadow,
        "created_at": one.model.created_at,
        "made_by": one.made_by,
        "preset": one.preset,
        "dataset": one.dataset,
        "figures": one.figures,
        "gate": one.gate.state if one.gate else None,
        "bytes": one.model.bytes,
        "sha256": one.model.sha256,
        "note": one.model.note,
    }


def _line(one: Facts) -> str:
    sign = "●" if one.model.active else "○" if one.is_shadow else " "
    first = f"{one.figures[0].words} {_number(one.figures[0])}" if one.figures else ""
    gate = {None: "not at the gate", "pass": "passed", "fail": "failed", "error": "gate error"}[
        one.gate.state if one.gate else None
    ]
    known = f"{sign} {one.model.id:<24} {one.model.task:<9} {first:<18} {gate:<16} {one.model.created_at}"
    return f"{known}  {one.model.note}".rstrip()


def _number(fact: Fact) -> str:
    return "-" if fact.value is None else f"{fact.value:.3f}"


@models_app.command("show")
def show(context: typer.Context, model: str) -> None:
    """Show a model's card: data, figures beside the baselines, verdict, size, who made it and when."""
    from binscout_tui.operations.model_facts import facts

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(facts, model, workspace.settings.gate)
    ours.answer(found, _card(found))


def _card(found: Facts) -> list[str]:
    model = found.model
    state = "active" if model.active else "asked beside the active one" if found.is_shadow else "not active"
    images = ", ".join(f"{number} {split}" for split, number in found.images.items())
    lines = [
        f"{model.id}  {model.task}  {state}",
        f"  data       {found.dataset_name} {found.dataset}  {images}".rstrip(),
        f"  recipe     preset {found.preset or '?'}, network {model.card.get('arch', '?')}, seed {found.seed},"
        f" code {found.code_version or '?'}",
        f"  made       {model.created_at} by {found.made_by or 'unknown'}",
        f"  files      {model.bytes / 1e6:.1f} MB, SHA-256 {model.sha256}",
    ]
    lines += [f"  note       {model.note}"] if model.note else []
    lines += [_figure(one) for one in found.figures] or ["  no figures are known"]
    gate = found.gate
    lines.append(f"  gate       {gate.state} on {gate.at}" if gate else "  gate       not there yet")
    lines += [f"  {one.at}  {one.action} {one.reason}".rstrip() for one in found.activations]
    return lines


def _figure(one: Fact) -> str:
    interval = f" (95 %: {one.ci95[0]:.3f} to {one.ci95[1]:.3f})" if one.ci95 else ""
    beside = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in one.baselines.items())
    return f"  {one.words:<18} {_number(one)}{interval}  beside: {beside or 'no baseline'}"


@models_app.command("history")
def history(
    context: typer.Context, task: Annotated[TaskOption | None, typer.Argument(metavar="[TASK]")] = None
) -> None:
    """Show which model was active when, of all tasks or of one."""
    from binscout_tui.store import models

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(models.activations, task, limit=1000)
    lines = [f"{one.at}  {one.task:<9} {one.action:<9} {one.model_id}  {one.reason}".rstrip() for one in found]
    ours.answer(found, lines or "No model was active yet.")


@models_app.command("note")
def note(context: typer.Context, model: str, text: Annotated[str, typer.Argument(help="Empty: none.")]) -> None:
    """Write a line about a model."""
    from binscout_tui.operations.model_facts import write_note

    ours = session(context)
    with ours.workspace() as workspace:
        found = write_note(workspace, model, text)
    ours.answer(found, f"{found.id}: {found.note or 'no note'}")


@models_app.command("delete")
def delete(
    context: typer.Context,
    model: str,
    confirm: Annotated[str, typer.Option(help="Say `delete`: the files are gone for good.")] = "",
) -> None:
    """Delete a model's files, also the weights in its run, and what it predicted; report, verdicts, history stay."""
    from binscout_tui.operations.model_facts import delete as delete_model
    from binscout_tui.store import models

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Deleting a model")
        workspace.db.read(models.get, model)
        if confirm != SURE:
            raise UsageError(
                f"The files of {model} would be gone for good.", hint=f"Say so with --confirm {SURE}.", code="confirm"
            )
        size = delete_model(workspace, model)
    ours.answer({"deleted": model, "bytes": size}, f"{model} is deleted; {size / 1e6:.1f} MB are free again.")


@models_app.command("shadow")
def shadow(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="[MODEL|off]", help="Ask it beside the active model; off: none.")
    ] = "",
    report: Annotated[bool, typer.Option("--report", help="What both models said.")] = False,
) -> None:
    """Ask a candidate beside the active model about the unlabelled images, apart from all suggestions."""
    from binscout_tui.jobs import shadow as job
    from binscout_tui.operations import shadowing
    from binscout_tui.workspace import LiveWorkspace

    ours = session(context)
    if report or not model:
        if model:
            raise UsageError("--report tells of the shadow that is set.", hint="Leave the model away.")
        with ours.workspace() as workspace:
            found = workspace.db.read(shadowing.report)
        ours.answer(found, _shadow_lines(found))
        return
    if model == "off":
        was = ours.run(shadowing.end_shadow)
        ours.answer({"shadow": None}, "No model is asked beside the active one any more." if was else "None was asked.")
        return

    async def begin(live: LiveWorkspace) -> int | None:
        await shadowing.set_shadow(live, model)
        return await job.start(live)

    job_id = ours.run(begin)
    said = f"; job {job_id} looks at what the active model has seen" if job_id else ""
    ours.answer({"shadow": model, "job": job_id}, f"{model} is asked beside the active model{said}.")


def _shadow_lines(found: ShadowReport) -> list[str]:
    lines = [
        f"{found.shadow} beside {found.active}: the same word of {found.agree} of {counted(found.n, 'image')}"
        + (f", nothing of {found.failed}" if found.failed else "")
    ]
    if found.labelled:
        lines.append(
            f"  of {found.labelled} labelled since, {found.shadow} had {found.shadow_right} right"
            f" and {found.active} {found.active_right} (p = {found.p:.3f})"
        )
    else:
        lines.append("  none of them is labelled yet, so nobody knows who is right")
    for one in found.disagreements:
        right = f"  right: {one.right}" if one.right else ""
        lines.append(
            f"  {one.image_id:>7}  {one.name}: {one.active or 'unknown'} {one.active_score:.2f}"
            f" | {one.shadow or 'unknown'} {one.shadow_score:.2f}{right}"
        )
    return lines
