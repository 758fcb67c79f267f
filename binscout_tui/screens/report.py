"""Report: how good a run's model became, beside its baselines, and what it had wrong."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from binscout_tui.browsing.cases import CaseDesk
from binscout_tui.commands import report as commands
from binscout_tui.commands.table import with_keys
from binscout_tui.dialogs.reader import Page
from binscout_tui.errors import BinScoutError
from binscout_tui.reporting.lines import Section, sections
from binscout_tui.screens.base import dialog
from binscout_tui.screens.case_levels import CaseLevels
from binscout_tui.screens.case_view import CaseFull, CaseView
from binscout_tui.screens.report_text import section_text
from binscout_tui.screens.run_options import pick_other, pick_run
from binscout_tui.store import places
from binscout_tui.store.events import Event
from binscout_tui.widgets.line import Line
from binscout_tui.workers.reports import OpenReport, finished, open_report

EMPTY = "No report yet.\n\n{training.new}   in Training starts a run; its report is here when it is done"
MOST_WIDE = 110


class ReportScreen(CaseLevels):
    """The figures as a text that scrolls by sections; below it the worst cases, and one picture in full."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/report.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.others = 0
        self._open: OpenReport | None = None
        self._starts: list[int] = []
        self._tasks: list[str] = []

    # What the checks of the commands look at.

    @property
    def run_id(self) -> str | None:
        """The run whose report is shown."""
        return self._open.run.id if self._open is not None else None

    @property
    def has_cases(self) -> bool:
        """Whether something went wrong that can be looked at."""
        return self._open is not None and bool(self._open.document.worst)

    def body(self) -> ComposeResult:
        """The levels, and what stands there while there is no report."""
        with Vertical(id="report-top"):
            yield Line(id="report-head")
            with VerticalScroll(id="report-scroll", can_focus=False):
                yield Page(self._text, id="report-text")
        yield CaseView(id="report-cases")
        yield CaseFull(id="report-full")
        yield Static(id="report-empty", markup=False)

    def on_mount(self) -> None:
        """The figures are shown first."""
        self.add_class("-top")

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#report-scroll", VerticalScroll)

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """The report that was looked at last, or that another screen asked for."""
        await self.resume()

    async def resume(self) -> None:
        """Another screen may have asked for the report of another run."""
        place = await self.kept_place() or {}
        asked = place.get("run") if isinstance(place, dict) else None
        self.came_from(place)
        found = await finished(self.ws)
        self._tasks = [run.task for run in found]
        wanted = asked if isinstance(asked, str) else next((run.id for run in found), None)
        if wanted is None:
            self._show_nothing(with_keys(EMPTY, self.frame.key_changes))
        elif wanted != self.run_id:
            await self._show(wanted)
        self._count_others()

    async def changed(self, events: Sequence[Event]) -> None:
        """Runs end: there is one more to compare with."""
        if any(event.kind in ("run", "job") for event in events):
            found = await finished(self.ws)
            self._tasks = [run.task for run in found]
            if self._open is None and found:
                await self._show(found[0].id)
            self._count_others()

    def _count_others(self) -> None:
        task = self._open.run.task if self._open is not None else None
        self.others = max(0, sum(one == task for one in self._tasks) - 1)

    def _show_nothing(self, why: str) -> None:
        self._open = None
        self.query_one("#report-empty", Static).update(why)
        self.add_class("-empty")
        self.go("top")

    async def _show(self, run_id: str) -> None:
        try:
            self._open = await open_report(self.ws, run_id)
        except BinScoutError as error:
            self._show_nothing(f"{error.sentence}\n\n{error.hint}".strip())
            return
        self.remove_class("-empty")
        self.go("top")
        self._count_others()
        self.query_one(Page).make_again()
        self._scroll.scroll_home(animate=False)
        self._tell()
        await self.keep_place({"run": run_id, "from": self.origin})

    def _tell(self) -> None:
        if (found := self._open) is None:
            return
        facts = f"{found.run.task} · {found.run.dataset_name} · {found.run.preset}"
        head = Content.assemble((found.run.id, "bold"), (f"  {facts}", "$text-muted"))
        self.query_one("#report-head", Line).say(head)

    def _text(self, width: int) -> Content:
        if self._open is None:
            return Content("")
        text, self._starts = section_text(self._sections(width))
        return text

    def _sections(self, width: int) -> list[Section]:
        return sections(self._open.document, min(width, MOST_WIDE)) if self._open is not None else []

    # The keys.

    def action_down(self) -> None:
        """A line down."""
        self._scroll.scroll_down(animate=False)

    def action_up(self) -> None:
        """A line up."""
        self._scroll.scroll_up(animate=False)

    def action_page_down(self) -> None:
        """A page down."""
        self._scroll.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """A page up."""
        self._scroll.scroll_page_up(animate=False)

    def action_first(self) -> None:
        """To the top."""
        self._scroll.scroll_home(animate=False)

    def action_last(self) -> None:
        """To the end."""
        self._scroll.scroll_end(animate=False)

    def action_next(self) -> None:
        """The next section at the top."""
        self._go_to_section(next((at for at in self._starts if at > self._scroll.scroll_offset.y), None))

    def action_previous(self) -> None:
        """The section before at the top."""
        self._go_to_section(next((at for at in reversed(self._starts) if at < self._scroll.scroll_offset.y), None))

    def _go_to_section(self, line: int | None) -> None:
        if line is None or line >= self._scroll.max_scroll_y + self._scroll.size.height:
            self.frame.toast("There is no section beyond.")
        else:
            self._scroll.scroll_to(y=line, animate=False)

    async def action_cases(self) -> None:
        """The worst cases."""
        if (found := self._open) is not None:
            desk = CaseDesk(self.ws, found.run.task, found.document.worst, found.read.sources.examples)
            await self.show_cases(desk, "Worst")

    @dialog(description="choose a report")
    async def action_pick(self) -> None:
        """Ask for another run."""
        found = await finished(self.ws)
        if not found:
            self.frame.toast("No run is finished yet.", "warning")
        elif (picked := await pick_run(self, "Show the report of", found)) is not None:
            await self._show(picked.id)
            self.frame.refresh_commands()

    @dialog(description="choose a run to compare with")
    async def action_versus(self) -> None:
        """Ask for another run of the task, and compare."""
        if (opened := self._open) is None:
            return
        other = await pick_other(self, opened.run)
        if other is not None:
            pair = {"before": other.id, "after": opened.run.id, "from": self.SCOPE.id}
            await self.ws.db.write(places.keep, self.ws.user.uid, "versus", pair)
            self.frame.go_to("versus")

    async def action_training(self) -> None:
        """To Training."""
        if self.run_id is not None:
            await self.ws.db.write(places.keep, self.ws.user.uid, "training", {"run": self.run_id})
        self.frame.go_to("training")
