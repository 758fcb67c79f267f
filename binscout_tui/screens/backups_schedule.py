"""When backups run by themselves: shown, set and taken away."""

from __future__ import annotations

from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.content import Content

from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.choose_row import ChooseRow
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.reader import Reader
from binscout_tui.screens.backups_rows import choices
from binscout_tui.workers import backup_schedule as workers

if TYPE_CHECKING:
    from binscout_tui.operations.backups.scheduling import Done, Schedule, Texts
    from binscout_tui.screens.backups_acting import ActingOnBackups

WAYS = {
    "show": "what would be installed, to read and copy",
    "systemd": "a timer of yours; catches up when the machine was off",
    "cron": "lines in your crontab; a missed run is made up for the next day",
    "remove": "nothing runs by itself any more",
}
USUAL = "Sun 02:00"
WHEN = "A day or several and a time, or only a time for every day: Sun 02:00, Mon,Thu 22:30, 03:15."


async def ask_schedule(screen: ActingOnBackups) -> None:
    """Say how it is, and do what is chosen."""
    found = await workers.status(screen.ws)
    ways = {way: meaning for way, meaning in WAYS.items() if way != "remove" or found.installed}
    chosen: str | None = await screen.app.push_screen_wait(ChooseRow(found.words, choices(ways)))
    if chosen == "show":
        texts = await workers.texts(screen.ws, screen.target, found.on or USUAL)
        screen.app.push_screen(Reader("What would be installed", partial(texts_page, texts)))
    elif chosen is not None:
        await _change(screen, chosen, found)


async def _change(screen: ActingOnBackups, chosen: str, found: Schedule) -> None:
    if (refused := screen.may_manage) is not None:
        screen.frame.toast(refused, "warning")
        return
    if chosen == "remove":
        text = "Runs that are on the target stay; new ones are made by hand alone."
        if await screen.app.push_screen_wait(Confirm("Remove the schedule?", text, yes="Remove it", no="Keep it")):
            _tell(screen, await workers.remove(screen.ws))
        return
    on: str | None = await screen.app.push_screen_wait(
        Ask(f"Back up to {screen.target} when?", WHEN, found.on or USUAL)
    )
    if on is not None:
        _tell(screen, await workers.install(screen.ws, chosen, screen.target, on))


def _tell(screen: ActingOnBackups, done: Done) -> None:
    screen.app.push_screen(Reader("Schedule", partial(done_page, done)))


def done_page(done: Done, width: int) -> Content:
    """What was changed, and what is left to do."""
    lines = [Content.styled("Changed", "bold")]
    lines += [Content(f"  {line}") for line in done.changed or ["nothing"]]
    if done.to_do:
        lines += [Content(""), Content.styled("Left to do", "bold $warning")]
        lines += [Content(f"  {line}") for text in done.to_do for line in wrap(text, max(20, width - 2))]
    return Content("\n").join(lines)


def texts_page(texts: Texts, width: int) -> Content:
    """The files of systemd and the lines of cron, as they would be."""
    parts = []
    for path, text in texts.systemd.items():
        parts += [Content.styled(path, "bold $accent"), Content(text)]
    parts += [Content.styled("crontab -e", "bold $accent"), *map(Content, texts.cron)]
    return Content("\n").join(parts)
