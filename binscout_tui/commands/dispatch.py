"""Carrying out a command: the one place where a check is asked and an error is caught."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.table import with_keys

if TYPE_CHECKING:
    from binscout_tui.app import BinScoutApp


class Commanded:
    """A screen, dialog, widget or app whose commands are those of `SCOPE`.

    It declares `BINDINGS = SCOPE.bindings()` and a method for each command: plain, `async` (awaited, so that keys
    keep their order), or a Textual worker for what takes longer than a blink or asks a question.
    """

    SCOPE: ClassVar[Scope]
    FOOTER: ClassVar[Literal["own", "own first", "own last"]] = "own"
    """Whether the footer shows only the commands of this node while it has the focus, or those around it too."""

    @property
    def frame(self) -> BinScoutApp:
        """The app."""
        return cast("BinScoutApp", self.app)  # type: ignore[attr-defined]

    def context(self) -> Any:
        """What the checks of the commands look at: this node itself, unless it says otherwise."""
        return self

    def verdict(self, command: Command) -> Verdict:
        """Whether `command` is allowed now, or why not."""
        found = command.allowed(self.context())
        return found if found is True else with_keys(found, self.frame.key_changes)

    async def action_command(self, command_id: str, *arguments: str) -> None:
        """Carry out a command, or say why it is not allowed."""
        command = self.SCOPE[command_id]
        verdict = self.verdict(command)
        if verdict is not True:
            self.frame.toast(verdict, "warning")
            return
        try:
            result = getattr(self, command.method)(*arguments)
            if inspect.isawaitable(result):
                await result
        except Exception as error:  # noqa: BLE001  whatever a command raises is told to the person and logged
            self.frame.report(error, command.id)
        self.frame.refresh_commands()
