"""Building a version inside of Data sets: the form, the plan, and freezing as a key of its own."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import msgspec
from textual.content import Content

from binscout_tui.operations.dataset_plan import Plan, freeze_live, plan_live
from binscout_tui.operations.datasets import Arrangement, BuildReport, Tell, Wanted
from binscout_tui.screens import datasets_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.datasets_showing import ShowingScreen
from binscout_tui.screens.words import counted
from binscout_tui.store import dataset_sources
from binscout_tui.store.users import RANK

T = TypeVar("T")
FIRST_NAME = "parts"
Planned = tuple[Plan, Arrangement]


class BuildingScreen(ShowingScreen):
    """Asks what to build, shows what would be frozen, freezes it."""

    def __init__(self) -> None:
        super().__init__()
        self.busy: str | None = None

    @property
    def viewer(self) -> str | None:
        """Why this person may not build a version, or None."""
        if not self._started:
            return None
        user = self.ws.user
        allowed = RANK[user.role] >= RANK["operator"]
        return None if allowed else f"Building a dataset needs the role operator; {user.name} is {user.role}."

    async def load(self, key: str) -> None:
        """Read the versions; the cursor goes to `key` or stays."""
        raise NotImplementedError

    async def busy_with(self, what: str, work: Awaitable[T]) -> T:
        """The result of `work`; meanwhile the other commands say `what` is going on."""
        self.busy = what
        self.frame.toast(what)
        self.frame.refresh_commands()
        try:
            return await work
        finally:
            self.busy = None
            self.frame.clear_toasts()
            self.frame.refresh_commands()

    @dialog(description="build a data set")
    async def action_new(self) -> None:
        """Ask for name, task and split, show the plan, freeze it when that is wanted."""
        from binscout_tui.dialogs.new_dataset import NewDatasetForm, PlanDialog

        offer = await self.ws.db.read(dataset_sources.offer)
        asked = await self.app.push_screen_wait(NewDatasetForm(self._first_name(), offer))
        if asked is None:
            return
        wanted = Wanted(name=asked.name, task=asked.task, item=asked.item, ratios=asked.ratios)

        async def work(tell: Tell) -> Planned:
            return await plan_live(self.ws, wanted, tell)

        planned = await self.app.push_screen_wait(PlanDialog(f"Plan of {asked.name}", work, _plan_text))
        if planned is not None:
            await self._freeze(wanted, *planned)

    async def _freeze(self, wanted: Wanted, plan: Plan, arrangement: Arrangement) -> None:
        if plan.leaks:
            reason = await self._reason(plan)
            if reason is None:
                self.frame.toast("Nothing was frozen.")
                return
            wanted = msgspec.structs.replace(wanted, allow_leaks=True, leak_reason=reason)
        work = freeze_live(self.ws, wanted, arrangement)
        report = await self.busy_with(f"{wanted.name} is being frozen.", work)
        self.frame.session.nudge()
        await self.load(report.id)
        self.go("list")
        self.frame.toast(_frozen(report))

    async def _reason(self, plan: Plan) -> str | None:
        """Why leaks are allowed, None when they are not."""
        from binscout_tui.dialogs.ask import Ask

        text = (
            f"{counted(len(plan.leaks), 'leak', '')}: pictures that belong together would lie in different splits,"
            " so figures on val and test come out too good.\nWhy is that all right? The journal keeps it."
        )
        answer: str | None = await self.app.push_screen_wait(Ask("Freeze with leaks?", text))
        return answer

    def _first_name(self) -> str:
        """The name that was used last."""
        version = getattr(self, "version", None)
        return version.dataset.name if version is not None else FIRST_NAME


def _plan_text(planned: Planned, width: int) -> Content:
    return lines.plan_text(planned[0], width)


def _frozen(report: BuildReport) -> str:
    noun = "set" if report.task == "select" else "image"
    what = f"{report.name} {report.id[:8]}: {counted(sum(report.samples.values()), noun, '')}, frozen."
    if report.known_good:
        what += f" {counted(report.known_good, f'test {noun}', 'are the gate')}'s known-good list."
    same = f"{report.name} is the list {report.id[:8]} that was frozen before; it has this name now too."
    return what if report.is_new else same
