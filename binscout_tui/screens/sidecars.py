"""Sidecars: what is wrong with the files beside pictures, and mending it."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.commands import sidecars as commands
from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.mending import MendingDialog
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.files.running import Done
from binscout_tui.operations.sidecars.auditing import Finding
from binscout_tui.operations.sidecars.looking import Audit
from binscout_tui.screens import sidecars_rows as lines
from binscout_tui.screens.base import BaseScreen, dialog
from binscout_tui.store.users import RANK
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import Row, RowList
from binscout_tui.workers import sidecars as workers

ASK = "A folder of pictures, with all folders below it. Nothing is changed by looking."
IN_PLACE = "images that stayed in place"
TELL_S = 0.3


class SidecarsScreen(BaseScreen):
    """A list of findings by kind; what is chosen is mended at once, after the plan was shown."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/sidecars.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self._is_known = False
        self._is_viewer = False
        self._audit: Audit | None = None
        self._findings: dict[str, Finding] = {}
        self._rows: list[Row] = []
        self._chosen: set[str] = set()
        self._look: workers.Look | None = None
        self._is_moving = False

    def body(self) -> ComposeResult:
        """What was looked at, the findings, what is known of the one under the cursor."""
        yield Line(id="sidecars-status")
        yield RowList(id="sidecars")
        yield Line(id="sidecars-details")
        yield Static(id="sidecars-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def here(self) -> Finding | None:
        """The finding under the cursor."""
        return self._findings.get(self._list.key or "")

    @property
    def has_findings(self) -> bool:
        """Whether there is a finding under the cursor."""
        return self.here is not None

    @property
    def can_choose(self) -> bool:
        """Whether what is under the cursor can be mended."""
        return self.here is not None and bool(self.here.fix)

    @property
    def can_mend(self) -> bool:
        """Whether something is chosen, or what is under the cursor can be mended."""
        return bool(self._chosen) or self.can_choose

    @property
    def has_folder(self) -> bool:
        """Whether it is known where to look."""
        return self._is_known

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""
        return self._look is not None

    @property
    def is_moving(self) -> bool:
        """Whether files are being moved."""
        return self._is_moving

    @property
    def is_viewer(self) -> bool:
        """Whether the person may only look."""
        return self._is_viewer

    @property
    def _list(self) -> RowList:
        return self.query_one("#sidecars", RowList)

    @property
    def _where(self) -> str:
        return str(self._folder) if self._folder is not None else IN_PLACE

    # Opening.

    async def start(self) -> None:
        """Remember the folder of last time; it may be large, so it is looked at when somebody says so."""
        self._is_viewer = RANK[self.ws.user.role] < RANK["operator"]
        place = await self.kept_place()
        if isinstance(place, dict) and "folder" in place:
            self._folder, self._is_known = Path(place["folder"]) if place["folder"] else None, True
        self.set_interval(TELL_S, self._tell_progress)
        self._show()

    def _show(self) -> None:
        found = self._audit
        self._findings = {one.key: one for one in found.findings} if found is not None else {}
        self._chosen &= self._findings.keys()
        self._rows = lines.rows(found, self._chosen) if found is not None else []
        self._list.show(self._rows)
        self._tell()

    def _show_chosen(self) -> None:
        """The rows look themselves whether they are chosen."""
        self._list.refresh()
        self._tell()

    def _tell(self) -> None:
        look = self._look
        done, total = (look.done, look.total) if look is not None else (0, 0)
        status = lines.status(
            self._audit, self._where, len(self._chosen), done=done, total=total, looking=look is not None
        )
        self.query_one("#sidecars-status", Line).say(status)
        self.query_one("#sidecars-details", Line).say(lines.details(self.here, self._audit))
        is_empty = not self._findings and not self.is_looking
        self.set_class(is_empty, "-empty")
        self.set_class(self._audit is not None and bool(self._audit.refused), "-refused")
        if is_empty:
            words = lines.empty_words(self._audit, self._where if self._is_known else "", self.frame.key)
            self.query_one("#sidecars-empty", Static).update(words)

    def _tell_progress(self) -> None:
        if self.is_looking:
            self._tell()

    # Looking.

    @dialog(description="ask for a folder")
    async def action_open(self) -> None:
        """Ask for a folder and look at it."""
        before = str(self._folder) if self._folder is not None else ""
        text = await self.app.push_screen_wait(Ask("Folder", ASK, before))
        if text:
            self._begin(_typed(text))

    def action_in_place(self) -> None:
        """Look where images stayed in place."""
        self._begin(None)

    def action_again(self) -> None:
        """Look at the same folder again."""
        self._begin(self._folder)

    def _begin(self, folder: Path | None) -> None:
        if not self.is_looking:
            self._folder, self._is_known = folder, True
            self._audit, self._look = None, workers.Look()
            self._show()
            self.run_worker(
                self._look_at(folder, self._look), group="action", exit_on_error=False, description="look at sidecars"
            )

    async def _look_at(self, folder: Path | None, look: workers.Look) -> None:
        try:
            self._audit = await workers.look(self.ws.paths.root, folder, look)
            await self.keep_place({"folder": None if folder is None else str(folder)})
        except BinScoutError as error:
            self.frame.report(error, "sidecars")
        finally:
            self._look = None
            self._show()
            self.frame.refresh_commands()

    def go_up(self) -> bool:
        """Esc stops a look first."""
        if self._look is not None:
            self._look.stop()
            return True
        return super().go_up()

    def on_unmount(self) -> None:
        """Nobody waits for a look any more."""
        if self._look is not None:
            self._look.stop()

    # Moving.

    @on(RowList.Moved)
    def _stands_elsewhere(self) -> None:
        self._tell()
        self.frame.refresh_commands()

    @on(RowList.Opened)
    async def _clicked(self) -> None:
        await self.action_command("sidecars.show")

    def action_up(self) -> None:
        """To the finding above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the finding below."""
        self._list.move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._list.move(-max(1, self._list.size.height - 1))

    def action_page_down(self) -> None:
        """A page down."""
        self._list.move(max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        """To the first finding."""
        self._list.move(-len(self._findings))

    def action_last(self) -> None:
        """To the last finding."""
        self._list.move(len(self._findings))

    def action_next_kind(self) -> None:
        """To the next kind."""
        self._to_kind(1)

    def action_previous_kind(self) -> None:
        """To the kind before."""
        self._to_kind(-1)

    def _to_kind(self, by: int) -> None:
        here, starts = self.here, lines.kind_starts(list(self._findings.values()))
        if here is None:
            return
        place = next(number for number, key in enumerate(starts) if self._findings[key].kind == here.kind) + by
        if 0 <= place < len(starts):
            self._list.show(self._rows, key=starts[place])

    # Choosing and mending.

    def action_choose(self) -> None:
        """Choose this or not, and move on."""
        if (one := self.here) is not None:
            self._chosen ^= {one.key}
            self._show_chosen()
            self._list.move(1)

    def action_all(self) -> None:
        """All of this kind, or none of it."""
        if (one := self.here) is not None:
            ours = {key for key, other in self._findings.items() if other.kind == one.kind}
            if ours <= self._chosen:
                self._chosen -= ours
            else:
                self._chosen |= ours
            self._show_chosen()

    @dialog(description="mend sidecars")
    async def action_show(self) -> None:
        """Show what would be done, and do it when that is wanted."""
        found, here = self._audit, self.here
        keys = self._chosen or ({here.key} if here is not None else set())
        wanted = [one for key, one in self._findings.items() if key in keys]
        if found is None or not wanted:
            return
        try:
            plan = await workers.would_mend(self.ws.paths.root, found.roots, wanted)
        except BinScoutError as error:
            self.frame.report(error, "sidecars")
            return
        if await self.app.push_screen_wait(MendingDialog(plan, found.root)):
            self._chosen.clear()
            await self._move(workers.mend(self.ws.paths.root, found.roots, wanted))

    @dialog(description="take back what was mended")
    async def action_undo(self) -> None:
        """Take back what was mended last."""
        await self._move(workers.undo(self.ws.paths.root), back=True)

    async def _move(self, moving: Awaitable[Done], *, back: bool = False) -> None:
        """Wait for files to be moved, say what came of it, and look again."""
        self._is_moving = True
        try:
            words, well = lines.done_words(await moving, back=back)
        except BinScoutError as error:
            self.frame.report(error, "sidecars")
            return
        finally:
            self._is_moving = False
            self.frame.refresh_commands()
        self.frame.toast(
            words if back or not well else f"{words}; {{sidecars.undo}} takes it back.",
            "information" if well else "warning",
        )
        if self._is_known:
            self._begin(self._folder)


def _typed(text: str) -> Path:
    return Path(text).expanduser().absolute()
