"""Building a data set: the form that asks for it, and the plan that is shown before anything is frozen."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.commands import datasets as commands
from binscout_tui.dialogs.base import Dialog
from binscout_tui.dialogs.form import Form
from binscout_tui.dialogs.reader import Page
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.operations.datasets import Tell
from binscout_tui.operations.splitting import Ratios, parse_ratios
from binscout_tui.store.dataset_sources import Offer
from binscout_tui.store.datasets import checked_name
from binscout_tui.widgets.choice import Choice
from binscout_tui.widgets.text_line import TextLine
from binscout_tui.wording import counted

T = TypeVar("T")
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class NewDataset:
    """What was filled in; `item` is what is to be counted, "" for everything and for other tasks."""

    name: str
    task: str
    item: str
    ratios: Ratios


def task_options(offer: Offer) -> list[tuple[str, str, str]]:
    """(value, words, explanation) of the tasks, with what there is for each."""
    there = {
        "classify": f"which class a picture has: {counted(offer.classify, 'image')} with a class",
        "select": f"which image of a set to keep, and its crop: {counted(offer.select, 'decided set')}",
        "count": f"how many things there are: {counted(offer.count, 'image')} with boxes or a count",
    }
    return [(task, task, words) for task, words in there.items()]


class NewDatasetForm(Form[NewDataset]):
    """Asks for name, task and split; Enter goes on to the plan, Esc closes."""

    AUTO_FOCUS = "#name"

    def __init__(self, name: str, offer: Offer, split: str = "80/10/10") -> None:
        super().__init__("New data set: what would be frozen is shown first")
        self._initial = name, split
        self._offer = offer

    def body(self) -> ComposeResult:
        """Name, task, what to count, split, and what is wrong with them."""
        name, split = self._initial
        yield Static("name", classes="field-name")
        yield TextLine(name, compact=True, select_on_focus=True, id="name")
        yield Choice("task", task_options(self._offer), id="task")
        counted_classes = ", ".join(self._offer.classes[:6]) or "none has boxes or counts of a class"
        yield Static(
            Content(f"item or class to count, empty for everything: {counted_classes}"),
            id="item-name",
            classes="field-name",
        )
        yield TextLine(placeholder="everything", compact=True, id="item")
        yield Static("split: percent for train/val/test", classes="field-name")
        yield TextLine(split, compact=True, id="split")
        yield Static("", id="form-error")

    def on_mount(self) -> None:
        """What is to be counted is asked for that task alone."""
        self.watch(self.query_one("#task", Choice), "index", self._show_item)

    def _show_item(self) -> None:
        is_count = self._chosen_task == "count"
        for field in ("#item-name", "#item"):
            self.query_one(field).display = is_count

    @property
    def _chosen_task(self) -> str:
        return self.query_one("#task", Choice).value

    def action_submit(self) -> None:
        """Answer with what is filled in, when it is right."""
        try:
            answer = self._filled_in()
        except UsageError as error:
            self.tell(error.sentence)
            return
        self.dismiss(answer)

    def _filled_in(self) -> NewDataset:
        name, item, split = (self.query_one(f"#{field}", Input).value.strip() for field in ("name", "item", "split"))
        if not name:
            raise UsageError("A data set needs a name.")
        item = item if self._chosen_task == "count" else ""
        return NewDataset(checked_name(name), self._chosen_task, item, parse_ratios(split))


class LeftError(BinScoutError):
    """The person has left; what was being worked out is not wanted any more."""

    code = "left"


class Waiting(Dialog[T], Generic[T]):
    """Waits for work beside the event loop, says how far it is, and answers what came of it; Esc ends it.

    `work` gets a function to tell what is being done, which raises LeftError after the dialog was closed.
    """

    SCOPE = commands.WAITING
    BINDINGS = SCOPE.bindings()

    def __init__(self, title: str, work: Callable[[Tell], Awaitable[T]]) -> None:
        super().__init__(title)
        self._work = work
        self._stage = "beginning"
        self._begun = time.monotonic()
        self._left = False

    def body(self) -> ComposeResult:
        """What comes of it, or how far it is."""
        with VerticalScroll(id="reader", can_focus=False):
            yield Page(self._page, id="reader-text")

    def on_mount(self) -> None:
        """Begin."""
        self._begun = time.monotonic()
        self.run_worker(self._find(), group="work", exit_on_error=False, description=self._title)
        self._look = self.set_interval(LOOK_S, self._show)

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._left = True

    async def _find(self) -> None:
        try:
            found = await self._work(self._tell)
        except LeftError:
            return
        except BinScoutError as error:
            if not self._left:
                self.dismiss(None)
            self.frame.report(error, self._title)
            return
        self._look.stop()
        if not self._left:
            self.came(found)

    def came(self, found: T) -> None:
        """It is done."""
        self.dismiss(found)

    def _tell(self, stage: str) -> None:
        """Called from the thread that works."""
        if self._left:
            raise LeftError("Nobody waits for it any more.")
        self._stage = stage

    def _show(self) -> None:
        self.query_one("#reader-text", Page).make_again()

    def _page(self, width: int) -> Content:
        seconds = time.monotonic() - self._begun
        return Content.assemble((f"⟳ {self._stage}…", "$accent"), (f"  {seconds:.0f} s", "$text-muted"))


class PlanDialog(Waiting[T], Generic[T], inherit_bindings=False):
    """Works a plan out, shows it, and answers it when it is to be frozen."""

    SCOPE = commands.PLAN
    BINDINGS = SCOPE.bindings()

    def __init__(self, title: str, work: Callable[[Tell], Awaitable[T]], text: Callable[[T, int], Content]) -> None:
        super().__init__(title, work)
        self._text = text
        self._plan: T | None = None

    def came(self, found: T) -> None:
        """Show it."""
        self._plan = found
        self._show()

    def _page(self, width: int) -> Content:
        return super()._page(width) if self._plan is None else self._text(self._plan, width)

    def action_freeze(self) -> None:
        """Freeze what is shown; before it is shown there is nothing to freeze."""
        if self._plan is None:
            self.frame.toast("It is still being worked out.")
            return
        self.dismiss(self._plan)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#reader", VerticalScroll)

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
