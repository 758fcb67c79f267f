"""The Textual app: modes, header and footer, toasts, palette. Nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.driver import Driver
from textual.filter import ANSIToTruecolor, LineFilter
from textual.notifications import Notifications, Notify
from textual.screen import Screen
from textual.widgets._toast import ToastHolder, ToastRack
from textual.worker import Worker, WorkerState

from binscout_tui.clock import utc_now
from binscout_tui.commands.areas import AREAS, Opening
from binscout_tui.commands.command import Changes
from binscout_tui.commands.table import key_of, with_keys
from binscout_tui.memory import give_memory_back
from binscout_tui.screens.app_commands import AppCommands
from binscout_tui.screens.app_terminal import TerminalApp
from binscout_tui.screens.base import BaseScreen
from binscout_tui.screens.live_keys import footer_keys
from binscout_tui.screens.messages import Messages, Severity, Told
from binscout_tui.store import safe_mode
from binscout_tui.store.events import Event
from binscout_tui.terminal.graphics import TerminalGraphics
from binscout_tui.theme import BINSCOUT
from binscout_tui.widgets.answer_driver import driver_class
from binscout_tui.widgets.footer import FooterBar
from binscout_tui.widgets.header import HeaderBar, HeaderState, short_path
from binscout_tui.widgets.line_filter import SparingFilter
from binscout_tui.workers.restoring import ComeBack, come_back, let_copies_go, until_wanted
from binscout_tui.workers.session import Session
from binscout_tui.workspace import LiveWorkspace, Paths

CLOCK_S = 5.0
BACKUPS_S = 30.0
SETTLED_S = 2.0
SWITCH_S = 0.001
COLLECT_AT = (20_000, 20, 3)
RETRY_S = 5.0
TOAST_CELLS, TOAST_EDGES = 64, 6
TOAST_S: dict[Severity, float] = {"information": 3, "warning": 4, "error": 8}
MOST_TOASTS = 3


class BinScoutApp(AppCommands, TerminalApp, inherit_bindings=False):
    """The program. It opens the workspace beside the first frame and closes it when it ends."""

    BINDINGS = AppCommands.SCOPE.bindings()
    CSS_PATH = "tcss/base.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {area.id: area.make for area in AREAS.values()}
    DEFAULT_MODE = "home"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "BinScout"

    def __init__(
        self,
        root: Path,
        graphics: TerminalGraphics | None = None,
        *,
        driver_class: type[Driver] | None = None,
        opening: Opening | None = None,
        told: str = "",
    ) -> None:
        if opening is not None:
            # Textual begins in the default mode; another one must not cost making Home first.
            self.DEFAULT_MODE = opening.area  # type: ignore[misc]
        super().__init__(graphics, driver_class=driver_class)
        if opening is not None:
            del self.DEFAULT_MODE
        self._opening = opening
        self._told = told
        self.let_go: tuple[str, str] | None = None
        self.session = Session(root)
        self.messages = Messages(Paths(root).logs / "binscout.log")
        self.at_gate: set[str] = set()
        self.key_changes: Changes = {}
        self._afterwards: tuple[str, str] | None = None
        self._sought: tuple[str, str] | None = None
        self._sparing: dict[LineFilter, LineFilter] = {}
        self._typed_for: WeakKeyDictionary[events.Key, Screen[object]] = WeakKeyDictionary()
        self.header = HeaderState(
            workspace=short_path(root, Path.home()), environment=os.environ.get("BINSCOUT_ENV", "").strip().upper()
        )
        self.animation_level = "none"
        self.register_theme(BINSCOUT)
        self.theme = BINSCOUT.name

    @property
    def workspace(self) -> LiveWorkspace:
        """The open workspace; there from a screen's `start` on."""
        return self.session.workspace

    @property
    def has_messages(self) -> bool:
        """Whether anything was told so far."""
        return len(self.messages) > 0

    def on_mount(self) -> None:
        """Open the workspace and watch it, beside the first frame."""
        self.run_worker(self._live(), group="workspace", exit_on_error=False, description="watch the workspace")
        self.set_interval(CLOCK_S, self.refresh_frame)
        self.set_timer(SETTLED_S, _spare_collections)
        if self.graphics is not None and self.graphics.warning:
            self.toast(self.graphics.warning, "warning")
        if self._told:
            self.toast(self._told, "warning")

    async def on_event(self, event: events.Event) -> None:
        """A key typed ahead, for a dialog that the key before it opens, goes to the dialog and not below it."""
        if isinstance(event, events.Key) and self.screen_stack:
            if event.is_forwarded and self._typed_for.pop(event, self.screen) is not self.screen:
                # As if it came now, but judged by the moment at which it was pressed.
                pressed, event = event.time, events.Key(event.key, event.character)
                event.time = pressed
            if not event.is_forwarded:
                self._typed_for[event] = self.screen
        await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, of which the one for named colours is spared where there are none."""
        found = []
        for line_filter in super().get_line_filters():
            if isinstance(line_filter, ANSIToTruecolor):
                line_filter = self._sparing.setdefault(line_filter, SparingFilter(line_filter))
            found.append(line_filter)
        return found

    async def on_unmount(self) -> None:
        """Let go of the workspace, whatever the reason for leaving."""
        await self.session.close()

    async def _live(self) -> None:
        try:
            workspace = await self.session.opened()
        except Exception as error:  # noqa: BLE001  whatever it is, the person reads it when the screen is restored
            told = self.messages.add_error(error, "opening the workspace")
            self.exit(1, return_code=1, message=told.text)
            return
        self.header = replace(self.header, user=workspace.user.name)
        self.take_keys(workspace.settings.keys)
        await self._count_jobs()
        await self.look_at_safe_mode()
        self.refresh_backups()
        self.set_interval(BACKUPS_S, self.refresh_backups)
        self.run_worker(
            self._keep_doing(self.session.look_after_jobs, "looking after the jobs"), group="jobs", exit_on_error=False
        )
        self.run_worker(
            self.session.look_at_files(), group="files", exit_on_error=False, description="looking at files in place"
        )
        self.run_worker(
            self._let_go_when_wanted(workspace),
            group="let go",
            exit_on_error=False,
            description="looking whether another workspace is to be put in place",
        )
        self.run_worker(
            let_copies_go(workspace), group="undo copies", exit_on_error=False, description="letting undo copies go"
        )
        await self._keep_doing(partial(self.session.watch, self._deliver), "watching the workspace")

    async def _let_go_when_wanted(self, workspace: LiveWorkspace) -> None:
        """End this app, which closes the workspace; `run_app` goes on with a new one that knows nothing of the old."""
        await until_wanted(workspace)
        self.let_go = utc_now(), self.current_mode
        self.exit(0)

    async def _keep_doing(self, work: Callable[[], Awaitable[None]], what: str) -> None:
        """Do what never ends; when it fails all the same, tell it and begin again."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001  a busy or full disk must not end what the app relies on
                self.report(error, what)
            await asyncio.sleep(RETRY_S)

    async def _deliver(self, events: list[Event]) -> None:
        if any(event.kind == "job" for event in events):
            await self._count_jobs()
            self.refresh_backups()
        if any(event.kind == safe_mode.AREA for event in events):
            await self.look_at_safe_mode()
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen):
                await screen.hear(events)

    async def look_at_safe_mode(self) -> None:
        """Say in the header whether safe mode is on."""
        self.header = replace(self.header, is_safe=await self.workspace.db.read(safe_mode.is_on))
        self.refresh_frame()

    async def _count_jobs(self) -> None:
        self.header = replace(self.header, jobs=await self.session.count_jobs())
        self.refresh_frame()

    def refresh_frame(self) -> None:
        """Bring header and footer of the shown screen up to date."""
        self.header = replace(self.header, clock=f"{datetime.now():%H:%M}")
        for bar in self.screen_stack[0].query(HeaderBar):
            bar.state = self.header
        self.refresh_commands()

    def refresh_backups(self) -> None:
        """Bring the age of the last good backup in the header up to date; small local files tell it."""
        from binscout_tui.workers.backups import mark

        try:
            words, is_late = mark(self.workspace.paths, self.workspace.settings.backup)
        except Exception as error:  # noqa: BLE001  the header must not keep the app from what it relies on
            self.report(error, "looking how the backups stand")
            return
        self.header = replace(self.header, backup=words, is_late=is_late)
        self.refresh_frame()

    def refresh_commands(self) -> None:
        """Bring the footer up to date: which keys matter now, and which are not allowed."""
        screen = self.screen_stack[0]
        if not screen.is_mounted:
            return  # another area's load may end while this one is still being composed
        for bar in screen.query(FooterBar):
            bar.keys = footer_keys(screen)

    def toast(self, text: str, severity: Severity = "information") -> None:
        """Tell the person something in one line."""
        self._show(self.messages.add(with_keys(text, self.key_changes), severity))

    def key(self, command_id: str) -> str:
        """The key that leads to a command now, for a line that names it."""
        return key_of(command_id, self.key_changes)

    def report(self, error: BaseException, where: str) -> None:
        """Tell the person of an error; `e` shows its details, the log file keeps them."""
        self._show(self.messages.add_error(error, where))

    def _show(self, told: Told) -> None:
        # Broken into lines here, since the toast's height is measured before its width is limited.
        text = fill(told.text, max(20, min(TOAST_CELLS, self.size.width) - TOAST_EDGES))
        self.notify(text, severity=told.severity, timeout=TOAST_S[told.severity], markup=False)

    def on_notify(self, event: Notify) -> None:
        """Before a toast is shown: one that says the same goes, so that it is renewed; only the latest few stay."""
        same = [toast for toast in self._notifications if toast.message == event.notification.message]
        others = [toast for toast in self._notifications if toast not in same]
        for toast in same + others[: max(0, len(others) - MOST_TOASTS + 1)]:
            del self._notifications[toast]

    def _refresh_notifications(self) -> None:
        # Textual takes an outdated toast away but leaves its holder, which pushes later ones out of sight.
        super()._refresh_notifications()
        if self.screen_stack:
            for rack in self.screen.query_children(ToastRack):
                self.call_later(_sweep, rack, self._notifications)

    def clear_toasts(self) -> None:
        """Take away what was told about the place that one leaves; errors stay for their time."""
        for toast in [toast for toast in self._notifications if toast.severity != "error"]:
            self._unnotify(toast, refresh=False)
        self._refresh_notifications()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is told and logged; the app lives on."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.report(event.worker.error, event.worker.description or event.worker.group)

    def ask_model(self) -> None:
        """Ask the active model about the unlabelled images, beside whatever the person does."""
        if any(worker.group == "suggestions" and not worker.is_finished for worker in self.workers):
            self.toast("The model is looking at the unlabelled images already.")
            return
        self.toast("The model looks at the unlabelled images…")
        self.run_worker(
            self._asked(), group="suggestions", exit_on_error=False, description="asking the model for suggestions"
        )

    async def _asked(self) -> None:
        number = await self.session.ask_model()
        seen = f"The model has looked at {number} unlabelled images." if number else "No image was left to look at."
        self.toast(seen)

    def go_to(self, area_id: str, command_id: str = "", *, sought: str = "") -> None:
        """Show an area, and carry out a command there once it is loaded; an area that cannot be made is told.

        `sought` is the row of Home that leads there.
        """
        self.clear_toasts()
        self._sought = (area_id, sought) if sought else None
        self._afterwards = (area_id, command_id) if command_id else None
        try:
            self.switch_mode(area_id)
        except Exception as error:  # noqa: BLE001  one broken area must not take the others with it
            self.report(error, f"opening {AREAS[area_id].title}")

    def take_opening(self, area_id: str) -> Opening | None:
        """What was asked for at the start when the app began in this area, once."""
        opening, self._opening = self._opening, None
        return opening if opening is not None and opening.area == area_id else None

    def take_afterwards(self, area_id: str) -> str:
        """The command that is to be carried out in an area which has just been loaded, once; or ""."""
        if self._afterwards is None or self._afterwards[0] != area_id:
            return ""
        command_id, self._afterwards = self._afterwards[1], None
        return command_id

    def take_sought(self, area_id: str) -> str:
        """The row of Home that led to an area which has just been loaded, once; or ""."""
        if self._sought is None or self._sought[0] != area_id:
            return ""
        sought, self._sought = self._sought[1], None
        return sought


def _sweep(rack: ToastRack, told: Notifications) -> None:
    """Take away the holders whose toasts are gone."""
    shown = {rack._toast_id(toast) for toast in told}
    for holder in rack.query_children(ToastHolder):
        if holder.id not in shown:
            holder.remove()


def _spare_collections() -> None:
    """Keep the garbage collector from looking at what stays for ever, which takes it longer than a key may take."""
    gc.freeze()


def run_app(root: Path, graphics: TerminalGraphics | None = None, opening: Opening | None = None) -> int:
    """Run the program on the workspace in `root` until the person leaves; the exit code."""
    if graphics is not None:
        os.environ.update(graphics.environment())
    driver = driver_class(graphics) if graphics is not None else None
    # A thread that encodes a picture gives way to a key after a fifth of the usual time.
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*COLLECT_AT)
    give_memory_back()
    told = ""
    while True:
        _spare_collections()
        app = BinScoutApp(root, graphics, driver_class=driver, opening=opening, told=told)
        app.run()
        if app.let_go is None:
            return app.return_code or 0
        found = _stood_by(root, app.let_go[0], driver)
        if found is None:
            return 0
        opening, told = Opening("backups" if found.is_another else app.let_go[1]), found.words
        gc.unfreeze()


def _stood_by(root: Path, since: str, driver: type[Driver] | None) -> ComeBack | None:
    """Wait until nobody wants the workspace any more; what became of it, None when the person leaves."""
    from binscout_tui.screens.standing_by import StandingBy

    # The app has ended and with it what it made of the signal, which a hook may send at any moment.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    return come_back(root, since) if StandingBy(root, driver_class=driver).run() else None
