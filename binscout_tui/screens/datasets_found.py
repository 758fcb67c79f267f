"""What a check or a comparison has found, line by line; each line leads to its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from binscout_tui.commands.datasets import FINDINGS
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import Row, RowList


class FoundView(Commanded, Vertical, can_focus=True):
    """A head, lines, and what to do about the one under the cursor. The keys of its rows are numbers, or "none"."""

    SCOPE = FINDINGS
    BINDINGS = FINDINGS.bindings()

    @dataclass
    class Opened(Message):
        """The images of a line are wanted."""

        index: int

    @dataclass
    class Left(Message):
        """One wants to go back to the versions."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._advice: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """Head, lines, advice."""
        yield Line(id="data-found-head")
        yield RowList(id="data-found-rows")
        yield Line(id="data-found-advice")

    @property
    def _list(self) -> RowList:
        return self.query_one("#data-found-rows", RowList)

    @property
    def index(self) -> int | None:
        """The line under the cursor."""
        key = self._list.key
        return int(key) if key is not None and key.isdigit() else None

    def show(self, head: Content, rows: Sequence[Row], advice: Sequence[str]) -> None:
        """Show what was found; `advice` says for each line what to do."""
        self._advice = advice
        self.query_one("#data-found-head", Line).say(head)
        self._list.show(rows, key=rows[0].key if rows else None)
        self._tell()

    def _tell(self) -> None:
        text = self._advice[self.index] if self.index is not None and self.index < len(self._advice) else ""
        self.query_one("#data-found-advice", Line).say(Content.styled(text, "$text-muted"))

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._tell()

    @on(RowList.Opened)
    def _clicked(self, event: RowList.Opened) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """The images of the line."""
        if self.index is not None:
            self.post_message(self.Opened(self.index))

    def action_leave(self) -> None:
        """Back to the versions."""
        self.post_message(self.Left())

    def action_up(self) -> None:
        """To the line above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the line below."""
        self._list.move(1)
