"""`keys …`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import UsageError

if TYPE_CHECKING:
    from binscout_tui.commands.keymap import Resolved

keys_app = typer.Typer(help="The keys, and a keymap of your own.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(keys_app, name="keys")


@keys_app.command("list")
def list_keys(context: typer.Context) -> None:
    """Print every command with its keys as they are now, and as they are without settings."""
    from binscout_tui.commands.keymap import places
    from binscout_tui.commands.table import SCOPES, with_keys

    ours = session(context)
    found = _resolved(ours)
    if found.problems:
        ours.say(f"{found.problems[0]} The default keys hold; `binscout keys check` lists all.")
    rows = [
        {
            "scope": place.scope.id,
            "id": place.id,
            "keys": list(place.keys),
            "default": list(place.command.default_keys[place.id]),
            "title": place.command.title,
            "help": with_keys(place.command.help, found.changes),
        }
        for scope in SCOPES
        for place in places(scope, found.changes)
    ]
    ours.answer(rows, [line for scope in SCOPES for line in _lines(scope.title, scope.id, rows)])


@keys_app.command()
def check(context: typer.Context) -> None:
    """Say what is wrong with the keys in settings.toml; exit code 2 when anything is."""
    ours = session(context)
    found = _resolved(ours)
    if found.problems:
        ours.answer({"problems": found.problems}, list(found.problems))
        raise typer.Exit(UsageError.exit_code)
    number = len(found.changes)
    ours.answer({"problems": [], "changed": number}, f"The keys are fine: {number} differ from the default ones.")


@keys_app.command()
def presets(context: typer.Context) -> None:
    """Print the presets and what they change."""
    from binscout_tui.commands.keymap import PRESETS

    lines = []
    for name, changes in PRESETS.items():
        lines.append(name)
        lines += [f"  {_words(keys):<14}{place}" for place, keys in changes.items()]
    session(context).answer(PRESETS, lines)


def _resolved(ours: Session) -> Resolved:
    from binscout_tui import settings
    from binscout_tui.commands.keymap import resolve
    from binscout_tui.workspace import Paths, check

    check(ours.root)
    return resolve(settings.load(Paths(ours.root).settings).keys)


def _lines(title: str, scope_id: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = [row for row in rows if row["scope"] == scope_id]
    lines = [f"  {_words(row['keys']):<26}{row['id']:<26}{_change(row)}{row['help']}" for row in found]
    return [title, *lines, ""] if found else []


def _change(row: Mapping[str, Any]) -> str:
    return "" if row["keys"] == row["default"] else f"(else {_words(row['default'])}) "


def _words(keys: Sequence[str]) -> str:
    from binscout_tui.commands.command import key_label

    return " ".join(map(key_label, keys)) or "no key"
