"""`backup rollback`: taking a restore back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from binscout_tui.backup.swapping.holders import Holder
from binscout_tui.backup.swapping.in_use import SWAP_PATIENCE_S
from binscout_tui.cli.session import session


def register(app: typer.Typer) -> None:
    """Add these commands to those of backups."""
    app.command("rollback")(rollback)


def rollback(
    context: typer.Context,
    copy: Annotated[str, typer.Option("--copy", help="An undo copy of `--list`; the newest without.")] = "",
    confirm: Annotated[str, typer.Option("--confirm", metavar="rollback", help="The word, typed.")] = "",
    wait: Annotated[
        float, typer.Option("--wait", min=0, max=3600, help="Seconds until everybody has let go of the workspace.")
    ] = SWAP_PATIENCE_S,
    *,
    only_list: Annotated[bool, typer.Option("--list", help="Say what can be taken back; change nothing.")] = False,
) -> None:
    """Take the last restore back: put what was there before in place again.

    What was decided since is put aside with what is there now, and can be had again in the same way.
    """
    from binscout_tui.errors import RefusedError
    from binscout_tui.operations.backups import undoing
    from binscout_tui.wording import counted

    ours = session(context)
    with ours.workspace() as workspace:
        if only_list:
            found = undoing.copies(workspace)
            ours.answer(found, [undoing.words(one) for one in found] or "No restore can be taken back.")
            return
        workspace.user.must_be("admin", "Taking a restore back")
        meant = undoing.find(workspace, copy)
        if confirm != undoing.WORD:
            raise RefusedError(
                f"This puts back {meant.what}, and puts aside {counted(meant.decisions, 'decision')} made since.",
                hint=f"Add `--confirm {undoing.WORD}` to do it.",
                code="not_confirmed",
            )
        done = undoing.roll_back(workspace, meant.copy, waiting=_Waiting(), patience_s=wait)
    aside = f"; {counted(done.decisions, 'decision')} made since lie with {done.copy}" if done.decisions else ""
    ours.answer(done, f"In place again: {done.what}{aside}. Until {done.until[:10]} this can be taken back as well.")


class _Waiting:
    """Tells once, on standard error, for whom is waited."""

    def __init__(self) -> None:
        self._told: tuple[int, ...] = ()

    def __call__(self, found: Sequence[Holder]) -> None:
        pids = tuple(holder.pid for holder in found)
        if pids and pids != self._told:
            self._told = pids
            print(f"waiting for {', '.join(holder.words for holder in found)}", file=sys.stderr)
