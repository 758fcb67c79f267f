"""The targets for backups: choosing the one that is shown, adding, testing, forgetting."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import backups as commands
from binscout_tui.dialogs.base import Dialog
from binscout_tui.dialogs.reader import Page, Reader
from binscout_tui.dialogs.typed import TypedConfirm
from binscout_tui.imaging.names import display_name
from binscout_tui.widgets.row_list import Row, RowList
from binscout_tui.workers import backups as workers

if TYPE_CHECKING:
    from binscout_tui.backup.target.known import Target
    from binscout_tui.backup.target.testing import TestStep

MOST_ROWS = 10
NONE = "No target yet; n adds one."
FORGET = "forget"


class TargetsDialog(Dialog[str], inherit_bindings=False):
    """Answers the target that is to be shown."""

    SCOPE = commands.TARGETS
    BINDINGS = SCOPE.bindings()

    def __init__(self, root: Path, shown: str, may_not: str | None) -> None:
        """`may_not` is why this person may not change targets, or None."""
        super().__init__("Targets for backups")
        self._root, self._shown, self._may_not = root, shown, may_not
        self._targets: list[Target] = []

    def body(self) -> ComposeResult:
        """The targets."""
        yield RowList(id="targets-rows")
        yield Static(NONE, id="targets-none", markup=False)

    @property
    def _list(self) -> RowList:
        return self.query_one(RowList)

    async def on_mount(self) -> None:
        """Load them."""
        await self._load(self._shown)

    async def _load(self, key: str | None = None) -> None:
        self._targets = await workers.targets(self._root)
        self._list.styles.height = max(1, min(MOST_ROWS, len(self._targets)))
        self._list.display = bool(self._targets)
        self.query_one("#targets-none").display = not self._targets
        self._list.show([Row(one.name, partial(_line, one)) for one in self._targets], key=key)

    @property
    def _marked(self) -> Target | None:
        return next((one for one in self._targets if one.name == self._list.key), None)

    def action_submit(self) -> None:
        """Show the runs of the marked one."""
        self.dismiss(self._list.key)

    @on(RowList.Opened)
    def _clicked(self, event: RowList.Opened) -> None:
        self.dismiss(event.key)

    def action_down(self) -> None:
        """Mark the next one."""
        self._list.move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._list.move(-1)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="add a target")
    async def action_new(self) -> None:
        """Ask what is needed and add a target."""
        if not self._is_refused():
            from binscout_tui.dialogs.backup_target import TargetWizard

            name = await self.app.push_screen_wait(TargetWizard(self._root))
            await self._load(name)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="test a target")
    async def action_test(self) -> None:
        """Test the marked one, step by step."""
        if (target := self._marked) is not None:
            await self.app.push_screen_wait(TestDialog(self._root, target.name))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="forget a target")
    async def action_remove(self) -> None:
        """Forget the marked one, once the word is typed; what lies there stays."""
        if (target := self._marked) is None or self._is_refused():
            return
        text = f"{target.shown} is forgotten here, with what was kept to sign in there. What lies there stays."
        if await self.app.push_screen_wait(TypedConfirm(f"Forget {target.name}?", text, FORGET)):
            await workers.remove_target(self._root, target.name)
            await self._load()
            self.frame.toast(f"{target.name} is forgotten here; its backups are still there.")

    def _is_refused(self) -> bool:
        if self._may_not is not None:
            self.frame.toast(self._may_not, "warning")
        return self._may_not is not None


def _line(target: Target, width: int) -> Content:
    marks = [mark for mark, there in (("encrypted here", target.crypt), (target.sse, bool(target.sse))) if there]
    engine = [] if target.engine == "native" else [target.engine]
    parts = " · ".join([target.kind, *engine, target.shown, *marks])
    return Content.assemble((f"{target.name:<14} ", "bold"), (parts, "$text-muted")).truncate(width, ellipsis=True)


class TestDialog(Reader):
    """Tests a target and shows each step as it came out."""

    __test__ = False

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(f"Test of {name}", self._page)
        self._root, self._tested = root, name
        self._steps: list[TestStep] = []
        self._is_done = False

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._test(), group="test", exit_on_error=False, description=f"testing {self._tested}")

    async def _test(self) -> None:
        try:
            await workers.test_target(self._root, self._tested, self._step_done)
        finally:
            self._is_done = True
            self._show()

    def _step_done(self, step: TestStep) -> None:
        self._steps.append(step)
        self._show()

    def _show(self) -> None:
        if self.is_mounted:
            self.query_one("#reader-text", Page).make_again()

    def _page(self, width: int) -> Content:
        more = [] if self._is_done else [Content.styled("⟳ testing…", "$accent")]
        return Content("\n").join([*(_step(one) for one in self._steps), *more])


def _step(one: TestStep) -> Content:
    sign, style = {True: ("✓", "$success"), False: ("✗", "$error"), None: ("·", "$text-muted")}[one.ok]
    words = "$error" if one.ok is False else ""
    return Content.assemble((f"{sign} ", style), (f"{one.name:<14}", "bold"), (display_name(one.words), words))
