"""`similar …`: images that look alike."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import BinScoutError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.jobs import Job
    from binscout_tui.workspace import Workspace

LOOK_S = 0.3
OF = "of"
By = Annotated[
    Literal["model", "hash"] | None,
    typer.Option(help="By what the active classifier sees, or by perceptual hash; by itself the better one there is."),
]


class _Of(TyperGroup):
    """`similar 12` is `similar of 12`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What is no command is an image or a file."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [OF, *args]
        return super().parse_args(ctx, args)


similar_app = typer.Typer(help="Images that look alike.", no_args_is_help=True, cls=_Of)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(similar_app, name="similar")


@similar_app.command(OF)
def similar_to(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="ID|PATH", help="An image by its id, or a picture anywhere.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    by: By = None,
) -> None:
    """List the images that look most like one, the most alike first; `similar ID` is the same."""
    from binscout_tui.operations.similar.asking import neighbours_of

    ours = session(context)
    asked: int | Path = min(int(source), 2**63 - 1) if source.isascii() and source.isdigit() else given_path(source)
    with ours.workspace() as workspace:
        found = neighbours_of(workspace, asked, limit, by)
    lines = [f"{one.id:>7}  {one.score:6.3f}  {one.by}" for one in found]
    ours.answer(found, lines or "No other image can be compared with it.")


@similar_app.command("clusters")
def clusters(
    context: typer.Context,
    number: Annotated[int | None, typer.Option(min=1, max=200, help="At most so many groups.")] = None,
    by: By = None,
) -> None:
    """Put all images into groups that look alike, the largest first."""
    from binscout_tui.imaging.names import display_name
    from binscout_tui.operations.similar.asking import clusters_of

    ours = session(context)
    with ours.workspace() as workspace:
        found = clusters_of(workspace, number, by)
    lines = [
        f"{one.images:>7}  {display_name(one.label) + f' {one.labelled}' if one.label else 'no labels':<24}"
        f"  such as {' '.join(map(str, one.middle[:5]))}"
        for one in found
    ]
    ours.answer(found, lines or "There is no image that can be compared.")


@similar_app.command("build")
def build(
    context: typer.Context,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end.")] = False,
) -> None:
    """Make the vectors that are missing with the active classifier, in a process of its own."""
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.jobs.launch import launch
    from binscout_tui.operations.similar.making import enqueue
    from binscout_tui.store import jobs

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Making vectors")
        workspace.db.write(reconcile, workspace.paths.root)
        job_id = workspace.db.write(enqueue, workspace.user.uid)
        launch(workspace.paths.root, job_id)
        job = _ended(ours, workspace, job_id) if wait else workspace.db.read(jobs.get, job_id)
    ours.answer({"job": job.id, "state": job.state, "result": job.result}, _told(job))


@similar_app.command("status")
def status(context: typer.Context) -> None:
    """Say how many images have a vector of the active classifier, and how many a hash."""
    from binscout_tui.operations.similar.catalogue import active, file_of, read_catalogue, status_of, vector_space

    ours = session(context)
    with ours.workspace() as workspace:
        catalogue, model = read_catalogue(workspace.db), workspace.db.read(active)
        found = status_of(catalogue, vector_space(catalogue, file_of(workspace.paths, model)), model)
    of = f" of {model.id}" if model is not None else "; no classifier is active"
    ours.answer(
        found,
        [
            f"{found.vectors:,} of {counted(found.images, 'image')} have vectors{of}.",
            f"{found.hashes:,} have a hash.",
        ],
    )


def _ended(ours: Session, workspace: Workspace, job_id: int) -> Job:
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.store import jobs

    with ours.progress("making vectors") as on_progress:
        while (job := workspace.db.read(jobs.get, job_id)).is_open:
            on_progress(job.done, job.total)
            time.sleep(LOOK_S)
            workspace.db.write(reconcile, workspace.paths.root)
    if job.state != "done":
        raise BinScoutError(
            f"The making of vectors is {job.state}. {job.error or ''}".rstrip(),
            hint=f"`binscout jobs retry {job.id}` goes on with it.",
            code=f"job_{job.state}",
        )
    return job


def _told(job: Job) -> list[str]:
    if job.result is None:
        return [f"Job {job.id} makes vectors in its own process; `binscout similar status` says how far it is."]
    found: dict[str, Any] = job.result
    lines = [
        f"{counted(found['made'], 'vector')} made, {found['had']:,} were there:"
        f" {found['had'] + found['made']:,} of {counted(found['images'], 'image')} have one of {found['model']}."
    ]
    if found["waiting"]:
        lines.append(f"{counted(found['waiting'], 'image')} not decoded yet.")
    if found["unreadable"]:
        lines.append(
            f"{counted(len(found['unreadable']), 'image')} cannot be looked at, first {found['unreadable'][0]}."
        )
    return lines
