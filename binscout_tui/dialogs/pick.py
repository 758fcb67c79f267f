"""A question that is answered by choosing from a list: by typing, by arrows, or with a hand scanner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.capturing.choosing import Choosing, Option, Picked
from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.holding_line import HoldingLine
from binscout_tui.widgets.line import Line

ROWS = 8
SCAN = "scan, or type a few letters"
Load = Callable[[], Awaitable[Sequence[Option]]]


class _Line(HoldingLine):
    """The line of this dialog."""

    def __init__(self, asks: str) -> None:
        super().__init__(asks)


class Pick(Dialog[Picked]):
    """Answers the option that was taken, or the name of a new one where `makes` says what could be made.

    It opens at once and loads its list meanwhile, so that no key of a scanner gets lost; Enter waits for the list.
    """

    SCOPE = dialog.PICK
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "_Line"
    DEFAULT_CSS = f"""
    Pick #dialog {{ width: 64; max-width: 96%; }}
    Pick Input {{ width: 1fr; margin-bottom: 1; }}
    Pick #pick-rows {{ width: 1fr; height: {ROWS}; text-wrap: nowrap; text-overflow: ellipsis; }}
    Pick #pick-asks {{ width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }}
    """

    def __init__(
        self, title: str, load: Load, *, makes: str = "", empty: str = "nothing matches", asks: str = SCAN
    ) -> None:
        super().__init__(title)
        self._choosing = Choosing(makes=makes)
        self._load = load
        self._empty = empty
        self._asks = asks
        self._loaded = asyncio.Event()
        self._painting = False

    def body(self) -> ComposeResult:
        """The line to type on and the rows below it."""
        yield _Line(self._asks)
        yield Line(Content.styled("loading…", "$text-muted"), id="pick-rows")
        yield Line(id="pick-asks")

    def on_mount(self) -> None:
        """Load the list."""
        self.run_worker(self._fill(), group="load", exit_on_error=False, description=f"load {self._title}")

    async def _fill(self) -> None:
        try:
            self._choosing.give(await self._load())
        finally:
            self._loaded.set()
        self._choosing.type(self._input.value)
        self._paint()

    @property
    def _input(self) -> _Line:
        return self.query_one(_Line)

    def on_key(self, event: events.Key) -> None:
        """What is typed before the line has the focus belongs to it all the same."""
        if self.focused is None and event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self._input.insert_text_at_cursor(event.character)

    def on_input_changed(self) -> None:
        """Match once for all letters that came together."""
        if not self._painting:
            self._painting = True
            self.call_after_refresh(self._match)

    def _match(self) -> None:
        self._painting = False
        if self._choosing.text != self._input.value:
            self._choosing.type(self._input.value)
            self._paint()

    async def action_submit(self) -> None:
        """Take what is meant, or ask."""
        await self._loaded.wait()
        self._match()
        picked = self._choosing.enter()
        if picked is not None:
            self.dismiss(picked)
        else:
            # What is scanned next takes the place of what nobody knows.
            self._input.select_all()
            self._paint()
        self._input.let_go(done=picked is not None)

    def action_down(self) -> None:
        """Mark the next one."""
        self._move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._move(-1)

    def _move(self, by: int) -> None:
        self._match()
        self._choosing.move(by)
        self._paint()

    def _paint(self) -> None:
        if self._loaded.is_set():
            self.query_one("#pick-rows", Line).say(rows(self._choosing, self._empty))
            self.query_one("#pick-asks", Line).say(Content.styled(question(self._choosing), "$warning"))


def rows(choosing: Choosing, empty: str) -> Content:
    """The rows around the marked one; what they say comes from outside and is shown as it is."""
    first = max(0, choosing.row - ROWS + 1)
    lines = [
        _row(option, marked=place == choosing.row)
        for place, option in enumerate(choosing.matches[first : first + ROWS], first)
    ]
    if choosing.offers_new and len(lines) < ROWS:
        mark = "▸" if choosing.row == len(choosing.matches) else " "
        lines.append(Content.styled(f'{mark} + new {choosing.makes} "{choosing.text.strip()}"', "$accent"))
    return Content("\n").join(lines or [Content.styled(f"  {empty}", "$text-muted")])


def _row(option: Option, *, marked: bool) -> Content:
    rest = " · ".join(part for part in (option.text, option.hint) if part)
    line = Content.assemble(
        ("▸ " if marked else "  ", "bold $accent"),
        (option.code, "bold $accent" if marked else "bold"),
        (f"  {rest}" if rest else "", "" if marked else "$text-muted"),
    )
    return Content(line.plain.replace("\n", " "), spans=list(line.spans))


def question(choosing: Choosing) -> str:
    """What Enter would do now, where it did nothing yet."""
    if not choosing.asks:
        return ""
    if choosing.row < len(choosing.matches):
        return f"Nothing has exactly this code. Enter again takes {choosing.matches[choosing.row].code}."
    return "Enter again makes it. Esc leaves it."
