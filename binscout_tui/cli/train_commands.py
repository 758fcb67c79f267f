"""`train`, `runs …`, `evaluate`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import BinScoutError
from binscout_tui.store.runs import Run
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace

runs_app = typer.Typer(help="Training runs.", no_args_is_help=True)
LOOK_S = 0.5


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(train)
    app.command()(evaluate)
    app.add_typer(runs_app, name="runs")


def train(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name or id of a dataset version.")],
    task: Annotated[Literal["classify", "select", "count"], typer.Option()] = "classify",
    preset: Annotated[str, typer.Option(help="tiny, or vit-b16 with --weights.")] = "tiny",
    weights: Annotated[Path | None, typer.Option(help="A local file of pretrained weights.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, max=100_000)] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 0,
    devices: Annotated[int, typer.Option(min=1, max=64, help="Processes that train together.")] = 1,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end.")] = False,
) -> None:
    """Train a model in a process of its own, which goes on when this terminal closes."""
    from binscout_tui.jobs.launch import launch
    from binscout_tui.operations.training import enqueue

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Training")
        run_id, job_id = workspace.db.write(
            enqueue,
            workspace.paths,
            workspace.user.uid,
            dataset=dataset,
            task=task,
            preset=preset,
            weights=None if weights is None else str(weights),
            epochs=epochs,
            seed=seed,
            devices=devices,
        )
        launch(workspace.paths.root, job_id)
        if wait:
            _wait(ours, workspace, run_id)
        run = _run(workspace, run_id)
    ours.answer(_row(run), _describe(run))


def _wait(ours: Session, workspace: Workspace, run_id: str) -> None:
    from binscout_tui.jobs.control import reconcile

    with ours.progress(f"train {run_id}") as on_progress:
        while (run := _run(workspace, run_id)).job.is_open:
            on_progress(run.job.done, run.job.total)
            time.sleep(LOOK_S)
            workspace.db.write(reconcile, workspace.paths.root)
    if run.job.state != "done":
        raise BinScoutError(
            f"The run {run_id} is {run.job.state}. {run.job.error or ''}".rstrip(),
            hint=f"`binscout jobs retry {run.job.id}` goes on from its last checkpoint.",
            code=f"run_{run.job.state}",
        )


def _run(workspace: Workspace, run_id: str) -> Run:
    from binscout_tui.store import runs

    return workspace.db.read(runs.get, run_id)


@runs_app.command("list")
def list_runs(context: typer.Context) -> None:
    """List training runs, newest first."""
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.store import runs

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.db.write(reconcile, workspace.paths.root)
        found = workspace.db.read(runs.latest)
    ours.answer([_row(run) for run in found], [_line(run) for run in found] or "No runs yet.")


@runs_app.command("show")
def show_run(context: typer.Context, run_id: str) -> None:
    """Show a run and its figures."""
    ours = session(context)
    with ours.workspace() as workspace:
        run = _run(workspace, run_id)
    ours.answer(_row(run), _describe(run))


def evaluate(
    context: typer.Context,
    model: str,
    dataset: Annotated[str, typer.Option(help="Name or id of a dataset version.")],
    split: Annotated[Literal["train", "val", "test"], typer.Option()] = "test",
) -> None:
    """Measure a model on a split, beside the baselines of its run."""
    from binscout_tui.operations.evaluating import evaluate as evaluate_model

    ours = session(context)
    with ours.workspace() as workspace:
        found = evaluate_model(workspace, model, dataset, split)
    metrics = found["metrics"]
    lines = [f"{model} on {split} of {dataset}: accuracy {figure(metrics)} of {counted(metrics['n'], 'image')}"]
    lines += [f"  {name:<16} {figure(value)}" for name, value in found["baselines"].items()]
    ours.answer(found, lines)
    if found["seen"]:
        ours.say(f"{model} learned from {found['seen']} of these images, so these figures flatter it.")


def _row(run: Run) -> dict[str, Any]:
    figures = run.metrics or {}
    return {
        "run": run.id,
        "model": run.id if run.job.state == "done" else None,
        "state": run.job.state,
        "job": run.job.id,
        "dataset": run.dataset_id,
        "preset": run.preset,
        "metrics": figures.get("metrics"),
        "baselines": figures.get("baselines"),
        "error": run.job.error,
    }


def _describe(run: Run) -> list[str]:
    lines = [_line(run)]
    if run.metrics:
        metrics, baselines = run.metrics["metrics"], run.metrics["baselines"]
        lines.append(f"  {'test accuracy':<18} {figure(metrics)}  of {counted(metrics['n'], 'image')}")
        lines += [f"  {name.replace('_', ' '):<18} {figure(value)}" for name, value in baselines.items()]
        for family, value in sorted((metrics.get("by_family") or {}).items()):
            beside = ", ".join(
                f"{name.replace('_', ' ')} {found['by_family'][family]['accuracy']:.3f}"
                for name, found in baselines.items()
                if family in (found.get("by_family") or {})
            )
            lines.append(f"    {family:<16} {value['accuracy']:.3f}  ({beside})")
    elif run.job.is_open:
        lines.append("  goes on in its own process; `binscout runs show` and the app show how far it is")
    return lines


def _line(run: Run) -> str:
    accuracy = f"{run.metrics['metrics']['accuracy']:.3f}" if run.metrics else run.job.message
    return f"{run.id:<20} {run.job.state:<10} {run.preset:<9} {accuracy}"


def figure(found: dict[str, Any]) -> str:
    """An accuracy with its interval."""
    low, high = found["ci95"]
    return f"{found['accuracy']:.3f} (95 %: {low:.3f} to {high:.3f})"
