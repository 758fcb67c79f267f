"""A question that is answered by choosing from a list: by typing, by arrows, or with a hand scanner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.capturing.choosing import Choosing, Option, Picked
from binscout_tui.commands import dialog
from binscout_tui.dialogs.by_typing import ByTyping
from binscout_tui.widgets.holding_line import HoldingLine
from binscout_tui.widgets.line import Line

ROWS = 8
SCAN = "scan, or type a few letters"
Load = Callable[[], Awaitable[Sequence[Option]]]


class Pick(ByTyping[Picked]):
    """Answers the option that was taken, or the name of a new one where `makes` says what could be made."""

    SCOPE = dialog.PICK
    BINDINGS = SCOPE.bindings()
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

    def body(self) -> ComposeResult:
        """The line to type on and the rows below it."""
        yield HoldingLine(self._asks)
        yield Line(Content.styled("loading…", "$text-muted"), id="pick-rows")
        yield Line(id="pick-asks")

    async def read(self) -> None:
        """The options."""
        self._choosing.give(await self._load())

    def match(self) -> None:
        """Other letters; the same again are none, so that a question that was asked stays."""
        if self._choosing.text != self.line.value:
            self._choosing.type(self.line.value)

    async def action_submit(self) -> None:
        """Take what is meant, or ask."""
        if not await self.is_ready():
            return
        picked = self._choosing.enter()
        if picked is not None:
            self.dismiss(picked)
        else:
            # What is scanned next takes the place of what nobody knows.
            self.line.select_all()
            self._paint()
        self.line.let_go(done=picked is not None)

    def mark(self, by: int) -> None:
        """Mark another one."""
        self._choosing.move(by)

    def paint(self) -> None:
        """The rows, and what Enter asks."""
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
