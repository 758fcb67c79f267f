"""`import` and `images …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.paging import cut, say_more
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_FAILED, NotFoundError, UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.images import Image
    from binscout_tui.workspace import Workspace
from binscout_tui.workspace import Workspace

if TYPE_CHECKING:
    from binscout_tui.operations.examining import Examined, Previews

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
    dates: Annotated[
        Literal["both", "exif", "name", "none"],
        typer.Option(help="Where the moment comes from: EXIF and else the name, one of the two, or neither."),
    ] = "both",
    wait: Annotated[
        bool, typer.Option("--wait", help="With --in-place: wait until all are decoded and have previews.")
    ] = False,
) -> int:
    """Import pictures. Each is kept once, by its content; a second run imports nothing.

    Files that stay in place are there at once and are decoded in the background; with --sets they are decoded first.
    Exit code 1 when a path that was given cannot be used, or when nothing at all could.
    """
    from binscout_tui.operations.importing import import_paths
    from binscout_tui.operations.importing_in_place import import_in_place

    ours = session(context)
    with ours.workspace() as workspace:
        with ours.progress("import") as on_progress:
            if in_place and sets == "none":
                report = import_in_place(workspace, paths, labels_from=labels, dates=dates, on_progress=on_progress)
            else:
                report = import_paths(
                    workspace,
                    paths,
                    sets=sets,
                    labels_from=labels,
                    keep_in_place=in_place,
                    dates=dates,
                    on_progress=on_progress,
                )
        examined = previews_of(ours, workspace, wait=wait)
    if examined is not None:
        report.rejected += examined.damaged
    lines = [f"imported {report.imported}, known already {report.duplicates}, rejected {len(report.rejected)}"]
    if report.skipped:
        lines.append(f"passed over {report.skipped}: sidecars, system files and folders of workspaces")
    if sets != "none":
        lines.append(
            f"sets made {report.sets}, known already {report.sets_known}; pictures that were in a set before"
            f" {report.in_sets}, in none {len(report.not_in_a_set)}"
        )
    if labels != "none":
        lines.append(
            f"labels taken {report.labelled}, known already {report.labels_known}, in conflict {len(report.conflicts)}"
        )
    left_out = [*report.rejected, *report.conflicts, *report.not_in_a_set]
    lines += [f"  {one.path}: {one.reason} [{one.code}]" for one in left_out[:SHOWN]]
    if len(left_out) > SHOWN:
        lines.append(f"  and {len(left_out) - SHOWN} more; --json lists all")
    if report.previews is not None:
        lines.append(said_of(report.previews, examined))
    ours.answer(report, lines)
    return 0 if report.is_useful else EXIT_FAILED


@images_app.command("examine")
def examine_images(
    context: typer.Context,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all are decoded.")] = False,
) -> None:
    """Decode images in place that were only hashed yet, and make their previews, in a process of its own."""
    from binscout_tui.jobs.previews import begin

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Examining images")
        previews = workspace.db.write(begin, workspace.paths.root, workspace.user.uid)
        examined = previews_of(ours, workspace, wait=wait)
    if previews is None:
        ours.answer({"previews": None}, "Every image was examined already.")
        return
    ours.answer({"previews": previews, "examined": examined}, said_of(previews, examined))


def previews_of(ours: Session, workspace: Workspace, *, wait: bool) -> Examined | None:
    """Start the job for what waits, if anything does; its result when it was waited for.

    Raises BinScoutError when it failed or was cancelled.
    """
    from binscout_tui.jobs.previews import begin, ended

    previews = workspace.db.write(begin, workspace.paths.root, workspace.user.uid)
    if previews is None or not wait:
        return None
    with ours.progress("previews") as on_progress:
        return ended(workspace, previews.job, on_progress)


def said_of(previews: Previews, examined: Examined | None) -> str:
    """The job in one line."""
    if examined is None:
        return f"previews follow in the background: `binscout jobs show {previews.job}`"
    return (
        f"previews: {examined.examined} decoded, {len(examined.damaged)} damaged, {len(examined.left)} left for later"
    )


@images_app.command("metadata")
def read_metadata(
    context: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Read all files, also those that were read before.")] = False,
) -> int:
    """Read what files say of themselves (camera, prompt, keywords) where that was not read yet.

    Files that come in now are read anyway. Exit code 1 when a file could not be read.
    """
    from binscout_tui.operations import metadata

    ours = session(context)
    with ours.workspace() as workspace, ours.progress("metadata") as on_progress:
        report = metadata.read_metadata(workspace, again=again, on_progress=on_progress)
    lines = [
        f"read {counted(report.read, 'file')}: {report.with_words} say something of themselves,"
        f" {report.with_prompt} have a prompt; {len(report.failed)} could not be read"
    ]
    lines += [f"  {one.path}: {one.reason} [{one.code}]" for one in report.failed[:SHOWN]]
    if len(report.failed) > SHOWN:
        lines.append(f"  and {len(report.failed) - SHOWN} more; --json lists all")
    ours.answer(report, lines)
    return EXIT_FAILED if report.failed else 0


@images_app.command("list")
def list_images(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    after: Annotated[int, typer.Option(help="Begin after this id.")] = 0,
    label: Annotated[str | None, typer.Option(help="Only images with this class.")] = None,
    trash: Annotated[bool, typer.Option("--trash", help="What is in the trash.")] = False,
    filter_: Annotated[
        str | None,
        typer.Option("--filter", metavar="EXPR", help='Only what it lets through, such as "label:m3 conf<0.6 -dup".'),
    ] = None,
) -> None:
    """List images in order of arrival."""
    from binscout_tui.store import images

    if filter_ is not None and (label is not None or trash):
        raise UsageError(
            "--filter cannot be combined with --label and --trash.", hint="Write label: or in:trash in it."
        )
    ours = session(context)
    with ours.workspace() as workspace:
        if filter_ is None:
            _must_exist(workspace, label)
            found = workspace.db.read(images.page, after=after, limit=limit + 1, trashed=trash, label=label)
        else:
            found = _filtered(ours, workspace, filter_, after, limit + 1)
    found, is_more = cut(found, limit)
    keys = (
        "id",
        "sha256",
        "name",
        "source",
        "width",
        "height",
        "format",
        "health",
        "examined",
        "added_at",
        "trashed_at",
        "warnings",
    )
    rows = [{key: getattr(image, key) for key in keys} for image in found]
    lines = [f"{image.id:>7}  {image.width}x{image.height}  {image.name}" for image in found]
    ours.answer(rows, lines or "No image is like that.")
    if is_more:
        say_more(ours, len(found), found[-1].id)


def _must_exist(workspace: Workspace, label: str | None) -> None:
    """Raise UsageError, with the nearest name, when there is no such class; an archived one is one."""
    from binscout_tui.filtering.errors import did_you_mean
    from binscout_tui.store import classes

    if label is None:
        return
    try:
        workspace.db.read(classes.find, label)
    except NotFoundError as error:
        names = [one.name for one in workspace.db.read(classes.all_classes)]
        hint = did_you_mean(label, names) or error.hint
        raise UsageError(error.sentence, hint=hint, code=error.code) from error


def _filtered(ours: Session, workspace: Workspace, text: str, after: int, limit: int) -> list[Image]:
    """The images that a filter lets through; people get an error with the place marked, scripts with its number."""
    from binscout_tui.filtering.errors import FilterError
    from binscout_tui.store import filters, gallery, saved_filters

    text = workspace.db.read(saved_filters.resolved, text)
    try:
        ids = workspace.db.read(filters.page, filters.parse(text), beyond=after, limit=limit, order="oldest")
    except FilterError as error:
        if ours.as_json:
            raise
        raise error.marked(text) from error
    return [row.image for row in workspace.db.read(gallery.rows, ids)]


@images_app.command("check")
def check_images(context: typer.Context) -> None:
    """Look whether files that stayed in place have changed or gone."""
    from binscout_tui.operations import in_place

    ours = session(context)
    with ours.workspace() as workspace:
        found = in_place.check(workspace)
    ours.answer(
        found,
        f"looked at {counted(found.looked_at, 'file')} in place: {len(found.changed)} changed,"
        f" {len(found.missing)} missing, {len(found.returned)} back since the last look",
    )
