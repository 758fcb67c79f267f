"""`jobs …`, and `job run`, which is the process of a job."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from binscout_tui.cli.session import session
from binscout_tui.store.jobs import Job

jobs_app = typer.Typer(help="Long work in processes of its own.", no_args_is_help=True)
job_app = typer.Typer(hidden=True, no_args_is_help=True)
JobId = Annotated[int, typer.Argument(metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(jobs_app, name="jobs")
    app.add_typer(job_app, name="job")


@jobs_app.command("list")
def list_jobs(context: typer.Context) -> None:
    """List jobs, newest first; one whose process died is started again."""
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.store import jobs

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.db.write(reconcile, workspace.paths.root)
        found = workspace.db.read(jobs.latest)
    ours.answer([_shortened(job) for job in found], [line(job) for job in found] or "No jobs yet.")


@jobs_app.command("show")
def show_job(context: typer.Context, job_id: JobId) -> None:
    """Show one job."""
    from binscout_tui.store import jobs

    ours = session(context)
    with ours.workspace() as workspace:
        job = workspace.db.read(jobs.get, job_id)
    ours.answer(_shortened(job), [line(job), *_result_lines(job)])


@jobs_app.command("cancel")
def cancel_job(context: typer.Context, job_id: JobId) -> None:
    """Ask a job to stop; it finishes cleanly and keeps its last checkpoint."""
    from binscout_tui.store import jobs

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Cancelling a job")
        job = workspace.db.write(jobs.ask_cancel, job_id)
    ours.answer(job, f"Job {job_id} is {'cancelled' if job.state == 'cancelled' else 'asked to stop'}.")


@jobs_app.command("retry")
def retry_job(context: typer.Context, job_id: JobId) -> None:
    """Start a failed or cancelled job again from its last checkpoint where it has one."""
    from binscout_tui.jobs.control import retry

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Starting a job")
        job = workspace.db.write(retry, workspace.paths.root, job_id)
    ours.answer(job, f"Job {job_id} is started again.")


@job_app.command("run")
def run_job(context: typer.Context, job_id: JobId) -> int:
    """Be the process of a queued job."""
    from binscout_tui.jobs.runner import run

    with session(context).workspace() as workspace:
        return 0 if run(workspace, job_id) else 1


def _result_lines(job: Job) -> list[str]:
    """What a restore did that nobody waited for."""
    from binscout_tui.cli.backup_restore_commands import done_lines

    if job.kind != "restore" or job.state != "done" or not job.result:
        return []
    return [f"       {text}" for text in done_lines(job.result)]


def _shortened(job: Job) -> Job:
    """A job for scripts; of the images of an export only how many they are, since they may be very many."""
    if job.kind != "export":
        return job
    return msgspec.structs.replace(job, payload={**job.payload, "images": len(job.payload["images"])})


def line(job: Job) -> str:
    """A job on one line: how far it is, or why it failed."""
    said = " ".join((job.error or job.message).split())
    progress = f"{job.done}/{job.total}" if job.total else ""
    return f"{job.id:>5}  {job.kind:<10} {job.state:<10} {progress:<9} {said}".rstrip()
