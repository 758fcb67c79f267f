"""A list beside the pictures, over them or next to them, in which one chooses what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.gallery_sidebar import SIDEBAR
from binscout_tui.widgets.holding_line import HoldingLine
from binscout_tui.widgets.row_list import Row, RowList

SIDEBAR_OPEN = "-open"
PINNED = "-pinned"
PASSED_ON = frozenset({"gallery.undo", "gallery.redo", "gallery.pin", "gallery.keep", "gallery.safe_mode"})
"""Commands of the pictures' keys that also hold here; the others would decide on what one does not look at."""
PATIENCE_S = 2.0
"""So long at most letters wait for the line that they are meant for."""
STEP = 2
"""Columns by which one key changes the width."""


class SidebarHost(Protocol):
    """The screen around it."""

    async def show_entry(self, key: str) -> None:
        """The images of an entry are wanted."""

    async def ask_of_entry(self, what: str, key: str) -> None:
        """Something is to be done with an entry: `rename`, `delete`, `hide`, `sensitive`; or `new`, `hidden`."""

    def narrow_entries(self, typed: str) -> None:
        """Only what holds these letters is to be listed."""

    def widen_sidebar(self, by: int) -> None:
        """Another width."""

    def leave_sidebar(self) -> None:
        """The pictures have the keys again."""


class SidebarRows(RowList):
    """One click is enough."""

    def on_click(self, event: events.Click) -> None:
        """Open the clicked row."""
        event.prevent_default()
        event.stop()
        key = self.key_at(event.y)
        if key is not None:
            self.show(self._rows, key=key)
            self.post_message(self.Opened(self, key))

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def key_at(self, y: int) -> str | None:
        """The key of the row that is shown in line `y`, where it can be chosen."""
        index = y + self.scroll_offset.y
        row = self._rows[index] if 0 <= index < len(self._rows) else None
        return row.key if row is not None and row.selectable else None


class Sidebar(Commanded, Vertical, can_focus=True):
    """Not seen until `open` or `pin`. Open it lies over what is beside it; pinned it has columns of its own.

    The keys of a row are `KIND:ID`. While it has the focus, the keys of the pictures do nothing but say so.
    """

    SCOPE = SIDEBAR
    BINDINGS = SIDEBAR.bindings()
    DEFAULT_CSS = """
    Sidebar { display: none; layer: below; width: 26; height: 1fr; border-right: vkey $panel; }
    Sidebar.-open, Sidebar.-pinned { display: block; }
    Sidebar.-open { layer: above; dock: left; background: $surface; border-right: vkey $accent; }
    Sidebar.-open.-pinned { layer: below; dock: none; }
    Sidebar Input { display: none; height: 1; border: none; padding: 0; background: $panel; }
    Sidebar.-narrowing Input { display: block; }
    Sidebar SidebarRows { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; background: $surface; }
    Sidebar.-open SidebarRows > .row-list--cursor { background: $panel; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ahead: list[events.Key] | None = None
        self._leads: events.Key | None = None

    def compose(self) -> ComposeResult:
        """The line to type on, and the rows."""
        yield HoldingLine("find…")
        yield SidebarRows()

    @property
    def rows(self) -> SidebarRows:
        """The list."""
        return self.query_one(SidebarRows)

    @property
    def kind(self) -> str:
        """Of what kind the entry under the cursor is, "" for none."""
        return (self.rows.key or "").partition(":")[0]

    @property
    def is_open(self) -> bool:
        """Whether it lies over the pictures."""
        return self.has_class(SIDEBAR_OPEN)

    @property
    def is_seen(self) -> bool:
        """Whether it is on the screen."""
        return self.has_class(SIDEBAR_OPEN) or self.has_class(PINNED)

    @property
    def has_keys(self) -> bool:
        """Whether keys mean it."""
        return self.has_focus or self.line.has_focus

    @property
    def line(self) -> HoldingLine:
        """The line to type on."""
        return self.query_one(HoldingLine)

    @property
    def _host(self) -> SidebarHost:
        return cast(SidebarHost, self.screen)

    def show(self, rows: Sequence[Row], key: str | None = None) -> None:
        """Show these; the cursor stays on its row or goes to `key`."""
        self.rows.show(rows, key=key)

    def open(self) -> None:
        """Take the keys; where it is not pinned, lie over the pictures."""
        self.add_class(SIDEBAR_OPEN)
        self.screen.set_focus(self)

    def close(self) -> None:
        """Let go of the keys; what is not pinned is not seen any more."""
        self.remove_class(SIDEBAR_OPEN)
        self.stop_narrowing()
        if self.has_keys:
            self.screen.set_focus(None)

    def stop_narrowing(self) -> None:
        """List everything again."""
        if self.has_class("-narrowing"):
            self.remove_class("-narrowing")
            self.line.value = ""
            self._host.narrow_entries("")

    def go_up(self) -> bool:
        """Esc: first the typed letters go, then the sidebar; whether there was anything to leave."""
        if not self.has_keys:
            return False
        if self.has_class("-narrowing"):
            self.screen.set_focus(self)
            self.stop_narrowing()
        else:
            self._host.leave_sidebar()
        return True

    # Keys.

    def on_key(self, event: events.Key) -> None:
        """Letters behind the key that opens the line wait for it."""
        if self.take_ahead(event):
            return
        active = self.screen.active_bindings.get(event.key)
        if active is not None and active.node is self and "'sidebar.narrow'" in active.binding.action:
            self._ahead, self._leads = [], event  # what is typed behind it is part of the name
            self.set_timer(PATIENCE_S, self._let_go)

    def take_ahead(self, event: events.Key) -> bool:
        """Take a key that was typed before the line had the focus; whether it was one."""
        if self._ahead is None or event is self._leads:
            return False
        event.stop()
        event.prevent_default()
        self._ahead.append(event)
        return True

    def _let_go(self) -> None:
        """The line has the focus, and what was handed on before has come: it goes there, in its order."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            self.line.let_go(done=not self.line.has_focus, before=ahead)

    def on_descendant_blur(self) -> None:
        """Who clicks elsewhere has left it."""
        self._blurred()

    def on_blur(self) -> None:
        """Who clicks elsewhere has left it."""
        self._blurred()

    def _blurred(self) -> None:
        """A dialog over it takes no focus from it, and a terminal that lost its own gets it back."""
        if self.app.app_focus and self.screen.is_current and self.is_open:
            self.call_later(self._look_away)

    def _look_away(self) -> None:
        if self.screen.is_current and not self.has_keys and self.is_open:
            self.close()

    @on(SidebarRows.Opened)
    async def _clicked(self, event: SidebarRows.Opened) -> None:
        event.stop()
        await self.action_command("sidebar.choose")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-narrowing"):
            self._host.narrow_entries(event.value)

    async def action_command(self, command_id: str, *arguments: str) -> None:
        """What was typed behind Enter goes where Enter has led."""
        await super().action_command(command_id, *arguments)
        if command_id != "sidebar.narrow" and self._ahead is None:
            self.line.let_go(done=not self.line.has_focus)

    async def action_choose(self) -> None:
        """Show it."""
        if self.rows.key is not None:
            await self._host.show_entry(self.rows.key)

    def action_narrow(self) -> None:
        """Type letters of a name."""
        self._ahead = self._ahead or []
        self.line.hold()
        self.add_class("-narrowing")
        self.screen.set_focus(self.line)
        # Keys that the app handed on before are in the queues of this and of the screen.
        self.app.call_later(self.call_later, self._ask_screen)

    def _ask_screen(self) -> None:
        self.screen.call_later(self._let_go)

    async def action_new(self) -> None:
        """Make a collection."""
        await self._host.ask_of_entry("new", self.rows.key or "")

    async def action_rename(self) -> None:
        """Another name."""
        await self._host.ask_of_entry("rename", self.rows.key or "")

    async def action_delete(self) -> None:
        """Delete it."""
        await self._host.ask_of_entry("delete", self.rows.key or "")

    async def action_hide(self) -> None:
        """Hide it or show it again."""
        await self._host.ask_of_entry("hide", self.rows.key or "")

    async def action_sensitive(self) -> None:
        """Have safe mode hide it or not."""
        await self._host.ask_of_entry("sensitive", self.rows.key or "")

    async def action_hidden(self) -> None:
        """List hidden ones too, or not."""
        await self._host.ask_of_entry("hidden", "")

    def action_leave(self) -> None:
        """Back to the pictures."""
        self._host.leave_sidebar()

    def action_down(self) -> None:
        """The next."""
        self.rows.move(1)

    def action_up(self) -> None:
        """The one before."""
        self.rows.move(-1)

    def action_page_down(self) -> None:
        """A page on."""
        self.rows.move(max(1, self.rows.size.height - 1))

    def action_page_up(self) -> None:
        """A page back."""
        self.rows.move(-max(1, self.rows.size.height - 1))

    def action_first(self) -> None:
        """The first."""
        self.rows.move(-self.rows.count)

    def action_last(self) -> None:
        """The last."""
        self.rows.move(self.rows.count)

    def action_narrower(self) -> None:
        """Fewer columns."""
        self._host.widen_sidebar(-STEP)

    def action_wider(self) -> None:
        """More columns."""
        self._host.widen_sidebar(STEP)
