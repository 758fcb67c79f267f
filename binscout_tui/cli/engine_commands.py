"""`engine …`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import typer

from binscout_tui.cli.session import session

engine_app = typer.Typer(help="The local inference process.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(engine_app, name="engine")


@engine_app.command()
def start(context: typer.Context) -> None:
    """Start the engine; commands that need it do so by themselves."""
    found = _ask(context, lambda client: client.ensure())
    session(context).answer(found, f"The engine runs as process {found['pid']} on {found['device']}.")


@engine_app.command()
def stop(context: typer.Context) -> None:
    """Stop the engine."""
    from binscout_tui.operations import engines

    ours = session(context)
    stopped = ours.run(engines.stop)
    ours.answer({"stopped": stopped}, "The engine has stopped." if stopped else "No engine was running.")


@engine_app.command()
def status(context: typer.Context) -> None:
    """Say whether the engine runs."""
    found = _ask(context, lambda client: client.health())
    text = f"running, process {found['pid']}" if found else "not running; it starts when it is needed"
    session(context).answer({"running": found is not None, "pid": found and found["pid"]}, text)


@engine_app.command()
def health(context: typer.Context) -> int:
    """Show all that the engine says of itself. Exit code 1 when it does not run."""
    found = _ask(context, lambda client: client.health())
    lines = [f"{key:<14} {value}" for key, value in (found or {"status": "not running"}).items()]
    session(context).answer(found or {"status": "not running"}, lines)
    return 0 if found else 1


def _ask(context: typer.Context, question: Callable[[Any], Awaitable[Any]]) -> Any:
    from binscout_tui.operations.engines import engine
    from binscout_tui.workspace import LiveWorkspace

    async def asked(workspace: LiveWorkspace) -> Any:
        async with engine(workspace) as client:
            return await question(client)

    return session(context).run(asked)
