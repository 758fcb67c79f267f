"""`mistakes …`: labels that are probably wrong."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import BinScoutError
from binscout_tui.store.jobs import Job
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace

mistakes_app = typer.Typer(help="Labels that are probably wrong.", no_args_is_help=True)
LOOK_S = 0.3


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(mistakes_app, name="mistakes")


@mistakes_app.command("find")
def find(
    context: typer.Context,
    features: Annotated[
        Literal["rings", "model"], typer.Option(help="What is looked at; model adds what the active model sees.")
    ] = "rings",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end.")] = False,
) -> None:
    """Judge every label by a classifier that never saw its image, in a process of its own."""
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.jobs.launch import launch
    from binscout_tui.operations.mistakes import enqueue
    from binscout_tui.store import jobs

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Looking for mistakes")
        workspace.db.write(reconcile, workspace.paths.root)
        job_id = workspace.db.write(enqueue, workspace.user.uid, features)
        launch(workspace.paths.root, job_id)
        job = _ended(ours, workspace, job_id) if wait else workspace.db.read(jobs.get, job_id)
    ours.answer({"job": job.id, "state": job.state, "result": job.result}, _told(job))


def _ended(ours: Session, workspace: Workspace, job_id: int) -> Job:
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.store import jobs

    with ours.progress("looking for mistakes") as on_progress:
        while (job := workspace.db.read(jobs.get, job_id)).is_open:
            on_progress(job.done, job.total)
            time.sleep(LOOK_S)
            workspace.db.write(reconcile, workspace.paths.root)
    if job.state != "done":
        raise BinScoutError(
            f"The look for mistakes is {job.state}. {job.error or ''}".rstrip(),
            hint=f"`binscout jobs retry {job.id}` goes on with it.",
            code=f"job_{job.state}",
        )
    return job


def _told(job: Job) -> list[str]:
    if job.result is None:
        return [f"Job {job.id} looks for mistakes in its own process; `binscout mistakes list` shows what it found."]
    found: dict[str, Any] = job.result
    verb = "is" if found["suspects"] == 1 else "are"
    lines = [
        f"{found['suspects']} of {counted(found['images'], 'label')} {verb} worth a second look;"
        f" of {found['disagree']} another class is more probable."
    ]
    if found["alone"]:
        lines.append(f"Not judged, because all images are of one source photo: {', '.join(found['alone'])}.")
    if found["unreadable"]:
        lines.append(f"{counted(len(found['unreadable']), 'image')} cannot be read, first {found['unreadable'][0]}.")
    if found["seen"]:
        lines.append(f"The active model learned from {found['seen']} of these labels, so it may hide their mistakes.")
    return lines


@mistakes_app.command("list")
def list_mistakes(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    class_name: Annotated[str | None, typer.Option("--class", help="Only labels of this class.")] = None,
    order: Annotated[Literal["margin", "confidence"], typer.Option(help="By margin or by probability.")] = "margin",
) -> None:
    """List the labels that are worth a second look, the most suspect first."""
    from binscout_tui.operations.mistakes import state
    from binscout_tui.store import labels, suspects

    ours = session(context)
    with ours.workspace() as workspace:
        if class_name is not None:
            workspace.db.read(labels.find_class, class_name)
        found = workspace.db.read(suspects.page, limit=limit, label=class_name, order=order)
        last = workspace.db.read(state)
    none = "Nothing is suspect." if last["at"] else "Nobody has looked yet: `binscout mistakes find`."
    lines = [
        f"{one.image_id:>7}  {one.label} ({one.probability:.2f})  rather {one.likely} ({one.likely_probability:.2f})"
        f"  {one.name}"
        for one in found
    ]
    ours.answer({**last, "suspects": found}, lines or none)


@mistakes_app.command("dismiss")
def dismiss(context: typer.Context, image_ids: Annotated[list[int], typer.Argument(metavar="IMAGE...")]) -> None:
    """Say that labels are right all the same; that holds until they change."""
    from binscout_tui.store import suspects

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Dismissing a suspicion")
        done = workspace.db.write(suspects.dismiss, workspace.user.uid, image_ids)
    ours.answer({"dismissed": done}, f"{done} {'label is' if done == 1 else 'labels are'} not suspect any more.")
