"""Which collection the images go into, or are taken out of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.commands import dialog
from binscout_tui.dialogs.by_typing import ByTyping
from binscout_tui.widgets.holding_line import HoldingLine
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.name_choosing import Choice, Chosen, NameChoosing

ROWS = 9
COUNT = 18
IN_IT = "they are in it; an arrow key, then Enter takes them out"
Load = Callable[[], Awaitable[Sequence[Choice]]]


class CollectionPick(ByTyping[Chosen]):
    """Answers what is to be done with `asked` images. An arrow or the whole name marks the row to be taken out.

    `●` stands before what all of them are in: Enter takes them out. `◐` before what some are in: Enter puts the rest.
    """

    SCOPE = dialog.PICK
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = f"""
    CollectionPick #dialog {{ width: 60; max-width: 96%; }}
    CollectionPick Input {{ width: 1fr; margin-bottom: 1; }}
    CollectionPick #pick-rows {{ width: 1fr; height: {ROWS}; text-wrap: nowrap; text-overflow: ellipsis; }}
    CollectionPick #pick-does {{ width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }}
    """

    def __init__(self, title: str, asked: int, load: Load) -> None:
        super().__init__(title)
        self._choosing = NameChoosing(asked)
        self._load = load

    def body(self) -> ComposeResult:
        """The line to type on, the rows below it, and what Enter does."""
        yield HoldingLine("name of a collection, old or new")
        yield Line(Content.styled("loading…", "$text-muted"), id="pick-rows")
        yield Line(id="pick-does")

    async def read(self) -> None:
        """The collections."""
        self._choosing.give(await self._load())

    def on_resize(self) -> None:
        """The rows have another width."""
        self._paint()

    def match(self) -> None:
        """Other letters."""
        if self._choosing.text != self.line.value:
            self._choosing.type(self.line.value)

    async def action_submit(self) -> None:
        """Take what is marked."""
        if not await self.is_ready():
            return
        chosen = self._choosing.enter()
        if chosen is not None:
            self.dismiss(chosen)
        self.line.let_go(done=chosen is not None)

    def mark(self, by: int) -> None:
        """Mark another one."""
        self._choosing.move(by)

    def paint(self) -> None:
        """The rows, and what Enter does."""
        line = self.query_one("#pick-rows", Line)
        line.say(rows(self._choosing, max(30, line.size.width)))
        self.query_one("#pick-does", Line).say(Content.styled(does(self._choosing), "$text-muted"))


def rows(choosing: NameChoosing, width: int) -> Content:
    """The rows around the marked one; names come from outside and are shown as they are."""
    first = max(0, choosing.row - ROWS + 1)
    shown = range(first, min(choosing.rows, first + ROWS))
    lines = [_row(choosing, place, width) for place in shown]
    return Content("\n").join(lines or [Content.styled("  there is no collection yet; type a name", "$text-muted")])


def _row(choosing: NameChoosing, place: int, width: int) -> Content:
    mark = ("▸ " if place == choosing.row else "  ", "bold $accent")
    if place == len(choosing.matches):
        return Content.assemble(mark, (f'+ new collection "{choosing.new_name}"', "$accent")).truncate(
            width, ellipsis=True
        )
    one = choosing.matches[place]
    sign = "●" if one.held >= choosing.asked else "◐" if one.held else " "
    held = f"{one.held:,} of {choosing.asked:,} · " if 0 < one.held < choosing.asked else ""
    name = Content.styled(one.name, "bold" if place == choosing.row else "")
    name = name.truncate(max(8, width - 4 - COUNT), ellipsis=True, pad=True)
    return Content.assemble(mark, (f"{sign} ", "$success"), name, (f"{held}{one.images:,}".rjust(COUNT), "$text-muted"))


def does(choosing: NameChoosing) -> str:
    """What Enter does now."""
    chosen = choosing.enter()
    if chosen is None:
        return IN_IT if choosing.is_in_it else "type a few letters, or mark one with an arrow"
    if chosen.take:
        return "Enter takes out of it"
    return "Enter makes it and puts into it" if chosen.id is None else "Enter puts into it"
