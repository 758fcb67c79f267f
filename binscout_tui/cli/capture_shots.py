"""`capture shoot|retake|retry`: what is asked of the process that holds the sources."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from binscout_tui.cli import capture_text
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_FAILED, UsageError
from binscout_tui.store.capture_sources import Request
from binscout_tui.workspace import Workspace

LOOK_EVERY_S = 0.05
Wait = Annotated[float, typer.Option(min=0, max=86_400, help="Seconds to wait for the picture; 0 only asks for it.")]
SourceName = Annotated[str | None, typer.Option(metavar="NAME", help="The capture source, if there are several.")]
Reason = Annotated[str, typer.Option(help="Why, in one line; it stands in the journal.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(shoot)
    app.command()(retake)
    app.command()(retry)


def shoot(
    context: typer.Context,
    source: SourceName = None,
    compartment: Annotated[str | None, typer.Option(metavar="CODE")] = None,
    item: Annotated[str | None, typer.Option(metavar="NAME", help="Else what lives in the compartment.")] = None,
    reason: Reason = "",
    wait: Wait = 60,
) -> int:
    """Take a picture. From an inbox it is the next file that arrives.

    Exit code 1 when there is no picture, or none within the time; then the wish is taken back.
    """
    from binscout_tui.operations import captures

    def ask(workspace: Workspace) -> list[int]:
        shot = captures.shoot
        user = workspace.user
        return [workspace.db.write(shot, user, source=source, compartment=compartment, item=item, reason=reason)]

    return _asked(session(context), wait, ask)


def retake(
    context: typer.Context,
    capture_id: Annotated[int, typer.Argument(metavar="ID")],
    source: SourceName = None,
    reason: Reason = "",
    wait: Wait = 60,
) -> int:
    """Take a picture again; the earlier one stays until the new one is there, and is kept then.

    Exit code 1 when there is no picture, or none within the time; then the wish is taken back.
    """
    from binscout_tui.operations import captures

    return _asked(
        session(context),
        wait,
        lambda ws: [ws.db.write(captures.retake, ws.user, capture_id, source=source, reason=reason)],
    )


def retry(
    context: typer.Context,
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
    wait: Wait = 60,
) -> int:
    """Try failed captures again. Exit code 1 when one of them failed again."""
    from binscout_tui.operations import captures

    if bool(ids) == every:
        raise UsageError("Name captures, or say --all.", code="which_captures")

    def ask(workspace: Workspace) -> list[int]:
        if ids:
            return workspace.db.write(captures.retry, workspace.user, ids)
        return workspace.db.write(captures.retry_all, workspace.user)

    return _asked(session(context), wait, ask)


def _asked(ours: Session, seconds: float, ask: Callable[[Workspace], list[int]]) -> int:
    """Ask, see that somebody listens, wait, and answer with what became of it."""
    from binscout_tui.capture.launch import start_runner
    from binscout_tui.store import capture_sources, captures

    with ours.workspace() as workspace:
        asked = ask(workspace)
        if asked and start_runner(workspace.paths.root):
            ours.say("The capture process was started.")
        try:
            _wait(workspace, asked, seconds)
        finally:
            if seconds:
                for request_id in asked:
                    workspace.db.write(capture_sources.withdraw, request_id)
        requests = [workspace.db.read(capture_sources.request, one) for one in asked]
        made = workspace.db.read(captures.many, [one.capture_id for one in requests if one.capture_id is not None])
    shown = {one.id: one for one in made}
    rows: list[dict[str, Any]] = [
        {
            **capture_text.request_row(one),
            "taken": capture_text.row(shown[one.capture_id]) if one.capture_id in shown else None,
        }
        for one in requests
    ]
    lines = [_line(one, shown) for one in requests]
    ours.answer({"requests": rows}, lines or "There is nothing to try again.")
    return EXIT_FAILED if seconds and any(one.state != "done" for one in requests) else 0


def _wait(workspace: Workspace, asked: list[int], seconds: float) -> None:
    from binscout_tui.store import capture_sources

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        states = {workspace.db.read(capture_sources.request, one).state for one in asked}
        if not states & {"waiting", "working"}:
            return
        time.sleep(LOOK_EVERY_S)


def _line(request: Request, shown: dict[int, Any]) -> str:
    if request.state == "failed":
        return f"request {request.id}: {request.error}"
    if request.state == "done" and request.capture_id in shown:
        return capture_text.line(shown[request.capture_id])
    return f"request {request.id} is {request.state}; `binscout capture status` says how the sources do"
