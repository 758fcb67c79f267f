"""`crop render`: crops as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.crop_queue_commands import crop_app
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, UsageError

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command to the crops' own."""
    crop_app.command("render")(render)


def render(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(parser=given_path, metavar="DIR")],
    sets: Annotated[str, typer.Option(metavar="done|ID,ID,…", help="The sets whose choices are cropped.")] = "done",
    kind: Annotated[
        Literal["png", "jpg", "keep"], typer.Option("--format", help="keep: that of the original, else png.")
    ] = "png",
    boxes: Annotated[bool, typer.Option(help="With --sets done also the boxes that belong to no set.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Name the files and write nothing.")] = False,
) -> int:
    """Write crops to DIR with a list of them; originals are only read and no file is ever replaced.

    Exit code 1 when a crop could not be made.
    """
    from binscout_tui.operations import rendering

    wanted = rendering.Wanted(sets=_ids(sets), boxes=boxes, format=kind)
    ours = session(context)
    with ours.workspace() as workspace, ours.progress("render") as on_progress:
        report = rendering.render(workspace, folder, wanted, dry_run=dry_run, on_progress=on_progress)
    if dry_run:
        lines = [*report.files, f"{len(report.files)} files would be in {report.folder}"]
    else:
        lines = [f"rendered {report.rendered}, there already {report.present}, in {report.folder}"]
    lines.append(f"{report.without_crop} choices have no crop, {len(report.refused)} could not be made")
    lines += [f"  image {one.image} {one.name}: {one.reason} [{one.code}]" for one in report.refused[:SHOWN]]
    ours.answer(report, lines)
    return EXIT_FAILED if report.refused else 0


def _ids(text: str) -> list[int] | None:
    if text == "done":
        return None
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise UsageError(f"{text!r} names no sets.", hint="Write done, or ids such as 3,7,12.", code="sets")
    return [int(part) for part in parts]
