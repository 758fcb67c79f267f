"""`backup verify`, `scrub`, `repair`, `prune`, `schedule`: keeping backups good, few and regular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, UsageError

if TYPE_CHECKING:
    from binscout_tui.store.jobs import Job
    from binscout_tui.store.users import Role

TargetName = Annotated[str, typer.Option("--target", metavar="NAME", help="Which target, if there are several.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Show how far it is until it is done.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing where nothing is wrong, for cron.")]
RUN_HELP = "Its id, a beginning of it that no other has, latest, or latest~1 for the one before."


def register(app: typer.Typer) -> None:
    """Add these commands to those of backups."""
    app.command("verify")(verify)
    app.command("scrub")(scrub)
    app.command("repair")(repair)
    app.command("prune")(prune)
    app.command("schedule")(schedule)


def verify(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)] = "latest",
    level: Annotated[
        Literal["sizes", "read-back"],
        typer.Option(help="sizes: a listing alone, seconds; read-back: every byte is read from the target."),
    ] = "read-back",
    target: TargetName = "",
    wait: Wait = True,
    quiet: Quiet = False,
) -> int:
    """Verify a run: its stored files, its lists, its records with their database. Exit code 1 when something is bad."""
    from binscout_tui.operations.backups import keeping, verifying

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Verifying a backup")
        run = verifying.named(workspace, target, run)
    return _look(ours, wait, quiet, keeping.enqueue_verify, target, run, "sizes" if level == "sizes" else "read back")


def scrub(
    context: typer.Context,
    share: Annotated[str, typer.Option(metavar="PART", help="How much of it: 1/8, 12%, or all.")] = "1/8",
    target: TargetName = "",
    wait: Wait = True,
    quiet: Quiet = False,
) -> int:
    """Read back the part of all that is stored that was read longest ago, or never. Exit code 1 when something is bad.

    Once a week with 1/8 reads everything within eight weeks.
    """
    from binscout_tui.operations.backups import keeping

    return _look(session(context), wait, quiet, keeping.enqueue_scrub, target, _share(share))


def repair(
    context: typer.Context,
    target: TargetName = "",
    give_up: Annotated[
        str, typer.Option(metavar="RUN", help="Set the manifest of this run aside, which nothing can make readable.")
    ] = "",
    wait: Wait = True,
) -> int:
    """Make stored files that are missing or bad again from the workspace, byte for byte; says what cannot be.

    Exit code 1 when something could not be made again.
    """
    if give_up:
        return _given_up(session(context), target, give_up)
    from binscout_tui.cli import backup_keep_text as text
    from binscout_tui.operations.backups import keeping

    ours = session(context)
    job = _done(ours, wait, False, "repairs what is bad", keeping.enqueue_repair, target, role="admin")
    if job is None:
        return EXIT_DONE
    found: dict[str, Any] = job.result or {}
    ours.answer({"job": job.id, **found}, text.repaired_lines(found))
    return EXIT_FAILED if found["lost"] else EXIT_DONE


def prune(
    context: typer.Context,
    target: TargetName = "",
    yes: Annotated[bool, typer.Option("--yes", help="Delete what the plan says; else it is only shown.")] = False,
    plan: Annotated[str, typer.Option(metavar="HASH", help="With --yes: only when it is still this plan.")] = "",
    wait: Wait = True,
) -> int:
    """Show which runs stay and why, and what would be deleted; with --yes it is.

    Exit code 3 when nothing may be deleted now, with the reason.
    """
    from binscout_tui.backup.keeping.pruning import changed_plan
    from binscout_tui.cli import backup_keep_text as text
    from binscout_tui.operations.backups import keeping, pruning

    ours = session(context)
    if plan and not yes:
        raise UsageError("--plan belongs to --yes.")
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Pruning backups")
        found = pruning.plan(workspace, target)
    if plan and plan != found.hash:
        raise changed_plan()
    if not yes or found.refused or found.is_empty:
        ours.answer({"plan": found, "pruned": None}, text.plan_lines(found))
        return EXIT_REFUSED if found.refused else EXIT_DONE
    what = "deletes what no run needs"
    job = _done(ours, wait, False, what, keeping.enqueue_prune, target, found.hash, role="admin")
    if job is None:
        return EXIT_DONE
    pruned: dict[str, Any] = job.result or {}
    ours.answer({"job": job.id, "plan": found, "pruned": pruned}, text.pruned_lines(pruned))
    return EXIT_FAILED if pruned["failed"] else EXIT_DONE


def schedule(
    context: typer.Context,
    on: Annotated[
        str, typer.Option(metavar="TIME", help="Such as 'Sun 02:00', 'Mon,Thu 22:15', 'daily 03:30'.")
    ] = "Sun 02:00",
    target: TargetName = "",
    install: Annotated[Literal["systemd", "cron"] | None, typer.Option(help="Install it for this user.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take away what was installed.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say what is installed.")] = False,
) -> None:
    """Print a systemd timer and lines for cron that back up by themselves; nothing is installed unless asked for.

    Both catch up on what was missed while the machine was off.
    """
    from binscout_tui.cli import backup_keep_text as text
    from binscout_tui.operations.backups import scheduling

    ours = session(context)
    if sum((install is not None, remove, status)) > 1:
        raise UsageError("--install, --remove and --status exclude each other.")
    with ours.workspace() as workspace:
        if status:
            found = scheduling.status(workspace)
            ours.answer(found, text.status_lines(found.words, found.next_at))
        elif remove or install is not None:
            done = (
                scheduling.remove(workspace) if install is None else scheduling.install(workspace, install, target, on)
            )
            ours.answer(done, text.installed_lines(done.installed, done.changed, done.to_do))
        else:
            workspace.user.must_be("admin", "Scheduling backups")
            texts = scheduling.texts(workspace, target, on)
            ours.answer(texts, text.text_lines(texts.systemd, texts.cron))


def _look(ours: Session, wait: bool, quiet: bool, enqueue: Any, *arguments: Any) -> int:
    from binscout_tui.cli import backup_keep_text as text

    job = _done(ours, wait, quiet, "verifies", enqueue, *arguments)
    if job is None:
        return EXIT_DONE
    found: dict[str, Any] = job.result or {}
    if ours.as_json or not quiet or found["bad"]:
        ours.answer({"job": job.id, **found}, text.verified_lines(found))
    return EXIT_FAILED if found["bad"] else EXIT_DONE


def _given_up(ours: Session, target: str, run: str) -> int:
    from binscout_tui.operations.backups import giving_up

    with ours.workspace() as workspace:
        aside = giving_up.give_up(workspace, target, run)
    said = f"Run {run} is given up: its manifest is now {aside}. A prune deletes it once it is old enough."
    ours.answer({"run": run, "aside": aside}, said)
    return EXIT_DONE


def _done(
    ours: Session, wait: bool, quiet: bool, what: str, enqueue: Any, *arguments: Any, role: Role = "operator"
) -> Job | None:
    """Queue a job and wait for its end; None where nobody waits."""
    from binscout_tui.cli.backup_following import begun, followed, started
    from binscout_tui.jobs.control import reconcile

    with ours.workspace() as workspace:
        workspace.user.must_be(role, f"The command that {what}")
        workspace.db.write(reconcile, workspace.paths.root)
        job_id = workspace.db.write(enqueue, workspace, *arguments)
        started(workspace, job_id)
        if not wait:
            if not quiet or ours.as_json:
                begun(ours, job_id, what)
            return None
        return followed(workspace, job_id, quiet=quiet)


def _share(said: str) -> float:
    """`1/8`, `12%`, `0.2` or `all` as a fraction. Raises UsageError."""
    told = said.strip()
    try:
        if told == "all":
            return 1.0
        if told.endswith("%"):
            share = float(told[:-1]) / 100
        elif "/" in told:
            above, below = told.split("/")
            share = float(above) / float(below)
        else:
            share = float(told)
    except (ValueError, ZeroDivisionError):
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"{said[:40]!r} is no part of something.", hint="Write 1/8, 12% or all.", code="share")
    return share
