"""An app that follows the terminal it runs in: its font, suspending, another terminal around tmux, late answers."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from functools import partial
from typing import Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from binscout_tui.terminal.cells import cell_size, cell_within
from binscout_tui.terminal.decide import decide_late, for_attached
from binscout_tui.terminal.graphics import Protocol as Graphics
from binscout_tui.terminal.graphics import TerminalGraphics
from binscout_tui.terminal.tmux import TmuxState
from binscout_tui.widgets.answer_driver import TerminalAnswered
from binscout_tui.widgets.fence import Fence
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.suspending_driver import SuspendingDriver, has_job_control
from binscout_tui.workers.tmux_clients import TmuxClients

SETTLED_S = (0.4, 2.0)
"""So long after the last change tmux has drawn its terminals anew. While it does, it drops what it is to pass on; on a
busy machine that may take more than the first of these."""


@runtime_checkable
class Repainted(Protocol):
    """A widget whose pixels are not in Textual's hands."""

    def redraw(self) -> None:
        """Send the pixels again, for what `graphics_of(app)` says now."""


@runtime_checkable
class Drawn(Protocol):
    """A screen that is to know when the terminal has drawn it."""

    def drawn(self, question: int, moment: float) -> None:
        """The terminal has drawn what was written before this question."""


class TerminalApp(App[int], inherit_bindings=False):
    """Keeps `graphics` true while the program runs, and sends every picture again when the terminal lost them."""

    def __init__(self, graphics: TerminalGraphics | None = None, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.graphics = graphics
        self._clients: TmuxClients | None = None
        self._settling: Timer | None = None
        self._fence = Fence(self._write, lambda: Message().time)

    def _write(self, text: str) -> None:
        if self._driver is not None:
            self._driver.write(text)

    @property
    def is_in_tmux(self) -> bool:
        """Whether tmux is between us and the terminal; it answers for the terminal, which may be behind."""
        return graphics_of(self).tmux

    @property
    def patience_s(self) -> float:
        """How long the terminal's answer to `ask_terminal` is worth waiting for, in seconds."""
        return self._fence.patience_s

    def ask_terminal(self) -> int | None:
        """Have the terminal say when it has drawn all that was written; the question's number, None without one."""
        return None if self.is_headless else self._fence.ask()

    def terminal_is_silent(self) -> None:
        """It did not answer."""
        self._fence.gave_up()

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """It answered, on the line on which the keys come."""
        question = self._fence.answered(event.y + 1, event.x + 1, event.time)
        for screen in self.screen_stack:
            if question and isinstance(screen, Drawn):
                screen.drawn(question, event.time)

    @property
    def cell_size(self) -> tuple[int, int]:
        """(width, height) of a character cell in pixels, as far as is known now."""
        return graphics_of(self).cell

    @property
    def can_suspend(self) -> bool:
        """Whether there is a shell to go back to."""
        return isinstance(self._driver, SuspendingDriver) and has_job_control()

    def repaint_pictures(self) -> None:
        """Paint everything again, and send the pixels of all pictures: the terminal has none of them."""
        from binscout_tui.widgets.picture_store import store_of

        store_of(self).lost()
        for screen in [screen for stack in self._screen_stacks.values() for screen in stack if screen.is_mounted]:
            for widget in screen.walk_children(Widget):
                if isinstance(widget, Repainted):
                    widget.redraw()
        self.refresh(repaint=True, layout=True)

    def on_exit_app(self) -> None:
        """Leave no pictures in the terminal's memory: kitty keeps them by screen, so before ours is left."""
        from binscout_tui.widgets.picture_store import store_of

        deletes = store_of(self).close()
        if deletes and self._driver is not None:
            self._driver.write(deletes)

    def on_mount(self) -> None:
        """Listen for what can happen to the terminal."""
        self.app_resume_signal.subscribe(self, lambda _: self.repaint_pictures())
        if self.is_headless:
            return
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._perhaps_another)
        if self.graphics is not None and self.graphics.tmux:
            self._clients = TmuxClients(self.graphics.clients)
            self.run_worker(
                self._clients.watch(self._attached),
                group="tmux clients",
                exit_on_error=False,
                description="asking tmux which terminals show the program",
            )

    def on_resize(self, event: events.Resize) -> None:
        """Before anything is laid out: the font may have another size, also with the same columns and rows."""
        graphics = graphics_of(self)
        told = cell_within(event.size, event.pixel_size) if event.pixel_size is not None else None
        cell = (None if self.is_headless else cell_size()) or told or graphics.cell
        if cell != graphics.cell:
            self.graphics = replace(graphics, cell_width=cell[0], cell_height=cell[1])
            self.call_after_refresh(self.repaint_pictures)
        self._repaint_when_settled()

    def _repaint_when_settled(self) -> None:
        """Inside tmux: send kitty pictures once more, whose pixels it may have dropped without telling."""
        graphics = graphics_of(self)
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if graphics.tmux and graphics.protocol is Graphics.KITTY:
            self._settling = self.set_timer(SETTLED_S[0], partial(self._settled, SETTLED_S[1:]))

    def _settled(self, later: tuple[float, ...]) -> None:
        self.repaint_pictures()
        self.pictures_sent()
        self._settling = self.set_timer(later[0], partial(self._settled, later[1:])) if later else None

    def pictures_sent(self) -> None:
        """Pixels went out for what a person looks at; inside tmux only to terminals that show our pane."""
        if self._clients is not None:
            self._clients.look()

    def on_app_focus(self) -> None:
        """Inside tmux: perhaps another terminal shows us now."""
        if graphics_of(self).tmux:
            self._perhaps_another()

    def on_terminal_answered(self, message: TerminalAnswered) -> None:
        """A slow link: what the terminal can show is known only now."""
        self._show_as(decide_late(graphics_of(self), message.answers), lost=False)

    def _perhaps_another(self) -> None:
        """Send everything again; inside tmux only when it is known to whom."""
        if self._clients is not None:
            self._clients.nudge()
        else:
            self.repaint_pictures()

    def _attached(self, state: TmuxState, arrived: bool) -> None:
        self._show_as(for_attached(graphics_of(self), state), lost=arrived)

    def _show_as(self, graphics: TerminalGraphics, *, lost: bool) -> None:
        changed = graphics.protocol is not graphics_of(self).protocol
        self.graphics = graphics
        if changed or lost:
            self.repaint_pictures()
            self._repaint_when_settled()
