"""Letting go of the workspace while another one is put in its place, and what to say to those who come back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import msgspec

from binscout_tui.backup.swapping import in_use
from binscout_tui.clock import from_text
from binscout_tui.errors import BinScoutError
from binscout_tui.workspace import LiveWorkspace, held

LOOK_S = 0.25
SWEEP_S = 3600.0
FIRST_SWEEP_S = 20.0


class ComeBack(msgspec.Struct, frozen=True):
    """How it ended: whether another workspace is in place now, and what to say of it."""

    is_another: bool
    words: str


async def until_wanted(workspace: LiveWorkspace) -> None:
    """Return when somebody waits for this workspace to be closed."""
    while not workspace.is_wanted:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(LOOK_S)


def is_over(root: Path) -> bool:
    """Whether nobody wants the workspace any more, or moves its files."""
    return in_use.notice(root) is None


def wanted_for(root: Path) -> str:
    """What is being put in place, "" when nothing is."""
    found = in_use.notice(root)
    return found.what if found is not None else ""


def come_back(root: Path, let_go_at: str) -> ComeBack:
    """What became of a swap for which the workspace was let go of at that moment (store text)."""
    from binscout_tui.backup.swapping import swap

    with suppress(BinScoutError):  # whoever opens it now is told
        held(root).release()  # a swap that was cut off is settled by that
    found = swap.outcome(root)
    if found is None or found.at < let_go_at:
        return ComeBack(False, "The workspace was let go of for a restore; how that ended is not known here.")
    if found.state == "not done":
        return ComeBack(False, f"No other workspace was put in place. {found.words}")
    return ComeBack(True, f"{found.words}{_until(root)}")


def _until(root: Path) -> str:
    from binscout_tui.backup.swapping import undo_copies

    copies = undo_copies.copies(root)
    if not copies:
        return ""
    day = from_text(copies[0].until).astimezone()
    return f" Until {day:%d %b} {{backups.undo_restore}} in Backups takes that back."


async def let_copies_go(workspace: LiveWorkspace) -> None:
    """Until cancelled: delete, now and then, undo copies whose days have passed."""
    from binscout_tui.operations.backups import undoing

    await asyncio.sleep(FIRST_SWEEP_S)
    while True:
        await asyncio.to_thread(undoing.sweep, workspace)
        await asyncio.sleep(SWEEP_S)
