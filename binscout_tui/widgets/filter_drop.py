"""What is offered below a filter that is being typed, or what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual import events
from textual.content import Content
from textual.message import Message

from binscout_tui.filtering.completing import Completion
from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.tree import Place
from binscout_tui.filtering.typed import TypedFilter
from binscout_tui.widgets.line import Line

ROWS = 6
NAME = 22
EXAMPLE = "for example  label:none  conf<0.6  after:2026-11  -dup"


class FilterDrop(Line):
    """Six rows that float below the line, always as many: what is behind them is not drawn again for each letter."""

    @dataclass
    class Clicked(Message):
        """The mouse takes a completion: the one with this number."""

        number: int

    def __init__(self) -> None:
        super().__init__()
        self._typed: TypedFilter | None = None

    def on_resize(self) -> None:
        """The rows have another width, or one at all."""
        if self._typed is not None:
            self.show(self._typed)

    def show(self, typed: TypedFilter) -> None:
        """Show what can be taken, or the error."""
        self._typed = typed
        width = max(20, self.content_size.width)
        self.say(error_rows(typed.error, width) if typed.error is not None else rows(typed, width))

    def on_click(self, event: events.Click) -> None:
        """Take what is under the mouse."""
        event.stop()
        if self._typed is not None:
            self.post_message(self.Clicked(first_row(self._typed) + event.y))


def first_row(typed: TypedFilter) -> int:
    """The completion in the first row, so that the marked one is seen."""
    return max(0, typed.row - ROWS + 1)


def rows(typed: TypedFilter, width: int) -> Content:
    """The completions around the marked one; names come from outside and are shown as they are."""
    first = first_row(typed)
    shown = typed.completions[first : first + ROWS]
    lines = [_row(one, width, marked=place == typed.row) for place, one in enumerate(shown, first)]
    if not lines:
        lines = [Content.styled(f"  {EXAMPLE}", "$text-muted").truncate(width, ellipsis=True)]
    return Content("\n").join(lines)


def _row(one: Completion, width: int, *, marked: bool) -> Content:
    about = f"{int(one.help):,} {'image' if one.help == '1' else 'images'}" if one.help.isdigit() else one.help
    room = max(NAME, width - 2 - len(about) - 2) if one.help.isdigit() else NAME
    name = Content(one.label or one.text).truncate(room, ellipsis=True, pad=True)
    line = Content.assemble(
        ("▸ " if marked else "  ", "bold $accent"),
        name.stylize("bold $accent" if marked else "bold"),
        (f"  {about}", "$text-muted"),
    )
    return line.truncate(width, ellipsis=True)


def error_rows(error: FilterError, width: int) -> Content:
    """What is wrong, and what would help; as far as there is room."""
    said = Content.styled(error.sentence, "$error")
    hint = Content.styled(error.hint, "$text-muted")
    lines = [line for part in (said, hint) if part.plain for line in part.wrap(width)]
    return Content("\n").join(lines[:ROWS])


class WrongPlace(Highlighter):
    """Underlines what is wrong in the line; `place` is None while nothing is."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.style = Style(underline=True, reverse=True)

    def highlight(self, text: Text) -> None:
        """Mark the place; one behind the end is shown by its sentence alone."""
        if self.place is not None:
            begin, end = self.place
            text.stylize(self.style, begin, max(end, begin + 1))
