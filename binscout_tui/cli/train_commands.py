"""`train`, `runs …`, `evaluate`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from binscout_tui.cli.figure_text import family_lines, figure_lines, primary_text
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.presets import PRESETS
from binscout_tui.learning.tasks import find_task
from binscout_tui.store.runs import Run
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace

runs_app = typer.Typer(help="Training runs.", no_args_is_help=True)
LOOK_S = 0.5
RECIPES = "; ".join(f"{task}: {', '.join(presets)}" for task, presets in PRESETS.items())


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(train)
    app.command()(evaluate)
    app.add_typer(runs_app, name="runs")


def train(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name or id of a dataset version.")],
    task: Annotated[
        Literal["classify", "select", "count"] | None, typer.Option(help="Must be that of the dataset, if given.")
    ] = None,
    preset: Annotated[str, typer.Option(help=f"The recipe, else the first of its task: {RECIPES}.")] = "",
    weights: Annotated[Path | None, typer.Option(help="A local file of pretrained weights.")] = None,
    frozen: Annotated[
        bool | None,
        typer.Option(
            "--frozen/--fine-tune", help="With --weights: keep the network as it is, or train it too. A CPU freezes."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, max=100_000)] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 0,
    batch_size: Annotated[int | None, typer.Option(min=1, max=65_536, help="Samples of all processes a step.")] = None,
    lr: Annotated[float | None, typer.Option(min=1e-9, max=100.0, help="The highest learning rate.")] = None,
    image_size: Annotated[int | None, typer.Option(min=32, max=4096, help="Pixels a side.")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option()] = "auto",
    devices: Annotated[int, typer.Option(min=1, max=64, help="Processes that train together on a host.")] = 1,
    nnodes: Annotated[int, typer.Option(min=1, max=1024, help="Hosts that train together.")] = 1,
    rdzv: Annotated[str | None, typer.Option(help="HOST:PORT where the hosts meet.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end.")] = False,
) -> None:
    """Train a model in a process of its own, which goes on when this terminal closes."""
    from binscout_tui.jobs.launch import launch
    from binscout_tui.operations.code_version import code_version
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
            mode="auto" if frozen is None else "frozen" if frozen else "fine-tune",
            epochs=epochs,
            seed=seed,
            batch_size=batch_size,
            lr=lr,
            image_size=image_size,
            device=device,
            devices=devices,
            nnodes=nnodes,
            rdzv=rdzv,
            code_version=code_version(),
        )
        launch(workspace.paths.root, job_id)
        if wait:
            _wait(ours, workspace, run_id)
        run = _run(workspace, run_id)
    ours.answer(_row(run), _describe(run))


def _wait(ours: Session, workspace: Workspace, run_id: str) -> None:
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.operations.training import go_on_hint

    with ours.progress(f"train {run_id}") as on_progress:
        while (run := _run(workspace, run_id)).job.is_open:
            on_progress(run.job.done, run.job.total)
            time.sleep(LOOK_S)
            workspace.db.write(reconcile, workspace.paths.root)
    if run.job.state != "done":
        raise BinScoutError(
            f"The run {run_id} is {run.job.state}. {run.job.error or ''}".rstrip(),
            hint=go_on_hint(workspace.paths, run),
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
    """Show a run and its figures, or why it stopped."""
    from binscout_tui.operations.training import go_on_hint

    ours = session(context)
    with ours.workspace() as workspace:
        run = _run(workspace, run_id)
        stopped = run.job.state in ("failed", "cancelled")
        next_step = [f"  {go_on_hint(workspace.paths, run)}"] if stopped else []
    ours.answer(_row(run), _describe(run) + next_step)


def evaluate(
    context: typer.Context,
    model: str,
    dataset: Annotated[str, typer.Option(help="Name or id of a dataset version.")],
    split: Annotated[Literal["train", "val", "test"], typer.Option()] = "test",
) -> None:
    """Measure a model on a split, beside baselines."""
    from binscout_tui.operations.evaluating import evaluate as evaluate_model

    ours = session(context)
    with ours.workspace() as workspace:
        found = evaluate_model(workspace, model, dataset, split)
    lines = [f"{model} on {split} of {dataset}"]
    lines += figure_lines(found["task"], found["metrics"], found["baselines"])
    ours.answer(found, lines + family_lines(found["metrics"], found["baselines"]))
    if found["seen"]:
        seen = counted(found["seen"], find_task(found["task"]).sample)
        ours.say(f"{model} learned from {seen} of these, or was tuned on them: these figures flatter it.")
    elif found["seen"] is None:
        ours.say(f"Nobody knows what {model} learned from, so these figures may flatter it.")
    if found["warning"]:
        ours.say(found["warning"])


def _row(run: Run) -> dict[str, Any]:
    figures = run.metrics or {}
    return {
        "run": run.id,
        "model": run.id if run.job.state == "done" else None,
        "state": run.job.state,
        "job": run.job.id,
        "task": run.task,
        "dataset": run.dataset_id,
        "preset": run.preset,
        "config": run.config,
        "metrics": figures.get("metrics"),
        "baselines": figures.get("baselines"),
        "error": run.job.error,
    }


def _describe(run: Run) -> list[str]:
    config = run.config
    made = [f"seed {config.get('seed', 0)}", f"data {run.dataset_name} {run.dataset_id}"]
    made += [f"code {config['code_version']}"] if config.get("code_version") else []
    lines = [_line(run), f"  {', '.join(made)}"]
    if run.metrics:
        metrics, baselines = run.metrics["metrics"], run.metrics["baselines"]
        lines += figure_lines(run.task, metrics, baselines) + family_lines(metrics, baselines)
    elif run.job.is_open:
        lines.append("  goes on in its own process; `binscout runs show` and the app show how far it is")
    return lines


def _line(run: Run) -> str:
    said = " ".join((run.job.error or run.job.message).split())
    reached = primary_text(run.task, run.metrics) if run.metrics else said
    return f"{run.id:<20} {run.job.state:<10} {run.task:<9} {run.preset:<12} {reached}"
