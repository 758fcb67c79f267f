"""`binscout backup …`: the noun; its verbs are in the modules beside."""

from __future__ import annotations

import typer

from binscout_tui.cli import (
    backup_keep_commands,
    backup_look_commands,
    backup_restore_commands,
    backup_rollback_commands,
    backup_run_commands,
    backup_target_commands,
)
from binscout_tui.cli.session import session

backup_app = typer.Typer(help="Backups: targets, runs, proofs, restore.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the noun and its verbs."""
    for part in (
        backup_target_commands,
        backup_run_commands,
        backup_look_commands,
        backup_keep_commands,
        backup_restore_commands,
        backup_rollback_commands,
    ):
        part.register(backup_app)
    backup_app.callback()(_begin)
    app.add_typer(backup_app, name="backup")


def _begin(context: typer.Context) -> None:
    """Backups: targets, runs, proofs, restore."""
    from binscout_tui.operations.backups.opening import NOTICE

    said: set[str] = set()

    def say(words: str) -> None:
        if words not in said:
            said.add(words)
            session(context).say(f"binscout: {words}")

    NOTICE.set(say)
