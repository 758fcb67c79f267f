"""Models: what was trained, how good it is, what the gate says, and which one is in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import models
from binscout_tui.dialogs.reader import Page, Reader
from binscout_tui.operations import shadowing
from binscout_tui.screens.models_acting import ActingOnModels
from binscout_tui.screens.models_rows import card_text, model_rows
from binscout_tui.store import places, shelf
from binscout_tui.store.events import Event
from binscout_tui.store.models import Model
from binscout_tui.store.shelf import Shelf, Shelved
from binscout_tui.store.users import RANK
from binscout_tui.widgets.row_list import RowList

NO_MODEL = "No model yet.\n\nA training run makes one: , then t."


class ModelsScreen(ActingOnModels):
    """The models on the left, the card of the one under the cursor on the right."""

    SCOPE = models.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/models.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal")]

    def __init__(self) -> None:
        super().__init__()
        self._shelf = Shelf(models=[], activations=[], tasks_with_previous=set())
        self._beside: shadowing.ShadowReport | None = None

    @property
    def model(self) -> Model | None:
        """The model under the cursor."""
        return one.model if (one := self._shelved) else None

    @property
    def refusal(self) -> str | None:
        """Why the model under the cursor may not be activated."""
        return self.may_insist or (self._shelved.refusal if self._shelved else None)

    @property
    def may_insist(self) -> str | None:
        """Why this person may not activate without the gate."""
        if RANK[self.ws.user.role] < RANK["admin"]:
            return f"Activating a model needs the role admin; {self.ws.user.name} is {self.ws.user.role}."
        return None

    @property
    def needed(self) -> str | None:
        """Why the model under the cursor may not be deleted."""
        if RANK[self.ws.user.role] < RANK["admin"]:
            return f"Deleting a model needs the role admin; {self.ws.user.name} is {self.ws.user.role}."
        return self._shelved.needed if self._shelved else None

    @property
    def is_shadow(self) -> bool:
        """Whether the model under the cursor is asked beside the active one."""
        return self._shelved is not None and self._shelved.is_shadow

    @property
    def has_shadow(self) -> bool:
        """Whether any model is asked beside the active one."""
        return bool(self._shelf.shadows)

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
        if any(event.kind in ("model", "gate", "run", "known_good", "shadow") for event in events):
            await self._load(None)

    async def load(self) -> None:
        """Show the models as they are now; the cursor stays."""
        await self._load(None)

    async def _load(self, key: str | None) -> None:
        self._shelf = await self.ws.db.read(shelf.shelf, self.ws.settings.gate)
        self._beside = await self.ws.db.read(shadowing.summary)
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
        return card_text(one, self._shelf.activations, now, width, at_gate=at_gate, beside=self._beside)

    async def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Show the card of the model under the cursor and remember it."""
        self._show_card()
        self.query_one("#card").scroll_home(animate=False)
        await self.keep_place({"model": event.key})
        self.frame.refresh_commands()

    async def action_card(self) -> None:
        """Show the model's whole card."""
        if (one := self._shelved) is not None:
            self.app.push_screen(Reader(f"Card of {one.model.id}", self._card))

    async def action_report(self) -> None:
        """Show the report of the run that made the model."""
        if (model := self.model) is not None:
            place = {"run": model.run_id or model.id, "from": self.SCOPE.id}
            await self.ws.db.write(places.keep, self.ws.user.uid, "report", place)
            self.frame.go_to("report")

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
