"""`import` and `images …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED

images_app = typer.Typer(help="List, trash, restore and check images.", no_args_is_help=True)
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_)
    app.add_typer(images_app, name="images")


def import_(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(parser=given_path, metavar="PATH", help="Files and folders, searched to any depth."),
    ],
    sets: Annotated[
        Literal["none", "folder", "burst", "stage", "similar"],
        typer.Option(help="Make sets of 2 to 9 pictures: by folder, time, stage in the name, or look."),
    ] = "none",
    labels: Annotated[
        Literal["none", "folder"], typer.Option(help="Take the name of the last folder as the class.")
    ] = "none",
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Leave the files where they are instead of copying them.")
    ] = False,
) -> int:
    """Import pictures. Each is kept once, by its content; a second run imports nothing.

    Exit code 1 when a path that was given cannot be used, or when nothing at all could.
    """
    from binscout_tui.operations.importing import import_paths

    ours = session(context)
    with ours.workspace() as workspace, ours.progress("import") as on_progress:
        report = import_paths(
            workspace,
            paths,
            sets=sets,
            labels_from=labels,
            keep_in_place=in_place,
            on_progress=on_progress,
        )
    lines = [f"imported {report.imported}, known already {report.duplicates}, rejected {len(report.rejected)}"]
    if report.skipped:
        lines.append(f"passed over {report.skipped} sidecars, system files and folders of workspaces")
    if sets != "none":
        lines.append(
            f"sets made {report.sets}, known already {report.sets_known}; pictures that were in a set before"
            f" {report.in_sets}, in none {len(report.not_in_a_set)}"
        )
    if labels != "none":
        lines.append(f"labels taken {report.labelled}, in conflict {len(report.conflicts)}")
    left_out = [*report.rejected, *report.conflicts, *report.not_in_a_set]
    lines += [f"  {one.path}: {one.reason} [{one.code}]" for one in left_out[:SHOWN]]
    if len(left_out) > SHOWN:
        lines.append(f"  and {len(left_out) - SHOWN} more; --json lists all")
    ours.answer(report, lines)
    return 0 if report.is_useful else EXIT_FAILED


@images_app.command("list")
def list_images(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    after: Annotated[int, typer.Option(help="Begin after this id.")] = 0,
    label: Annotated[str | None, typer.Option(help="Only images with this class.")] = None,
    trash: Annotated[bool, typer.Option("--trash", help="What is in the trash.")] = False,
) -> None:
    """List images in order of arrival."""
    from binscout_tui.store import images

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(images.page, after=after, limit=limit, trashed=trash, label=label)
    keys = (
        "id",
        "sha256",
        "name",
        "source",
        "width",
        "height",
        "format",
        "health",
        "added_at",
        "trashed_at",
        "warnings",
    )
    rows = [{key: getattr(image, key) for key in keys} for image in found]
    ours.answer(rows, [f"{image.id:>7}  {image.width}x{image.height}  {image.name}" for image in found])


@images_app.command("trash")
def trash_images(context: typer.Context, ids: Annotated[list[int], typer.Argument()]) -> None:
    """Move images to the trash; `images restore` brings them back."""
    from binscout_tui.store import images

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Trashing images")
        moved = workspace.db.write(images.trash, workspace.user.uid, ids)
    ours.answer({"trashed": moved}, f"{moved} moved to the trash.")


@images_app.command("restore")
def restore_images(context: typer.Context, ids: Annotated[list[int], typer.Argument()]) -> None:
    """Bring images back from the trash."""
    from binscout_tui.store import images

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Restoring images")
        moved = workspace.db.write(images.restore, workspace.user.uid, ids)
    ours.answer({"restored": moved}, f"{moved} brought back.")


@images_app.command("check")
def check_images(context: typer.Context) -> None:
    """Look whether files that stayed in place have changed or gone."""
    from binscout_tui.operations import in_place

    ours = session(context)
    with ours.workspace() as workspace:
        found = in_place.check(workspace)
    ours.answer(
        found,
        f"looked at {found.looked_at} files in place: {len(found.changed)} changed, {len(found.missing)} missing,"
        f" {len(found.returned)} back since the last look",
    )
