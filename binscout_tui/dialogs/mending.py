"""What mending sidecars would do, before it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.commands import sidecars as commands
from binscout_tui.dialogs.base import Dialog
from binscout_tui.imaging.names import display_name
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.line_list import LineList
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.files.plan import Plan


class MendingDialog(Dialog[bool]):
    """Shows every file with its new place, and what stays and why; answers True when it is to be done."""

    SCOPE = commands.PLAN
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = """
    MendingDialog #dialog { width: 96%; max-width: 120; height: 80%; }
    MendingDialog #mending-count { width: 1fr; height: 1; }
    MendingDialog LineList { background: $surface; margin: 1 0; }
    """

    def __init__(self, plan: Plan, root: Path) -> None:
        super().__init__("What would be done")
        self._plan, self._root = plan, root
        self._lines = lines(plan, root)

    @property
    def has_moves(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._plan.groups)

    def body(self) -> ComposeResult:
        """How much, and each of them."""
        stay = f"; {counted(len(self._plan.refused), 'file')} would stay" if self._plan.refused else ""
        moved = f"{counted(self._plan.files, 'sidecar')} would get another name or place{stay}. Nothing was done yet."
        yield Line(Content(moved), id="mending-count")
        yield LineList(id="mending-lines")

    def on_mount(self) -> None:
        """Show them."""
        self._list.show(len(self._lines), lambda number, width: self._lines[number])

    @property
    def _list(self) -> LineList:
        return self.query_one(LineList)

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)

    def action_down(self) -> None:
        """A line down."""
        self._list.scroll_down(animate=False)

    def action_up(self) -> None:
        """A line up."""
        self._list.scroll_up(animate=False)

    def action_page_down(self) -> None:
        """A page down."""
        self._list.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """A page up."""
        self._list.scroll_page_up(animate=False)


def lines(plan: Plan, root: Path) -> list[Content]:
    """The reasons of what stays first, then what moves; paths are shown as they are seen from the folder."""
    stays = [
        Content.assemble((f"{_name(one.path, root)}: ", "bold $warning"), (_short(one.reason, root), "$warning"))
        for one in plan.refused
    ]
    moves = [
        Content.assemble((_name(move.file.path, root), "bold"), (" → ", "$accent"), _name(move.destination, root))
        for group in plan.groups
        for move in group.moves
    ]
    return stays + moves


def _short(reason: str, root: Path) -> str:
    """A reason in which paths are as they are seen from the folder."""
    return display_name(reason.replace(f"{root}/", ""))


def _name(path: Path, root: Path) -> str:
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return display_name(shown)
