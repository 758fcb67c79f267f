"""`init`, `open`, `demo`, `doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from binscout_tui.cli.session import session
from binscout_tui.commands.areas import AREAS
from binscout_tui.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(init)
    app.command("open")(open_area)
    app.command()(demo)
    app.command()(doctor)


def init(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="The folder; by default the chosen workspace.")] = None,
) -> None:
    """Make a workspace."""
    from binscout_tui import workspace
    from binscout_tui.imaging.names import display_name

    ours = session(context)
    root = workspace.locate(folder) if folder else ours.root
    created = workspace.create(root)
    shown = display_name(root)
    text = f"Made the workspace {shown}." if created else f"{shown} is a workspace already."
    ours.answer({"workspace": shown, "created": created}, text)


def open_area(
    context: typer.Context,
    area: Annotated[str, typer.Argument(help=f"One of {', '.join(AREAS)}.")] = "",
    image: Annotated[str, typer.Option(help="The number of an image to begin with in the gallery.")] = "",
    full: Annotated[bool, typer.Option("--full", help="Show one image of the gallery in full.")] = False,
    wanted: Annotated[
        str | None, typer.Option("--filter", metavar="EXPR", help="Show only images that match in the gallery.")
    ] = None,
) -> int:
    """Open the app in an area, for panes and scripts; without one on Home."""
    from binscout_tui.cli.open_app import open_app
    from binscout_tui.cli.opening import opening

    ours = session(context)
    if ours.as_json:
        raise UsageError("The app has no answer as JSON.", hint="Leave --json out.")
    return open_app(ours.option, opening(area, image, full=full, wanted=wanted))


def demo(
    context: typer.Context,
    headless: Annotated[bool, typer.Option(help="Run the whole loop without the app and print what came out.")] = False,
) -> int:
    """Make a workspace with made-up sample pictures, then open the app (or, without a terminal, run the whole loop)."""
    from binscout_tui import demo as demonstration

    ours = session(context)
    root = ours.option or Path("binscout-demo").absolute()
    if headless or ours.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        report = demonstration.run_loop(root, ours.say)
        ours.answer(report, demonstration.describe(report))
        return 0
    with ours.progress("sample pictures") as on_progress:
        demonstration.prepare(root, on_progress)
    from binscout_tui.cli.open_app import open_app

    return open_app(root)


def doctor(context: typer.Context) -> None:
    """Say what this machine and this terminal can do, and what to do about what they cannot."""
    from binscout_tui.operations.doctor import examine

    ours = session(context)
    findings = examine(ours.root)
    lines = [
        f"{finding.name:<14} {finding.value}" + (f"\n{'':<14} → {finding.advice}" if finding.advice else "")
        for finding in findings
    ]
    ours.answer({"findings": [{"name": f.name, "value": f.value, "advice": f.advice} for f in findings]}, lines)
