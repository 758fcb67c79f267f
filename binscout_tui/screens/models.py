"""Models: what was trained, how good it is, what the gate says, and which one is in use."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import models
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.reader import Page
from binscout_tui.screens.base import BaseScreen, dialog
from binscout_tui.screens.models_rows import card_text, model_rows
from binscout_tui.store import shelf
from binscout_tui.store.events import Event
from binscout_tui.store.models import Model
from binscout_tui.store.shelf import Shelf, Shelved
from binscout_tui.store.users import RANK
from binscout_tui.widgets.row_list import RowList

T = TypeVar("T")
NO_MODEL = "No model yet.\n\nA training run makes one: , then t."


class ModelsScreen(BaseScreen):
    """The models on the left, the card of the one under the cursor on the right."""

    SCOPE = models.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/models.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal")]

    def __init__(self) -> None:
        super().__init__()
        self.busy: str | None = None
        self._shelf = Shelf(models=[], activations=[], tasks_with_previous=set())

    @property
    def model(self) -> Model | None:
        """The model under the cursor."""
        return one.model if (one := self._shelved) else None

    @property
    def refusal(self) -> str | None:
        """Why the model under the cursor may not be activated."""
        if RANK[self.ws.user.role] < RANK["admin"]:
            return f"Activating a model needs the role admin; {self.ws.user.name} is {self.ws.user.role}."
        return self._shelved.refusal if self._shelved else None

    @property
    def can_go_back(self) -> bool:
        """Whether another model of this task was active before."""
        return self.model is not None and self.model.task in self._shelf.tasks_with_previous

    @property
    def _list(self) -> RowList:
        return self.query_one("#models", RowList)

    @property
    def _shelved(self) -> Shelved | None:
        return next((one for one in self._shelf.models if one.model.id == self._list.key), None)

    def body(self) -> ComposeResult:
        """The list, the card, and what stands there while there is no model."""
        with Horizontal(id="shelf"):
            yield RowList(id="models")
            with VerticalScroll(id="card", can_focus=False):
                yield Page(self._card, id="card-text")
        yield Static(NO_MODEL, id="no-model", markup=False)

    async def start(self) -> None:
        """Load the models and go to the one that was looked at last."""
        await self.resume()

    async def resume(self) -> None:
        """Take in what changed; another screen may have asked for a model."""
        place = await self.kept_place() or {}
        await self._load(place.get("model") if isinstance(place, dict) else None)

    async def changed(self, events: Sequence[Event]) -> None:
        """Models come, verdicts are given, the alias moves."""
        if any(event.kind in ("model", "gate", "run", "known_good") for event in events):
            await self._load(None)

    async def _load(self, key: str | None) -> None:
        self._shelf = await self.ws.db.read(shelf.shelf, self.ws.settings.gate)
        known = {one.model.id for one in self._shelf.models}
        self._list.show(model_rows(self._shelf.models, self.frame.at_gate), key=key if key in known else None)
        self.set_class(not known, "-empty")
        self._show_card()

    def _show_card(self) -> None:
        self.query_one("#card-text", Page).make_again()

    def _card(self, width: int) -> Content:
        if (one := self._shelved) is None:
            return Content("")
        now = datetime.now().astimezone()
        at_gate = one.model.id in self.frame.at_gate
        return card_text(one, self._shelf.activations, now, width, at_gate=at_gate)

    async def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Show the card of the model under the cursor and remember it."""
        self._show_card()
        self.query_one("#card").scroll_home(animate=False)
        await self.keep_place({"model": event.key})
        self.frame.refresh_commands()

    @dialog(description="gate a model")
    async def action_gate(self) -> None:
        """Put the model to the gate's test."""
        from binscout_tui.screens.gating import run_gate

        if (model := self.model) is not None:
            await self._busy_with(f"{model.id} is being tested; wait for its verdict.", run_gate(self, model.id))

    @dialog(description="activate a model")
    async def action_activate(self) -> None:
        """Make the model the one in use, after a question."""
        from binscout_tui.operations import gating

        if (model := self.model) is None:
            return
        text = (
            f"It passed the gate. Suggestions and predictions for {model.task} come from it from now on; b goes back."
        )
        if await self.app.push_screen_wait(Confirm(f"Activate {model.id}?", text, yes="Activate it", no="Not now")):
            await self._busy_with(f"{model.id} is being activated.", gating.activate(self.ws, model.id))
            self.frame.toast(f"{model.id} is active.")
            self.frame.ask_model()

    @dialog(description="roll a model back")
    async def action_rollback(self) -> None:
        """Go back to the model used before, after a question."""
        from binscout_tui.operations import gating

        if (model := self.model) is None:
            return
        text = f"The model that was active for {model.task} before takes over at once."
        if await self.app.push_screen_wait(Confirm("Roll back?", text, yes="Roll back", no="Keep it")):
            done = gating.rollback(self.ws, model.task)
            moved = await self._busy_with("A rollback is going on.", done)
            self.frame.toast(f"{moved.model_id} is active again.")
            self.frame.ask_model()

    async def _busy_with(self, what: str, work: Awaitable[T]) -> T:
        """The result of `work`; meanwhile the other commands say `what` is going on."""
        self.busy = what
        self.frame.refresh_commands()
        try:
            return await work
        finally:
            self.busy = None
            await self._load(None)
            self.frame.refresh_commands()

    async def action_report(self) -> None:
        """Show the report of the run that made the model."""
        from binscout_tui.dialogs.reader import Reader
        from binscout_tui.screens.report_text import report_text
        from binscout_tui.workers.run_files import read_report

        if (model := self.model) is not None:
            report = await read_report(self.ws.paths.run(model.run_id or model.id))
            self.app.push_screen(Reader(f"Report of {model.id}", partial(report_text, report)))

    def action_up(self) -> None:
        """To the model above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the model below."""
        self._list.move(1)

    def action_card_up(self) -> None:
        """Scroll the card up."""
        self.query_one("#card").scroll_page_up(animate=False)

    def action_card_down(self) -> None:
        """Scroll the card down."""
        self.query_one("#card").scroll_page_down(animate=False)
