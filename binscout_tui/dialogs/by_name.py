"""The names that are told of images, and which of them are to be collections or tags."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.commands import gallery_tagging as commands
from binscout_tui.dialogs.base import Dialog
from binscout_tui.imaging.names import display_name
from binscout_tui.store.named import COLLECTION, TAG, Named
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import Row, RowList
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.by_name.grouping import Group

Load = Callable[[], Awaitable[Sequence["Group"]]]
READING = "⟳ reading file names, prompts and metadata…"
NONE = "No file name, prompt or metadata tells a name."
NOT_READ = "The names could not be read; Esc closes this."
UNSURE = "unsure"
NAME = 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of which names."""

    kind: Named
    groups: tuple[Group, ...]


class ByName(Dialog[Wanted], inherit_bindings=False):
    """Answers the chosen names; nothing is chosen at first, and those that are not sure stand apart."""

    SCOPE = commands.BY_NAME
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = """
    ByName #dialog { width: 96%; max-width: 120; height: 90%; max-height: 100%; padding: 0 1; }
    ByName #by-name-status { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ByName RowList { width: 1fr; height: 1fr; background: $surface; }
    ByName #by-name-details { width: 1fr; height: 2; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, load: Load) -> None:
        super().__init__("Group by name")
        self._load = load
        self._groups: dict[str, Group] = {}
        self._chosen: set[str] = set()
        self._kind = COLLECTION
        self._is_loaded = False

    def body(self) -> ComposeResult:
        """How many, each of them, and what tells the one under the cursor."""
        yield Line(Content.styled(READING, "$accent"), id="by-name-status")
        yield RowList(id="by-name")
        yield Line(id="by-name-details")

    def on_mount(self) -> None:
        """Read."""
        self.run_worker(self._fill(), group="load", exit_on_error=False, description="finding names")

    async def _fill(self) -> None:
        try:
            self._groups = {one.key: one for one in await self._load()}
        except Exception:
            self.query_one("#by-name-status", Line).say(Content.styled(NOT_READ, "$warning"))
            raise  # to be told and logged as any failed worker is
        self._is_loaded = True
        self._show()

    @property
    def _list(self) -> RowList:
        return self.query_one(RowList)

    @property
    def _here(self) -> Group | None:
        return self._groups.get(self._list.key or "")

    def _show(self) -> None:
        self._list.show(rows(list(self._groups.values()), self._chosen))
        self._tell()

    def _tell(self) -> None:
        if self._is_loaded:
            status = told(len(self._groups), len(self._chosen), self._kind)
            self.query_one("#by-name-status", Line).say(status)
            self.query_one("#by-name-details", Line).say(details(self._here))

    @on(RowList.Moved)
    def _stands_elsewhere(self) -> None:
        self._tell()

    @on(RowList.Opened)
    def _clicked(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        """Choose this name or not, and move on."""
        if (one := self._here) is not None:
            self._chosen ^= {one.key}
            self._show()
            self._list.move(1)

    def action_all(self) -> None:
        """All that are sure, or none."""
        sure = {key for key, one in self._groups.items() if not one.doubt}
        self._chosen = set() if sure <= self._chosen else self._chosen | sure
        self._show()

    def action_kind(self) -> None:
        """Tags or collections."""
        self._kind = TAG if self._kind is COLLECTION else COLLECTION
        self._tell()

    def action_make(self) -> None:
        """Answer what is chosen."""
        if self._chosen:
            chosen = tuple(one for key, one in self._groups.items() if key in self._chosen)
            self.dismiss(Wanted(self._kind, chosen))
        elif self._is_loaded:
            self.frame.toast("No name is chosen; {by_name.choose} chooses one, {by_name.all} all.", "warning")

    def action_up(self) -> None:
        """To the name above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the name below."""
        self._list.move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._list.move(-max(1, self._list.size.height - 1))

    def action_page_down(self) -> None:
        """A page down."""
        self._list.move(max(1, self._list.size.height - 1))


def rows(found: Sequence[Group], chosen: Collection[str]) -> list[Row]:
    """A row for each name; those that a person has to look at under a line of their own."""
    made = [Row(one.key, partial(_line, one, one.key in chosen)) for one in found if not one.doubt]
    unsure = [Row(one.key, partial(_line, one, one.key in chosen)) for one in found if one.doubt]
    apart = [Row(f" {UNSURE}", lambda width: Content.styled("Look at these first", "bold $warning"), selectable=False)]
    return made + (apart if unsure else []) + unsure


def _line(one: Group, chosen: bool, width: int) -> Content:
    sources = ", ".join(one.sources)
    return Content.assemble(
        ("■ " if chosen else "□ ", "$success" if chosen else "$text-muted"),
        Content(display_name(one.name)).truncate(NAME, ellipsis=True, pad=True),
        f"{len(one.images):>8,}  ",
        (sources, "$text-muted"),
    )


def told(names: int, chosen: int, kind: Named) -> Content:
    """How many there are, and what would be made of how many."""
    if not names:
        return Content.styled(NONE, "$text-muted")
    return Content.assemble(
        (counted(names, "name"), "bold"),
        (f" · {counted(chosen, kind.word)} to make", "$success" if chosen else "$text-muted"),
    )


def details(one: Group | None) -> Content:
    """What tells the name, and why it is not sure."""
    if one is None:
        return Content("")
    files = ", ".join(display_name(name) for name in one.examples)
    sources = ", ".join(f"{source} {count:,}" for source, count in one.sources.items())
    doubt = (display_name(one.doubt), "$warning") if one.doubt else (sources, "$text-muted")
    return Content.assemble((files, "$text-muted"), "\n", doubt)
