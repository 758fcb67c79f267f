"""One line to filter by, with completion while typing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import Worker

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.filter_bar import SCOPE
from binscout_tui.filtering.completing import Vocabulary
from binscout_tui.filtering.errors import FilterError, showable
from binscout_tui.filtering.fields import Fields
from binscout_tui.filtering.tree import Filter
from binscout_tui.filtering.typed import TypedFilter
from binscout_tui.filtering.words import LONGEST
from binscout_tui.widgets.filter_drop import ROWS, FilterDrop, WrongPlace
from binscout_tui.widgets.holding_line import HoldingLine

OPEN = "-filtering"
"""The class of the screen while the bar is open."""


class Words(Protocol):
    """Where names and last filters come from; `workers.filter_words` has them."""

    fields: Fields
    vocabulary: Vocabulary
    recent: list[str]

    async def load(self) -> None:
        """Read names and last filters."""

    async def written_out(self, text: str) -> str:
        """`text`, or what the filter says that `@NAME` stands for. Raises FilterError."""

    async def check(self, text: str) -> Filter:
        """The filter that `text` is. Raises FilterError."""

    async def remember(self, text: str) -> None:
        """Keep a filter among the last ones."""


class _FilterLine(HoldingLine):
    """The line; what a terminal must not get never stands on it."""

    def __init__(self) -> None:
        super().__init__("label:none  conf<0.6  -dup", id="filter-line")
        self.wrong = WrongPlace()
        self.highlighter = self.wrong

    def leads_out(self, key: str) -> bool:
        """Completing too has its effect before what is typed behind it."""
        active = None if len(key) == 1 else self.screen.active_bindings.get(key)
        return active is not None and isinstance(active.node, FilterBar)

    def validate_value(self, value: str) -> str:
        """Of the same length, in one line."""
        return showable(value)[: LONGEST + 1]


class FilterBar(Commanded, Vertical):
    """Takes no room until `open`; then one row, over what is below it six more. A screen puts it where its header is.

    While it is open its screen has the class `-filtering`. Enter checks what was typed beside the event loop: what is
    wrong is marked at its place, and the bar stays. Else it posts `Applied`, or `Cleared` for an empty line, and closes
    as soon as the screen has handled that; keys typed behind Enter reach the screen after it. Losing the focus, as by
    Esc, closes it without any of the two. `Closed` comes in each case.
    """

    SCOPE = SCOPE
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = f"""
    FilterBar {{ display: none; width: 1fr; height: 1; }}
    FilterBar Horizontal {{ width: 1fr; height: 1; }}
    FilterBar.-open {{ display: block; }}
    FilterBar #filter-sign {{ width: 3; height: 1; color: $accent; text-style: bold; }}
    FilterBar #filter-line {{ border: none; width: 1fr; height: 1; padding: 0; background: $surface; }}
    FilterBar FilterDrop {{
        overlay: screen; constrain: none inside; width: 100%; height: {ROWS}; padding: 0 1; background: $panel;
        text-wrap: nowrap; text-overflow: ellipsis;
    }}
    """

    @dataclass
    class Applied(Message):
        """A filter is wanted: `text` as it was typed, `filter` with names that exist."""

        bar: FilterBar
        text: str
        filter: Filter

    @dataclass
    class Cleared(Message):
        """No filter is wanted."""

        bar: FilterBar

    @dataclass
    class Closed(Message):
        """The line is gone."""

        bar: FilterBar

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words: Words | None = None
        self._typed: TypedFilter | None = None
        self._finishing = False
        self._ahead: list[events.Key] | None = None

    def compose(self) -> ComposeResult:
        """The sign, the line, and what floats below it."""
        with Horizontal():
            yield Static(" / ", id="filter-sign", markup=False)
            yield _FilterLine()
        yield FilterDrop()

    @property
    def is_open(self) -> bool:
        """Whether somebody types on it."""
        return self.has_class("-open")

    @property
    def line(self) -> _FilterLine:
        """The line."""
        return self.query_one(_FilterLine)

    def open(self, words: Words, text: str = "") -> None:
        """Begin to type, behind the filter that holds now."""
        text = f"{text} " if text else ""
        self._words = words
        self._typed = TypedFilter(words.fields, text)
        self._typed.give(words.vocabulary, words.recent)
        self._ahead = []
        self.line.hold()
        self.line.value = text
        self.line.cursor_position = len(text)
        self.add_class("-open")
        self.screen.add_class(OPEN)
        self.line.focus()
        # Keys that the app handed on before the line had the focus are in the screen's queue before this.
        self.app.call_later(self.screen.call_later, self._is_ready)
        self._paint()
        self.run_worker(self._load(words), group="load", exit_on_error=False, description="reading names for filters")

    def close(self) -> None:
        """Let the line go; the screen has the keys again."""
        if self.is_open:
            self.remove_class("-open")
            self.screen.remove_class(OPEN)
            if self.line.has_focus:
                self.screen.set_focus(None)
            self.post_message(self.Closed(self))

    def take_ahead(self, event: events.Key) -> bool:
        """Take a key that reached the screen because it was typed before the line had the focus; whether it was one."""
        if self._ahead is None:
            return False
        event.stop()
        event.prevent_default()
        self._ahead.append(event)
        return True

    def _is_ready(self) -> None:
        ahead, self._ahead = self._ahead or [], None
        self.line.let_go(done=False, before=ahead)

    async def _load(self, words: Words) -> None:
        await words.load()
        if self._typed is not None and self._words is words:
            self._typed.give(words.vocabulary, words.recent)
            self._paint()

    # Typing.

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._follow()

    def _follow(self) -> None:
        """What is on the line now."""
        if self._typed is not None:
            self._typed.type(self.line.value, self.line.cursor_position)
            self._paint()

    def on_descendant_blur(self) -> None:
        """Keys go elsewhere; while the whole terminal has none, what was typed waits for it."""
        if self.app.app_focus:
            self.close()

    def _paint(self) -> None:
        typed = self._typed
        if typed is None or not self.is_open:
            return
        self.line.wrong.place = typed.error.place if typed.error is not None else None
        self.line.refresh()
        self.query_one(FilterDrop).show(typed)

    def _put(self, typed: TypedFilter) -> None:
        """What was taken or brought back, on the line."""
        self.line.value = typed.text
        self.line.cursor_position = typed.position
        self._paint()

    # Keys.

    def action_take(self) -> None:
        """Complete."""
        self._follow()
        self._take()

    @on(FilterDrop.Clicked)
    def _clicked(self, event: FilterDrop.Clicked) -> None:
        event.stop()
        if self._typed is not None and self._typed.error is None and event.number < len(self._typed.completions):
            self._typed.row = event.number
            self._take()

    def _take(self) -> None:
        if self._typed is not None and self._typed.take():
            self._put(self._typed)

    def action_down(self) -> None:
        """Mark the next."""
        self._move(1)

    def action_up(self) -> None:
        """Mark the one before, or bring back the last filters."""
        self._move(-1)

    def _move(self, by: int) -> None:
        self._follow()
        if self._typed is not None:
            self._typed.move(by)
            if self._typed.text != self.line.value:
                self._put(self._typed)
            self._paint()

    async def action_apply(self) -> None:
        """Check it; it is wanted, or wrong."""
        self._follow()
        words, text = self._words, self.line.value.strip()
        if words is None or not self.is_open:
            return
        if not text:
            self._finish(self.Cleared(self))
            return
        try:
            given = await words.written_out(self.line.value)
            wanted = await words.check(given)
        except FilterError as error:
            if self._typed is not None:
                self._typed.refuse(error)
                self._paint()
            return
        if self.is_open:
            text = given.strip()
            if text != self.line.value.strip():
                self.line.value = text
            self._finish(self.Applied(self, text, wanted))

    async def action_command(self, command_id: str, *arguments: str) -> None:
        """What was typed behind a key waits until it has had its effect."""
        await super().action_command(command_id, *arguments)
        if not self._finishing:
            self.line.let_go(done=False)

    def _finish(self, message: Message) -> None:
        """Tell the screen, and close when it has done what that asks for."""
        self._finishing = True
        self.post_message(message)
        # In the bar's queue behind the message, then in the screen's behind it too.
        self.call_later(self.screen.call_later, self._done)

    def _done(self) -> None:
        self._finishing = False
        words, text = self._words, self.line.value.strip()
        if words is not None and text:
            self.run_worker(words.remember(text), group="action", exit_on_error=False, description="keeping the filter")
        self.close()
        self.line.let_go(done=True)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What failed is told and logged."""
        self.frame.on_worker_state_changed(event)
