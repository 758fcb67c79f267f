"""What is done to the model under the cursor of Models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.reader import Reader
from binscout_tui.dialogs.typed import TypedConfirm
from binscout_tui.screens.base import BaseScreen, dialog
from binscout_tui.screens.words import data_size
from binscout_tui.store import models as store

if TYPE_CHECKING:
    from binscout_tui.store.models import Model

T = TypeVar("T")
SURE = "delete"


class ActingOnModels(BaseScreen):
    """The actions; which model they are about, and showing what came of it, is for the subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.busy: str | None = None

    @property
    def model(self) -> Model | None:
        """The model under the cursor."""
        raise NotImplementedError

    @property
    def is_shadow(self) -> bool:
        """Whether the model under the cursor is asked beside the active one."""
        raise NotImplementedError

    async def load(self) -> None:
        """Show the models as they are now."""
        raise NotImplementedError

    @dialog(description="gate a model")
    async def action_gate(self) -> None:
        """Put the model to the gate's test."""
        from binscout_tui.screens.gating import run_gate

        if (model := self.model) is not None:
            await self._busy_with(f"{model.id} is being tested; wait for its verdict.", run_gate(self, model.id))

    @dialog(description="activate a model")
    async def action_activate(self) -> None:
        """Make the model the one in use, after a question."""
        if (model := self.model) is None:
            return
        text = f"It passed the gate. What is said for {model.task} comes from it from now on; b goes back."
        if await self.app.push_screen_wait(Confirm(f"Activate {model.id}?", text, yes="Activate it", no="Not now")):
            await self._activate(model, "")

    @dialog(description="activate a model without the gate")
    async def action_insist(self) -> None:
        """Make the model the one in use though the gate does not let it, for a typed reason."""
        if (model := self.model) is None:
            return
        text = (
            "The gate does not let it through. Say why it is to be used all the same; the reason stays in the history."
        )
        reason: str | None = await self.app.push_screen_wait(Ask(f"Activate {model.id} without the gate?", text))
        if reason:
            await self._activate(model, reason)

    async def _activate(self, model: Model, reason: str) -> None:
        from binscout_tui.operations import gating

        await self._busy_with(f"{model.id} is being activated.", gating.activate(self.ws, model.id, reason=reason))
        self.frame.toast(f"{model.id} is active.")
        self._ask_again(model.task)

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
            self._ask_again(model.task)

    def _ask_again(self, task: str) -> None:
        """Images wait for the words of a model of classes; sets are looked at when they are shown."""
        if task == "classify":
            self.frame.ask_model()

    @dialog(description="set a shadow")
    async def action_shadow(self) -> None:
        """Ask the model beside the active one from now on, or no more."""
        from binscout_tui.jobs import shadow
        from binscout_tui.operations import shadowing

        if (model := self.model) is None:
            return
        if self.is_shadow:
            await self._busy_with("A shadow is being ended.", shadowing.end_shadow(self.ws, model.task))
            self.frame.toast("No model is asked beside the active one any more.")
            return
        await self._busy_with(f"{model.id} is being loaded.", shadowing.set_shadow(self.ws, model.id))
        await shadow.start(self.ws)
        self.frame.toast(f"{model.id} is asked beside the active model.")

    async def action_shadow_report(self) -> None:
        """Show what the active model and its shadow said of the same images."""
        from binscout_tui.operations import shadowing
        from binscout_tui.screens.shadow_text import shadow_text

        found = await self.ws.db.read(shadowing.report)
        self.app.push_screen(Reader(f"{found.shadow} beside {found.active}", partial(shadow_text, found)))

    @dialog(description="write a note about a model")
    async def action_note(self) -> None:
        """Ask for a line about the model."""
        if (model := self.model) is None:
            return
        question = Ask(f"Note on {model.id}", "One line; empty takes it away.", model.note, may_be_empty=True)
        text: str | None = await self.app.push_screen_wait(question)
        if text is not None:
            self.ws.user.must_be("operator", "Writing a note")
            await self.ws.db.write(store.write_note, self.ws.user.uid, model.id, text)
            await self.load()

    @dialog(description="delete a model")
    async def action_delete(self) -> None:
        """Delete the model's files, once the word is typed."""
        from binscout_tui.operations import model_facts

        if (model := self.model) is None:
            return
        text = (
            f"Its weights ({data_size(model.bytes)}), those that its run kept and what it predicted are gone for good."
            " The run with its report, the verdicts and the history stay."
        )
        if await self.app.push_screen_wait(TypedConfirm(f"Delete {model.id}?", text, SURE)):
            gone = await self.ws.db.write(model_facts.forget, self.ws.user, model.id)
            freed = await asyncio.to_thread(model_facts.remove_files, self.ws.paths, gone)
            await self.load()
            self.frame.toast(f"{model.id} is deleted; {data_size(freed)} are free again.")

    async def _busy_with(self, what: str, work: Awaitable[T]) -> T:
        """The result of `work`; meanwhile the other commands say `what` is going on."""
        self.busy = what
        self.frame.refresh_commands()
        try:
            return await work
        finally:
            self.busy = None
            await self.load()
            self.frame.refresh_commands()
