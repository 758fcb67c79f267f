"""`set export` and `set import-log`: logs of choosing and cropping."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.cli.set_commands import set_app
from binscout_tui.errors import EXIT_FAILED, UsageError

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands to the sets' own."""
    set_app.command("export")(export)
    set_app.command("import-log")(import_log)


def export(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(parser=given_path)],
    kind: Annotated[Literal["select-crop", "selection-only"], typer.Option("--format")] = "select-crop",
    as_csv: Annotated[bool, typer.Option("--csv", help="A table, which is the default.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also decisions that were undone or superseded, told by the column status.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="An existing file may go.")] = False,
) -> None:
    """Write what was chosen, cropped and rejected to PATH, with columns that never change."""
    from binscout_tui.operations import set_logs

    if as_csv and as_jsonl:
        raise UsageError("--csv and --jsonl exclude each other.")
    wanted = set_logs.Wanted(format=kind, lines="jsonl" if as_jsonl else "csv", everything=everything, replace=replace)
    ours = session(context)
    with ours.workspace() as workspace:
        done = set_logs.export(workspace, path, wanted)
    told = ", ".join(f"{state} {number}" for state, number in done.states.items()) or "nothing is decided yet"
    ours.answer(done, f"{done.lines} decisions in {done.path}: {told}")


def import_log(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(parser=given_path)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what can be trusted, and change nothing.")] = False,
) -> int:
    """Take over choices from a log of an older program; every line that cannot be trusted is told with its reason.

    Exit code 1 when no line at all could be used.
    """
    from binscout_tui.imaging.names import display_name
    from binscout_tui.operations.set_log_import import import_log as run

    ours = session(context)
    with ours.workspace() as workspace:
        report = run(workspace, path, dry_run=dry_run)
    would = "would be " if dry_run else ""
    lines = [
        f"{len(report.lines)} lines: trusted {report.trusted}, repaired {report.repaired}, refused {report.refused}",
        f"{report.new_sets} sets {would}made, {report.known} choices known already",
    ]
    told = [one for one in report.lines if one.reasons]
    for one in told[:SHOWN]:
        lines += [f"  line {one.line}: {one.verdict}: {display_name(reason)}" for reason in one.reasons]
    if len(told) > SHOWN:
        lines.append(f"  and {len(told) - SHOWN} more; --json lists all")
    ours.answer(report, lines)
    return EXIT_FAILED if report.lines and not report.trusted + report.repaired else 0
