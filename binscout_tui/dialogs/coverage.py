"""What still needs pictures: a row an item, the one that needs most first; Enter goes to its compartment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import capture
from binscout_tui.dialogs.base import Dialog
from binscout_tui.store.coverage import ItemCoverage
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import Row, RowList

FIGURES = 8
EMPTY = "There are no items yet; {} chooses or makes one, binscout item import brings many."
Load = Callable[[], Awaitable[Sequence[ItemCoverage]]]


class Coverage(Dialog[ItemCoverage]):
    """Answers the item to capture for."""

    SCOPE = capture.COVERAGE
    BINDINGS = SCOPE.bindings()

    def __init__(self, load: Load) -> None:
        super().__init__("What needs pictures")
        self._load = load
        self._found: dict[str, ItemCoverage] = {}

    def body(self) -> ComposeResult:
        """The rows below their head."""
        yield Line(id="coverage-head")
        yield RowList(id="coverage-rows")
        yield Static("loading…", id="coverage-empty", markup=False)

    def on_mount(self) -> None:
        """Read the rows beside the first frame."""
        self.run_worker(self._fill(), group="load", exit_on_error=False, description="load the coverage")

    async def _fill(self) -> None:
        found = await self._load()
        self.query_one("#coverage-empty", Static).update("" if found else EMPTY.format(self.frame.key("capture.item")))
        self.query_one("#coverage-empty", Static).display = not found
        self._found = {str(one.item_id): one for one in found}
        self._list.show([Row(key, partial(line, one)) for key, one in self._found.items()])
        self._tell_head()

    def on_resize(self) -> None:
        """The head has the columns of the rows."""
        self._tell_head()

    def _tell_head(self) -> None:
        width = max(0, self._list.size.width - 2)
        self.query_one("#coverage-head", Line).say(
            columns("item", ("have", "staged", "target", "missing"), "in", width)
        )

    @property
    def _list(self) -> RowList:
        return self.query_one(RowList)

    def action_submit(self) -> None:
        """Go to the marked item."""
        if self._list.key is not None:
            self.dismiss(self._found[self._list.key])

    def on_row_list_opened(self) -> None:
        """A click on the marked row is like Enter."""
        self.action_submit()

    def action_down(self) -> None:
        """One row down."""
        self._list.move(1)

    def action_up(self) -> None:
        """One row up."""
        self._list.move(-1)

    def action_page_down(self) -> None:
        """A page down."""
        self._list.move(max(1, self._list.size.height - 1))

    def action_page_up(self) -> None:
        """A page up."""
        self._list.move(-max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        """To the first row."""
        self._list.move(-1_000_000)

    def action_last(self) -> None:
        """To the last row."""
        self._list.move(1_000_000)


def line(one: ItemCoverage, width: int) -> Content:
    """One item; what it lacks stands out."""
    figures = [f"{number:,}" for number in (one.accepted, one.staged, one.target, one.missing)]
    made = columns(one.name, figures, ", ".join(one.compartments), width)
    return made.stylize("$text-muted") if not one.missing else made


def columns(name: str, figures: Sequence[str], places: str, width: int) -> Content:
    """A row: the name, the figures at the right of their columns, and where it lives as far as there is room."""
    room = max(8, (width - FIGURES * len(figures)) // 2)
    head = Content(name).truncate(room, ellipsis=True, pad=True)
    rest = "".join(f"{figure:>{FIGURES}}" for figure in figures)
    left = max(0, width - head.cell_length - len(rest) - 2)
    return Content.assemble(head, rest, "  ", Content(places).truncate(left, ellipsis=True))
