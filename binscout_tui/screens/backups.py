"""Backups: what lies on a target, as the target itself says, and the work that goes on there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import backups as commands
from binscout_tui.commands.table import with_keys
from binscout_tui.errors import BinScoutError
from binscout_tui.screens import backups_rows as rows
from binscout_tui.screens.backups_acting import ActingOnBackups
from binscout_tui.store import places
from binscout_tui.store.events import Event
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.press import Press
from binscout_tui.widgets.row_list import RowList
from binscout_tui.workers import backups as workers

if TYPE_CHECKING:
    from binscout_tui.operations.backups.listing import RunRow, RunsView
    from binscout_tui.store.jobs import Job

MIN_WIDTH = 20
TICK_S = 10.0
LOOK_EVERY_S = 180.0
FRESH_S = 20.0
PRESSES = {"detail": "backups.detail", "restore": "backups.restore", "cancel": "backups.cancel"}
NO_TARGET = (
    "No target for backups yet.\n\n{backups.targets}  adds one: a folder, a NAS, a server or a bucket.\n\n"
    "What is here only is lost with this disk."
)
NO_RUN = "No run on {target} yet.\n\n{{backups.back_up}}  backs up now."
NEVER_SEEN = (
    "What lies on {target} is not known: it was never listed, and cannot be now.\n\n{{backups.look}}  looks again."
)
LOOKING = "Looking at {target}…"


class BackupsScreen(ActingOnBackups):
    """The runs of one target; first as they were seen last, then as the target shows them."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/backups.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.view: RunsView | None = None
        self._names: list[str] = []
        self._looking = ""
        self._look_again = False
        self._looked_after: frozenset[int] = frozenset()
        self._looked: dict[str, datetime] = {}
        self._views: dict[str, RunsView] = {}
        self._loading = asyncio.Lock()

    @property
    def targets(self) -> int:
        """How many targets there are."""
        return len(self._names)

    @property
    def run(self) -> RunRow | None:
        """The run under the cursor; a job that never reached the target has none."""
        return self.row if self.row is not None and self.row.run else None

    @property
    def row(self) -> RunRow | None:
        """The row under the cursor, also of work that left no run."""
        return self._rows.get(self._list.key or "")

    @property
    def last(self) -> RunRow | None:
        """The newest run on the target."""
        return next((one for one in self._rows.values() if one.logical_bytes is not None), None)

    @property
    def _rows(self) -> dict[str, RunRow]:
        return {one.key: one for one in self.view.rows} if self.view is not None else {}

    @property
    def _list(self) -> RowList:
        return self.query_one("#backups-runs", RowList)

    def body(self) -> ComposeResult:
        """Target, what is wrong with it, the runs, and what goes on."""
        yield Line(id="backups-head")
        yield Line(id="backups-told")
        yield Line(id="backups-targets")
        yield Line(id="backups-columns")
        yield RowList(id="backups-runs")
        yield Static(id="backups-empty", markup=False)
        with Horizontal(id="backups-acts"):
            yield Press("Detail", id="detail")
            yield Press("Restore", id="restore")
            yield Press("Cancel (x)", id="cancel")
            yield Line(id="backups-job")
        yield Line(id="backups-words")

    def on_mount(self) -> None:
        """Ages grow and targets change while somebody looks."""
        self._timer = self.set_interval(TICK_S, self._tick)

    def on_screen_suspend(self) -> None:
        """Nobody looks: ask nobody."""
        self._timer.pause()

    async def start(self) -> None:
        """Show what is known of the target that was looked at last, then look at it."""
        await self.load_jobs()
        await self.seek("")

    async def resume(self) -> None:
        """Take in what changed meanwhile."""
        self._timer.resume()
        await self.load_jobs()
        await self.load_targets()

    async def seek(self, sought: str) -> None:
        """Go to the target and the run that Home asked for."""
        kept = await self.kept_place()
        since = await self.ws.db.read(places.kept_at, self.ws.user.uid, self.SCOPE.id)
        place = rows.restored_place(self.jobs, since) or (kept if isinstance(kept, dict) else {})
        await self.load_targets(str(place.get("target") or ""), str(place.get("run") or ""))

    async def changed(self, events: Sequence[Event]) -> None:
        """Jobs beat and end; what ended has changed what lies on the target."""
        if any(event.kind == "job" for event in events):
            before = self._ended
            await self.load_jobs()
            for job in self.jobs:
                if job.id in self._ended - before:
                    self._tell_end(job)
            if self._ended != before:
                self._begin_to_look()
            self.show()

    @property
    def _ended(self) -> frozenset[int]:
        """The jobs that work no more: when others have come to them, the target is not what it was."""
        return frozenset(job.id for job in self.jobs if not job.is_open)

    def _tell_end(self, job: Job) -> None:
        words, is_warning = rows.ended_words(job)
        if words:
            self.frame.toast(words, "warning" if is_warning else "information")

    async def load_targets(self, wanted: str = "", run: str = "") -> None:
        """Read which targets there are, and show `wanted`, else the one that is shown, else the usual one."""
        self._names = [target.name for target in await workers.targets(self.ws.paths.root)]
        usual = self.ws.settings.backup.target
        known = [name for name in (wanted, self.target, usual) if name in self._names]
        await self.show_target(known[0] if known else next(iter(self._names), ""), run)

    async def show_target(self, name: str, run: str = "") -> None:
        """Show the target as it was seen last, and look at it beside the event loop."""
        if name != self.target:
            self.target, self.view = name, None
        self.show()
        if not name:
            return
        try:
            async with self._loading:
                view = self._views.get(name)
                await self._take(view or await workers.runs(self.ws.paths.root, name, live=False), run)
        except BinScoutError:
            self._begin_to_look()
            raise
        if self._age(name) > FRESH_S or self._looked_after != self._ended:
            self._begin_to_look()

    async def _take(self, view: RunsView, run: str = "") -> None:
        """Show a look at the target, unless another target is shown by now."""
        if view.target != self.target:
            return
        self.view = self._views[view.target] = view
        now = datetime.now().astimezone()
        stale = bool(view.error) and not view.live
        known = {one.key for one in view.rows}
        self._list.show(rows.run_rows(view.rows, now, stale=stale), key=run if run in known else None)
        self.show()

    def _age(self, name: str) -> float:
        """Seconds since the target was looked at from here."""
        looked = self._looked.get(name)
        return float("inf") if looked is None else (datetime.now(UTC) - looked).total_seconds()

    def _begin_to_look(self) -> None:
        """Look at the target that is shown; once more afterwards where that is going on already."""
        self._look_again = bool(self.target) and self._looking == self.target
        if self.target and not self._look_again:
            self._looking, self._looked_after = self.target, self._ended
            look = self._look(self.target)
            self.run_worker(look, group="look", exit_on_error=False, description=f"looking at {self.target}")
            self.show()

    async def _look(self, name: str) -> None:
        try:
            view = await workers.runs(self.ws.paths.root, name, live=True)
        except BinScoutError as error:
            self._done_looking(name)
            self.frame.report(error, f"looking at {name}")
            return
        except Exception:
            self._done_looking(name)
            raise
        self._done_looking(name)
        async with self._loading:
            await self._take(view)
        self.frame.refresh_backups()

    def _done_looking(self, name: str) -> None:
        self._looked[name] = datetime.now(UTC)
        if self._looking == name:
            self._looking = ""
            if self._look_again:
                self._begin_to_look()
        self.show()

    def _tick(self) -> None:
        if self._started and self.target:
            if self._age(self.target) > LOOK_EVERY_S:
                self._begin_to_look()
            self.show()

    def show(self) -> None:
        """Say everything as it is now; the rows stay as they are."""
        now = datetime.now().astimezone()
        width = max(MIN_WIDTH, self.size.width - 2)
        looking = self._looking == self.target != ""
        say = self._say
        say("head", rows.head_line(self.view, now, width, looking=looking) if self.target else Content(""))
        told = rows.told_line(self.view, width)
        say("told", told)
        self.query_one("#backups-told").styles.height = 1 + told.plain.count("\n")
        say("targets", rows.targets_line(self._names, self.target, self.frame.key("backups.target_next")))
        say("columns", rows.columns_line(width))
        say("job", rows.job_line(self.working, self.failed))
        typed = self.failed is not None and self.failed.kind in commands.TYPED
        again = "" if typed else f"{self.frame.key('backups.retry')} again"
        words = rows.job_words(self.working, self.failed, again)
        say("words", words if words.plain else rows.reason_line(self.row))
        self._show_empty(looking)
        self._show_presses()
        self.frame.refresh_commands()

    def _say(self, name: str, content: Content) -> None:
        line = self.query_one(f"#backups-{name}", Line)
        line.say(content)
        line.set_class(not content.plain, "-nothing")

    def _show_empty(self, looking: bool) -> None:
        view = self.view
        words = NO_TARGET
        if self.target:
            unseen = view is None or view.listed_at is None
            # Until the first look has ended nobody can say that it fails.
            is_tried = self.target in self._looked and not looking
            words = (NEVER_SEEN if is_tried else LOOKING) if unseen else NO_RUN
        self.set_class(view is None or not view.rows, "-empty")
        text = with_keys(words.format(target=self.target) if self.target else words, self.frame.key_changes)
        self.query_one("#backups-empty", Static).update(text)

    def _show_presses(self) -> None:
        for name, command_id in PRESSES.items():
            self.query_one(f"#{name}", Press).refused = self.verdict(self.SCOPE[command_id]) is not True
        self.query_one("#cancel", Press).display = self.working is not None

    def on_resize(self) -> None:
        """The lines are made for the width."""
        if self._started:
            self.show()

    @on(Press.Pressed)
    async def _pressed(self, event: Press.Pressed) -> None:
        await self.action_command(PRESSES[event.press.id or ""])

    async def on_row_list_opened(self, event: RowList.Opened) -> None:
        """A click on the marked row is like Enter."""
        await self.action_command("backups.detail")

    async def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Remember the run under the cursor."""
        await self.keep_place({"target": self.target, "run": event.key})
        self.show()

    def action_look(self) -> None:
        """Look at the target now."""
        self._begin_to_look()

    async def action_target_next(self) -> None:
        """To the next target."""
        await self._turn(1)

    async def action_target_before(self) -> None:
        """To the target before."""
        await self._turn(-1)

    async def _turn(self, steps: int) -> None:
        place = self._names.index(self.target) if self.target in self._names else 0
        name = self._names[(place + steps) % len(self._names)]
        await self.show_target(name)
        await self.keep_place({"target": name, "run": self._list.key or ""})

    def action_up(self) -> None:
        """To the run above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the run below."""
        self._list.move(1)

    def action_page_up(self) -> None:
        """Up by a page."""
        self._list.move(1 - self._list.size.height)

    def action_page_down(self) -> None:
        """Down by a page."""
        self._list.move(self._list.size.height - 1)

    def action_first(self) -> None:
        """To the newest run."""
        self._list.move(-len(self._rows))

    def action_last(self) -> None:
        """To the oldest run."""
        self._list.move(len(self._rows))
