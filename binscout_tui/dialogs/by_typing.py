"""A dialog with a line to type on, and rows below it that are read meanwhile."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from textual import events
from textual.content import Content

from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.holding_line import HoldingLine
from binscout_tui.widgets.line import Line

T = TypeVar("T")
NOT_READ = "  The list could not be read, so nothing can be chosen; Esc closes this."


class ByTyping(Dialog[T], inherit_bindings=False):
    """It opens at once, so that no key gets lost; Enter waits for the list, and does nothing where that failed.

    Subclasses have a `HoldingLine` and a `Line` with the id `rows_id`.
    """

    AUTO_FOCUS = "HoldingLine"
    rows_id = "pick-rows"

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._loaded = asyncio.Event()
        self._failed = False
        self._painting = False

    async def read(self) -> None:
        """Read the list. Raises as the store does."""
        raise NotImplementedError

    def match(self) -> None:
        """What stands on the line is what is sought."""
        raise NotImplementedError

    def mark(self, by: int) -> None:
        """Mark another row."""
        raise NotImplementedError

    def paint(self) -> None:
        """Show the rows."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Read the list; keys may come before it is there."""
        self.run_worker(self._fill(), group="load", exit_on_error=False, description=f"reading for “{self._title}”")

    async def _fill(self) -> None:
        try:
            await self.read()
        except Exception:
            self._failed = True
            self.query_one(f"#{self.rows_id}", Line).say(Content.styled(NOT_READ, "$warning"))
            raise  # to be told and logged as any failed worker is
        finally:
            self._loaded.set()
        self.match()
        self._paint()

    @property
    def has_list(self) -> bool:
        """Whether the list is there."""
        return self._loaded.is_set() and not self._failed

    @property
    def line(self) -> HoldingLine:
        """The line."""
        return self.query_one(HoldingLine)

    def on_key(self, event: events.Key) -> None:
        """What is typed before the line has the focus belongs to it all the same."""
        if self.focused is None and event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self.line.insert_text_at_cursor(event.character)

    def on_input_changed(self) -> None:
        """Match once for all letters that came together."""
        if not self._painting:
            self._painting = True
            self.call_after_refresh(self._match_and_paint)

    def _match_and_paint(self) -> None:
        self._painting = False
        self.match()
        self._paint()

    def _paint(self) -> None:
        if self.has_list and self.is_mounted:
            self.paint()

    async def is_ready(self) -> bool:
        """Wait for the list; where it is there, what is typed was matched, else the line takes keys again."""
        await self._loaded.wait()
        if self._failed:
            self.line.let_go(done=False)
            return False
        self.match()
        return True

    def action_down(self) -> None:
        """Mark the next one."""
        self._move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._move(-1)

    def _move(self, by: int) -> None:
        self.match()
        self.mark(by)
        self._paint()
