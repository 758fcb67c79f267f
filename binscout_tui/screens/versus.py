"""Two runs side by side: their figures, and the cases that were fixed, that broke, that stayed as they were."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from binscout_tui.browsing.cases import CaseDesk
from binscout_tui.commands import report as commands
from binscout_tui.commands.table import with_keys
from binscout_tui.dialogs.reader import Page
from binscout_tui.errors import BinScoutError
from binscout_tui.reporting.versus import SORTS, Pair, Sort, Versus
from binscout_tui.reporting.versus_lines import sections
from binscout_tui.screens.base import dialog
from binscout_tui.screens.case_levels import CaseLevels
from binscout_tui.screens.case_view import CaseFull, CaseView
from binscout_tui.screens.report_text import section_text
from binscout_tui.screens.run_options import pick_other
from binscout_tui.store import places, runs
from binscout_tui.widgets.row_list import Row, RowList
from binscout_tui.workers.reports import compare_runs

EMPTY = "No runs are compared.\n\n{report.versus}   on a report or in Training chooses the other one"
STYLES: dict[Sort, str] = {"fixed": "$success", "broken": "$error", "wrong": "", "right": "$text-muted"}
SIGNS: dict[Sort, str] = {"fixed": "✓", "broken": "✗", "wrong": "○", "right": "●"}
TITLES: dict[Sort, str] = {"fixed": "Fixed", "broken": "Broken", "wrong": "Still wrong", "right": "Still right"}
MOST_WIDE = 110


class VersusScreen(CaseLevels):
    """The figures above, the four kinds of cases below; from a kind to its cases, and to one picture in full."""

    SCOPE = commands.VERSUS
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/report.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._versus: Versus | None = None
        self._learned: dict[str, list[str]] = {}
        self._why = ""

    # What the checks of the commands look at.

    @property
    def is_compared(self) -> bool:
        """Whether two runs are compared."""
        return self._versus is not None

    @property
    def sort(self) -> Sort:
        """The kind of cases under the cursor."""
        return next((sort for sort in SORTS if sort == self._list.key), "fixed")

    @property
    def count(self) -> int:
        """How many cases there are of that kind."""
        return len(self._pairs)

    @property
    def _pairs(self) -> Sequence[Pair]:
        return self._versus.of(self.sort) if self._versus is not None else ()

    @property
    def _list(self) -> RowList:
        return self.query_one("#versus-sorts", RowList)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#versus-scroll", VerticalScroll)

    def body(self) -> ComposeResult:
        """The levels, and what stands there while nothing is compared."""
        with Vertical(id="report-top"):
            with VerticalScroll(id="versus-scroll", can_focus=False):
                yield Page(self._text, id="versus-text")
            yield RowList(id="versus-sorts")
        yield CaseView(id="report-cases")
        yield CaseFull(id="report-full")
        yield Static(id="report-empty", markup=False)

    def on_mount(self) -> None:
        """The figures are shown first."""
        self.add_class("-top")

    # Opening.

    async def start(self) -> None:
        """The runs that were compared last, or that another screen asked for."""
        await self.resume()

    async def resume(self) -> None:
        """Another screen may have asked for other runs."""
        place = await self.kept_place() or {}
        self.came_from(place)
        wanted = (place.get("before"), place.get("after")) if isinstance(place, dict) else (None, None)
        before, after = wanted
        if not isinstance(before, str) or not isinstance(after, str):
            self._show_nothing(with_keys(EMPTY, self.frame.key_changes))
        elif self._versus is None or (self._versus.before, self._versus.after) != wanted:
            await self._compare(before, after)

    def _show_nothing(self, why: str) -> None:
        self._versus = None
        self.query_one("#report-empty", Static).update(why)
        self.add_class("-empty")

    async def _compare(self, before: str, after: str) -> None:
        try:
            self._versus, self._learned = await compare_runs(self.ws, before, after)
        except BinScoutError as error:
            self._show_nothing(f"{error.sentence}\n\n{error.hint}".strip())
            return
        await self.keep_place({"before": before, "after": after, "from": self.origin})
        self.remove_class("-empty")
        self.go("top")
        self.query_one(Page).make_again()
        self._scroll.scroll_home(animate=False)
        self._list.show([Row(sort, partial(self._sort_line, sort)) for sort in SORTS], key="fixed")

    def _sort_line(self, sort: Sort, width: int) -> Content:
        number = len(self._versus.of(sort)) if self._versus is not None else 0
        line = Content.assemble((f"{SIGNS[sort]} {number:>6,}  ", f"bold {STYLES[sort]}".strip()), SORTS[sort])
        return line.truncate(width, ellipsis=True)

    def _text(self, width: int) -> Content:
        if self._versus is None:
            return Content("")
        return section_text(sections(self._versus, min(width, MOST_WIDE), counts=False))[0]

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        self.frame.refresh_commands()

    @on(RowList.Opened)
    async def _clicked(self, event: RowList.Opened) -> None:
        await self.action_command("versus.cases")

    # The keys.

    async def action_cases(self) -> None:
        """The cases of the kind under the cursor."""
        versus, pairs = self._versus, self._pairs
        if versus is not None and pairs:
            before, after = [pair.before for pair in pairs], [pair.after for pair in pairs]
            desk = CaseDesk(self.ws, versus.task.name, after, self._learned, before)
            await self.show_cases(desk, TITLES[self.sort])

    async def action_swap(self) -> None:
        """The second run first."""
        if self._versus is not None:
            await self._compare(self._versus.after, self._versus.before)

    @dialog(description="choose a run to compare with")
    async def action_pick(self) -> None:
        """Compare the first run with another one."""
        if self._versus is None:
            return
        first = await self.ws.db.read(runs.get, self._versus.before)
        other = await pick_other(self, first)
        if other is not None:
            await self._compare(first.id, other.id)
            self.frame.refresh_commands()

    async def action_report(self) -> None:
        """The report of the second run."""
        if self._versus is not None:
            await self.ws.db.write(
                places.keep, self.ws.user.uid, "report", {"run": self._versus.after, "from": "training"}
            )
            self.frame.go_to("report")

    def action_training(self) -> None:
        """To Training."""
        self.frame.go_to("training")

    def action_up(self) -> None:
        """To the kind above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the kind below."""
        self._list.move(1)

    def action_page_up(self) -> None:
        """Scroll the figures up."""
        self._scroll.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll the figures down."""
        self._scroll.scroll_page_down(animate=False)
