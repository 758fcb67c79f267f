"""`export`: images in a folder, for other programs and people."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.choosing_images import CollectionName, FilterText, Ids, chosen
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, BinScoutError, UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.jobs import Job
    from binscout_tui.workspace import Workspace

LOOK_S = 0.2
SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("export")(export_images)


def export_images(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(parser=given_path, metavar="DIR", help="Where to write; made when new.")],
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
    originals: Annotated[
        bool, typer.Option("--originals", help="The files as they are, which is the default.")
    ] = False,
    size: Annotated[
        int | None, typer.Option(min=16, max=20_000, help="Make pictures whose longer side has so many pixels.")
    ] = None,
    crop: Annotated[bool, typer.Option("--crop", help="Each kept crop as a picture of its own.")] = False,
    metadata: Annotated[
        Literal["json", "none"], typer.Option(help="A file NAME.json beside each picture, or nothing.")
    ] = "json",
    names: Annotated[Literal["original", "id"], typer.Option(help="What the files are called.")] = "original",
    gps: Annotated[
        bool, typer.Option("--gps", help="Write where pictures were taken into the metadata files.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end.")] = True,
) -> int:
    """Write images to a folder, in a process of its own.

    Nothing there is overwritten: a second photo.jpg becomes photo-2.jpg. Asked for again, what is there already is
    found by its bytes and not written twice. Originals are copied byte for byte, with all that their files hold. Exit
    code 1 when an image could not be written.
    """
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.jobs.export import enqueue
    from binscout_tui.jobs.launch import launch
    from binscout_tui.operations.exporting.options import Options, checked
    from binscout_tui.store import jobs

    if originals and (size is not None or crop):
        raise UsageError("--originals cannot be combined with --size and --crop.", hint="They make new pictures.")
    options = checked(Options(folder=folder, size=size, crop=crop, metadata=metadata, names=names, gps=gps))
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Exporting images")
        found = chosen(ours, workspace, ids, filter_, collection)
        workspace.db.write(reconcile, workspace.paths.root)
        job_id = workspace.db.write(enqueue, workspace.user.uid, found, options)
        launch(workspace.paths.root, job_id)
        job = _ended(ours, workspace, job_id) if wait else workspace.db.read(jobs.get, job_id)
    if job.result is None:
        ours.answer({"job": job.id, "state": job.state}, f"Job {job.id} writes {counted(len(found), 'image')}.")
        return EXIT_DONE
    ours.answer({"job": job.id, **job.result}, _said(job.result))
    return EXIT_FAILED if job.result["refused"] else EXIT_DONE


def _ended(ours: Session, workspace: Workspace, job_id: int) -> Job:
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.store import jobs

    with ours.progress("export") as on_progress:
        while (job := workspace.db.read(jobs.get, job_id)).is_open:
            on_progress(job.done, job.total)
            time.sleep(LOOK_S)
            workspace.db.write(reconcile, workspace.paths.root)
    if job.state != "done":
        raise BinScoutError(
            f"The export is {job.state}. {job.error or ''}".rstrip(),
            hint=f"`binscout jobs retry {job_id}` goes on with it.",
            code=f"job_{job.state}",
        )
    return job


def _said(done: dict[str, Any]) -> list[str]:
    pictures = counted(done["pictures"], "picture")
    lines = [
        f"{counted(done['images'], 'image')} written to {done['folder']}, {pictures}; {done['manifest']} lists them."
    ]
    if done["gone"]:
        lines.append(f"{counted(done['gone'], 'image')} left out: in the trash or gone by now.")
    lines += [f"  image {one['image']}: {one['reason']} [{one['code']}]" for one in done["refused"][:SHOWN]]
    if len(done["refused"]) > SHOWN:
        lines.append(f"  and {len(done['refused']) - SHOWN} more; --json lists all")
    return lines
