"""`dataset …`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from binscout_tui.cli.session import session

dataset_app = typer.Typer(help="Dataset versions.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(dataset_app, name="dataset")


@dataset_app.command()
def build(
    context: typer.Context,
    name: str,
    task: Annotated[Literal["classify", "select", "count"], typer.Option()] = "classify",
    split: Annotated[str, typer.Option(help="Percent for train/val/test.")] = "80/10/10",
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Freeze although pictures that belong together are in two splits.")
    ] = False,
    known_good: Annotated[
        Literal["auto", "none"],
        typer.Option(help="auto: fill the gate's list from the test split where it is empty."),
    ] = "auto",
) -> None:
    """Freeze all labelled images into a version with an id of its content."""
    from binscout_tui.operations.datasets import Wanted
    from binscout_tui.operations.datasets import build as build_dataset
    from binscout_tui.operations.splitting import parse_ratios

    wanted = Wanted(
        name=name,
        task=task,
        ratios=parse_ratios(split),
        allow_leaks=allow_leaks,
        fill_known_good=known_good == "auto",
    )
    ours = session(context)
    with ours.workspace() as workspace:
        report = build_dataset(workspace, wanted)
    lines = [
        f"{report.name}  {report.id}" + ("" if report.is_new else "  (this list was frozen before)"),
        f"{report.images} images in {report.groups} groups: "
        + ", ".join(f"{split} {number}" for split, number in report.splits.items()),
    ]
    if report.leaks:
        lines.append(f"{len(report.leaks)} pairs that belong together lie in different splits, as allowed")
    if report.known_good:
        lines.append(f"{report.known_good} test images became the gate's known-good list")
    if report.unexamined:
        lines.append(f"{report.unexamined} images are not decoded yet and were left out: `images examine --wait`")
    ours.answer(report, lines)


@dataset_app.command("list")
def list_datasets(context: typer.Context) -> None:
    """List dataset versions, newest first."""
    from binscout_tui.store import datasets

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(datasets.latest)
    ours.answer(found, [f"{one.id}  {one.created_at}  {one.task}  {one.name}" for one in found])


@dataset_app.command("show")
def show_dataset(context: typer.Context, name: str) -> None:
    """Show a version's classes and splits."""
    from binscout_tui.store import datasets

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(datasets.find, name)
    rows = [f"{found.name}  {found.id}", f"{'class':<24}{'train':>7}{'val':>7}{'test':>7}"]
    rows += [f"{label:<24}{n['train']:>7}{n['val']:>7}{n['test']:>7}" for label, n in sorted(found.counts.items())]
    ours.answer(found, rows)
