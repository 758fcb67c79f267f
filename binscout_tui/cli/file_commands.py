"""`files …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, NotFoundError, RefusedError
from binscout_tui.imaging.names import display_name
from binscout_tui.workspace import Workspace

if TYPE_CHECKING:
    from binscout_tui.operations.files.plan import Plan, Refused
    from binscout_tui.operations.files.running import Done, Planner

files_app = typer.Typer(help="Move files with what belongs to them, and take it back.", no_args_is_help=True)
SHOWN = 50
Folder = Annotated[Path, typer.Argument(parser=given_path)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen and change nothing.")]
LogPath = Annotated[
    Path | None, typer.Option("--log", parser=given_path, help="Where the log is, instead of in the workspace.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(files_app, name="files")


@files_app.command()
def move(
    context: typer.Context, source: Folder, destination: Folder, dry_run: DryRun = False, log: LogPath = None
) -> int:
    """Move everything below SOURCE to the same place below DESTINATION, pictures with their sidecars or not at all.

    Nothing is ever overwritten. Exit code 3 when something was refused, 1 when something failed.
    """
    from binscout_tui.operations.files.moving import move as plan

    return _run(session(context), lambda: plan(source, destination), log, dry_run=dry_run)


@files_app.command()
def collect(
    context: typer.Context,
    source: Folder,
    destination: Folder,
    stage: Annotated[str, typer.Option(help="The number behind `_stage` in the names, such as 2 or 1.5.")],
    dry_run: DryRun = False,
    log: LogPath = None,
) -> int:
    """Move all pictures of one stage below SOURCE straight into DESTINATION."""
    from binscout_tui.operations.files.collecting import collect as plan

    return _run(session(context), lambda: plan(source, destination, stage), log, dry_run=dry_run)


@files_app.command()
def drop(
    context: typer.Context,
    source: Folder,
    done_in: Annotated[Path, typer.Option(parser=given_path, help="The folder of finished work.")],
    trash: Annotated[
        Path | None,
        typer.Option(parser=given_path, help="Where they go; else a new folder SOURCE.dropped beside SOURCE."),
    ] = None,
    dry_run: DryRun = False,
    log: LogPath = None,
) -> int:
    """Move sets of stages of which a member is finished out of the way. Nothing is deleted."""
    from binscout_tui.operations.files.dropping import drop as plan

    return _run(session(context), lambda: plan(source, done_in, trash), log, dry_run=dry_run)


@files_app.command()
def undo(
    context: typer.Context,
    batch: Annotated[str | None, typer.Argument(help="As `files log` names it; else the newest.")] = None,
    dry_run: DryRun = False,
    log: LogPath = None,
) -> int:
    """Take back a file operation: files that are still what they were go back to where they were."""
    from binscout_tui.operations import operations_log
    from binscout_tui.operations.files.running import run_undo
    from binscout_tui.operations.files.undoing import undo as plan

    ours = session(context)
    with log_place(ours, log) as (workspace, path):
        if dry_run:
            return show_plan(ours, plan(operations_log.read(path)[0], batch))
        with ours.progress("undo") as on_progress:
            done = run_undo(workspace, path, batch, on_progress)
    return show_outcome(ours, done)


@files_app.command("log")
def show_log(
    context: typer.Context,
    batch: Annotated[str | None, typer.Argument(help="Every line of this operation.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 20,
    log: LogPath = None,
) -> None:
    """List the file operations, newest first, or all lines of one."""
    from binscout_tui.operations import operations_log
    from binscout_tui.operations.files import history

    ours = session(context)
    with log_place(ours, log) as (_, path):
        lines, damaged = operations_log.read(path)
    if damaged:
        ours.say(f"{damaged} lines of {display_name(path)} cannot be read; nothing was done under a line cut off.")
    if batch is not None:
        found = [line for line in lines if line.batch == batch]
        if not found:
            raise NotFoundError(f"The operations log has no batch {batch}.", code="no_batch")
        ours.answer(
            [_shown(line) for line in found],
            [
                f"{one.at}  {one.event:<11} {display_name(one.source)} → {display_name(one.destination)}"
                for one in found
            ],
        )
        return
    holders = history.in_place(lines)
    rows = [
        {
            "batch": one.id,
            "at": one.at,
            "user": one.user,
            "operation": one.operation,
            "state": history.state(one, holders),
            "files": one.files,
            "moved": len(one.done()),
            "undoes": one.undoes,
        }
        for one in reversed(history.batches(lines)[-limit:])
    ]
    texts = [f"{r['batch']}  {r['operation']:<8} {r['moved']}/{r['files']} files  {r['state']}" for r in rows]
    ours.answer(rows, texts or "No file operation yet.")


@contextmanager
def log_place(ours: Session, log: Path | None) -> Iterator[tuple[Workspace | None, Path]]:
    """(the workspace where there is one, the path of the log)."""
    from binscout_tui.operations.operations_log import NAME
    from binscout_tui.workspace import Paths

    paths = Paths(ours.root)
    if paths.database.exists() or ours.option is not None:
        with ours.workspace() as workspace:
            yield workspace, log or paths.logs / NAME
    elif log is None:
        raise RefusedError(
            f"There is no workspace in {paths.root}, so there is no place for the log of what is moved.",
            hint="Choose a workspace with --workspace, or a file with --log.",
            code="no_log",
        )
    else:
        yield None, log


def _run(ours: Session, planner: Planner, log: Path | None, *, dry_run: bool) -> int:
    from binscout_tui.operations.files.running import run

    with log_place(ours, log) as (workspace, path):
        if dry_run:
            return show_plan(ours, planner())
        with ours.progress("move") as on_progress:
            done = run(workspace, path, planner, on_progress)
    return show_outcome(ours, done)


def show_plan(ours: Session, plan: Plan) -> int:
    """Say what a plan would do; the exit code."""
    moves = [
        {"source": display_name(move.file.path), "destination": display_name(move.destination), "group": number}
        for number, group in enumerate(plan.groups, 1)
        for move in group.moves
    ]
    data = {"operation": plan.operation, "dry_run": True, "moves": moves, "refused": _rows(plan.refused)}
    lines = [f"{one['source']} → {one['destination']}" for one in moves]
    lines.append(f"{len(moves)} files in {len(plan.groups)} groups would be moved, {len(plan.refused)} stay")
    ours.answer(data, lines + _texts(_rows(plan.refused), len(plan.refused)))
    return EXIT_REFUSED if plan.refused else EXIT_DONE


def show_outcome(ours: Session, done: Done) -> int:
    """Say what was done; the exit code."""
    outcome, settled = done.outcome, done.settled
    refused, failed = _rows(outcome.refused), _rows(outcome.failed)
    data = {
        "operation": outcome.operation,
        "batch": outcome.batch,
        "moved": outcome.moved,
        "groups": outcome.groups,
        "relocated": outcome.relocated,
        "refused": refused,
        "failed": failed,
        "settled": settled,
    }
    lines = [f"moved {outcome.moved} files in {outcome.groups} groups, {len(refused)} stay, {len(failed)} failed"]
    if outcome.batch:
        lines.append(f"`binscout files undo {outcome.batch}` takes it back")
    if settled.batches:
        lines.append(
            f"an interrupted operation was settled before: {settled.finished} files finished,"
            f" {settled.put_back} put back, {len(settled.lost)} need a look"
        )
        lines += [f"  {display_name(one)}" for one in settled.lost]
    ours.answer(data, lines + _texts(failed, SHOWN) + _texts(refused, SHOWN))
    if failed or settled.lost:
        return EXIT_FAILED
    return EXIT_REFUSED if refused else EXIT_DONE


def _rows(refused: list[Refused] | tuple[Refused, ...]) -> list[dict[str, str]]:
    return [{"path": display_name(one.path), "code": one.code, "reason": display_name(one.reason)} for one in refused]


def _texts(rows: list[dict[str, str]], limit: int) -> list[str]:
    lines = [f"  {row['path']}: {row['reason']} [{row['code']}]" for row in rows[:limit]]
    return lines + ([f"  and {len(rows) - limit} more; --json lists all"] if len(rows) > limit else [])


def _shown(line: Any) -> dict[str, Any]:
    import msgspec

    row: dict[str, Any] = msgspec.structs.asdict(line)
    return {key: display_name(value) if isinstance(value, str) else value for key, value in row.items()}
