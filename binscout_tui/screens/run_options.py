"""Choosing a finished run from a list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.screens.base import BaseScreen
from binscout_tui.screens.words import primary_words
from binscout_tui.store.runs import Run
from binscout_tui.widgets.row_list import Row
from binscout_tui.workers.reports import finished

NAME, REACHED = 20, 20


def run_options(found: Sequence[Run]) -> list[Row]:
    """The runs as rows: name, what came out, how and of what it was made."""
    return [Row(run.id, partial(_line, run)) for run in found]


def _line(run: Run, width: int) -> Content:
    made = f"{run.preset} · {run.dataset_name} · {from_text(run.created_at).astimezone():%d %b %H:%M}"
    name = Content(run.id).truncate(NAME, ellipsis=True, pad=True)
    reached = Content.styled(primary_words(run.metrics), "bold").truncate(REACHED, ellipsis=True, pad=True)
    return Content.assemble(name, " ", reached, " ", (made, "$text-muted")).truncate(width, ellipsis=True)


async def pick_run(screen: BaseScreen, title: str, found: Sequence[Run]) -> Run | None:
    """Ask for one of these runs; None when nobody chose one."""
    from binscout_tui.dialogs.choose_row import ChooseRow

    key = await screen.app.push_screen_wait(ChooseRow(title, run_options(found)))
    return next((run for run in found if run.id == key), None)


async def pick_other(screen: BaseScreen, run: Run) -> Run | None:
    """Ask for another finished run of the same task; None when nobody chose one, or there is none."""
    found = [one for one in await finished(screen.ws, run.task) if one.id != run.id]
    if not found:
        screen.frame.toast(f"There is no other finished run of the task {run.task} to compare it with.", "warning")
        return None
    return await pick_run(screen, f"Compare {run.id} with", found)
