"""`dataset export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.data_commands import dataset_app
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add this command to those of datasets."""
    dataset_app.command("export")(export)


def export(
    context: typer.Context,
    name: str,
    path: Annotated[Path, typer.Argument(parser=given_path)],
    kind: Annotated[Literal["imagefolder", "coco", "pairs", "crops"], typer.Option("--format")],
) -> int:
    """Write a frozen version with its pictures, for training elsewhere, to a folder that is not there yet.

    Exit code 1 when pictures are missing; the others are there.
    """
    from binscout_tui.operations.dataset_export import export as run

    ours = session(context)
    with ours.workspace() as workspace, ours.progress("pictures") as on_progress:
        done = run(workspace, name, path, kind, on_progress=on_progress)
    what = {"imagefolder": "pictures", "coco": "boxes", "pairs": "pairs", "crops": "crops"}[kind]
    by_split = ", ".join(f"{split} {number:,}" for split, number in done.samples.items())
    lines = [
        f"{done.name} {done.dataset} is in {done.path}: {sum(done.samples.values()):,} {what} ({by_split}),"
        f" {done.pictures:,} picture files"
    ]
    lines += [f"left out: {number:,} {reason}" for reason, number in done.left_out.items()]
    if done.relabelled:
        lines.append(f"{done.relabelled:,} of the images have another label today; the export has the frozen one")
    if done.missing:
        lines.append(f"missing {len(done.missing):,} pictures:")
    lines += [f"  {one.sha256[:16]} {one.label} {one.split}: {one.reason}" for one in done.missing[:SHOWN]]
    if len(done.missing) > SHOWN:
        lines.append(f"  and {len(done.missing) - SHOWN:,} more; --json lists all")
    ours.answer(done, lines)
    return EXIT_FAILED if done.missing else 0
