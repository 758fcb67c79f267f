"""`safe-mode …`: one switch that hides everything sensitive."""

from __future__ import annotations

import typer

from binscout_tui.cli.session import session

safe_mode_app = typer.Typer(help="Hide everything that is marked as sensitive, everywhere.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(safe_mode_app, name="safe-mode")


@safe_mode_app.command("on")
def turn_on(context: typer.Context) -> None:
    """Hide sensitive tags and collections with all their images, in every list, number, search and export."""
    _switch(context, on=True)


@safe_mode_app.command("off")
def turn_off(context: typer.Context) -> None:
    """Show what is sensitive again."""
    _switch(context, on=False)


@safe_mode_app.command("status")
def status(context: typer.Context) -> None:
    """Say whether safe mode is on."""
    from binscout_tui.store import safe_mode

    ours = session(context)
    with ours.workspace() as workspace:
        on = workspace.db.read(safe_mode.is_on)
    ours.answer({"on": on}, _said(on))


def _switch(context: typer.Context, *, on: bool) -> None:
    from binscout_tui.store import safe_mode

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Safe mode")
        changed = workspace.db.write(safe_mode.switch, workspace.user.uid, on=on)
    ours.answer({"on": on, "changed": changed}, _said(on) if changed else f"{_said(on)[:-1]} already.")


def _said(on: bool) -> str:
    return "Safe mode is on." if on else "Safe mode is off."
