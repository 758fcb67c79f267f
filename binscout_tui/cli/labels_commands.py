"""`labels import` and `labels export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, UsageError
from binscout_tui.wording import counted

labels_app = typer.Typer(help="Labels from and for other programs.", no_args_is_help=True)
SHOWN = 20
PathArgument = Annotated[Path, typer.Argument(parser=given_path)]
Out = Literal["imagefolder", "coco", "yolo", "csv", "jsonl"]
In = Literal["imagefolder", "coco", "yolo", "csv", "jsonl", "voc", "labelme"]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(labels_app, name="labels")


@labels_app.command("import")
def import_labels(
    context: typer.Context,
    path: PathArgument,
    kind: Annotated[In, typer.Option("--format")],
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing when any line is refused.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overrule what a person said here.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
) -> int:
    """Take over labels for pictures that are in the workspace; every line that is refused is told.

    Exit code 1 when nothing could be used, or with --strict when anything was refused.
    """
    from binscout_tui.operations.label_import import import_labels as run

    ours = session(context)
    with ours.workspace() as workspace, ours.progress("labels") as on_progress:
        report = run(workspace, path, kind, strict=strict, replace=replace, dry_run=dry_run, on_progress=on_progress)
    first = f"{counted(report.labels, 'label')}, boxes of {counted(report.boxed, 'image')}"
    new = f"{first} and counts of {report.counts}"
    are_new = "are new" if report.written else "would be new; nothing was written"
    lines = [
        f"{counted(report.images, 'image')}: {new} {are_new}",
        f"replaced {report.replaced}, known already {report.known}, new classes {report.classes}",
        f"refused {len(report.refused)}; boxes of {counted(report.incomplete, 'image')} left out,"
        f" {report.clipped} cut at edges",
    ]
    lines += [f"  {one.where}: {one.reason}" for one in report.refused[:SHOWN]]
    if len(report.refused) > SHOWN:
        lines.append(f"  and {len(report.refused) - SHOWN} more; --json lists all")
    ours.answer(report, lines)
    return EXIT_FAILED if not report.is_useful or (strict and report.refused) else 0


@labels_app.command("export")
def export(
    context: typer.Context,
    path: PathArgument,
    kind: Annotated[Out, typer.Option("--format")],
    pictures: Annotated[
        Literal["copy", "none"] | None, typer.Option(help="Whether pictures are put beside the labels (default: copy).")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="An existing csv or jsonl file may go.")] = False,
) -> int:
    """Write what people said of all pictures: to a folder that is not there yet, or for csv and jsonl to a file.

    Exit code 1 when pictures could not be copied; the others are there.
    """
    from binscout_tui.operations import label_exchange

    if kind in ("csv", "jsonl") and pictures is not None:
        raise UsageError("--pictures is for formats that are folders.")
    ours = session(context)
    with ours.workspace() as workspace, ours.progress("images") as on_progress:
        done = label_exchange.export(
            workspace, path, kind, pictures=pictures or "copy", replace=replace, on_progress=on_progress
        )
    lines = [
        f"{counted(done.images, 'image')} in {done.path}: {counted(done.labels, 'label')},"
        f" {counted(done.boxes, 'box', 'boxes')} on {counted(done.boxed, 'image')},"
        f" {counted(done.counts, 'count')}, {counted(done.pictures, 'picture')}"
    ]
    lines += [f"  {one.where}: {one.reason}" for one in done.refused[:SHOWN]]
    ours.answer(done, lines)
    return EXIT_FAILED if done.refused else 0
