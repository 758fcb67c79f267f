"""Restoring a run: what it would change is shown before, and nothing begins until a word is typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from binscout_tui.commands import backups as commands
from binscout_tui.dialogs import restore_text as texts
from binscout_tui.dialogs.reader import Page
from binscout_tui.dialogs.worded import Worded
from binscout_tui.errors import BinScoutError
from binscout_tui.widgets.choice import Choice
from binscout_tui.widgets.press import Press
from binscout_tui.widgets.text_line import TextLine
from binscout_tui.workers import backups as workers

if TYPE_CHECKING:
    from binscout_tui.operations.backups.comparing import Comparison
    from binscout_tui.operations.backups.listing import RunRow

WORD = "restore"
SCOPES = (
    ("everything", "everything", "files, database and settings as they were"),
    ("database", "database only", "labels, sets, decisions; files stay as they are"),
    ("items", "single items", "images or models that are missing or damaged here"),
    ("folder", "to another folder", "as a workspace of its own; this one stays as it is"),
)
ASKS = {"items": "ids of images, or models: separated by spaces", "folder": "an empty or new folder"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be restored: `items` for the scope of that name, `folder` for that one.

    `skip_damaged`: what cannot be had is left out and told.
    """

    scope: str
    items: list[str] = field(default_factory=list)
    folder: str = ""
    skip_damaged: bool = False


class RestoreDialog(Worded[Wanted], inherit_bindings=False):
    """Compares the run with what is here, and answers what is wanted once the word is typed."""

    SCOPE = commands.RESTORE
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "#restore-cancel"

    def __init__(self, root: Path, target: str, run: RunRow, scope: str = "everything") -> None:
        super().__init__(f"Restore the run of {texts.moment(run.at)} from {target}")
        self._root, self._target, self._run, self._scope = root, target, run, scope
        self._found: Comparison | None = None
        self._refused = ""

    def body(self) -> ComposeResult:
        """What to restore, what would come of it, the word, and two buttons."""
        yield Choice("what", SCOPES, id="restore-scope")
        yield TextLine(compact=True, select_on_focus=False, id="restore-what")
        with VerticalScroll(id="restore-found", can_focus=False):
            yield Page(self._text, id="restore-text")
        with Horizontal(id="restore-line"):
            yield Static(Content(f"Type {WORD} to continue:"), id="restore-request")
            yield TextLine(compact=True, select_on_focus=False, id="restore-word")
        with Horizontal(id="restore-presses"):
            yield Press("Cancel", id="restore-cancel")
            yield Press("Restore", id="restore-go")
            yield Static("", id="form-error", markup=False)

    def on_mount(self) -> None:
        """Begin with the scope that was asked for."""
        super().on_mount()
        self._choice.index = next(place for place, option in enumerate(SCOPES) if option[0] == self._scope)
        self.watch(self._choice, "index", self._scope_chosen)

    @property
    def _choice(self) -> Choice:
        return self.query_one("#restore-scope", Choice)

    @property
    def _what(self) -> Input:
        return self.query_one("#restore-what", Input)

    @property
    def wanted(self) -> Wanted:
        """What is filled in."""
        scope, text = self._choice.value, self._what.value.strip()
        if scope == "items":
            return Wanted(scope, items=text.replace(",", " ").split())
        if scope == "folder":
            folder = str(Path(text).expanduser()) if text else ""
            return Wanted(scope, folder=folder, skip_damaged=self._is_damaged)
        return Wanted(scope)

    @property
    def _is_damaged(self) -> bool:
        return self._run.state == "damaged"

    @property
    def is_complete(self) -> bool:
        """Whether it is said what to restore, and where to."""
        wanted = self.wanted
        return wanted.scope not in ASKS or bool(wanted.items or wanted.folder)

    @property
    def is_ready(self) -> bool:
        """Whether Enter may begin: it was compared, nothing speaks against it, and the word is right."""
        word = self.query_one("#restore-word", Input).value.strip()
        return word == WORD and self._found is not None and not self._refused

    @property
    def typed_into(self) -> Input | None:
        """What to restore, as long as that is not said; then the word; nothing where it is refused."""
        if self._refused:
            return None
        return self.query_one("#restore-word", Input) if self.is_complete else self._what

    @property
    def enter_words(self) -> str:
        """What Enter does where the focus is."""
        return "compare" if self.focused is self._what else super().enter_words

    def _scope_chosen(self) -> None:
        scope = self._choice.value
        self.set_class(scope in ASKS, "-asks")
        self._what.placeholder = ASKS.get(scope, "")
        self._what.value = ""
        self._compare()

    def _compare(self) -> None:
        """Find out what would change; an earlier question that is not answered yet is forgotten."""
        self._found, self._refused = None, ""
        self.workers.cancel_group(self, "compare")
        if self.is_complete:
            work = self._comparison(self.wanted)
            self.run_worker(
                work, group="compare", exit_on_error=False, description="comparing the run with what is here"
            )
        self._show()

    async def _comparison(self, wanted: Wanted) -> None:
        try:
            self._found = await workers.compare(
                self._root, self._target, self._run.run, wanted.scope, wanted.items, wanted.folder
            )
            self._refused = self._found.refused
        except BinScoutError as error:
            self._refused = f"{error.sentence} {error.hint}".strip()
        self._show()

    def _text(self, width: int) -> Content:
        if self._found is not None:
            undo = self.frame.key("backups.undo_restore")
            found = texts.comparison(self._found, undo, datetime.now().astimezone(), width)
            if self._is_damaged and self.wanted.scope == "folder":
                return Content("\n").join([texts.left_out(width), found])
            return found
        if self._refused:
            return texts.refusal(self._refused, width)
        return texts.waiting("" if self.is_complete else ASKS[self.wanted.scope])

    def _show(self) -> None:
        self.query_one("#restore-text", Page).make_again()
        self.query_one("#restore-go", Press).refused = not self.is_ready
        if self._refused and self.focused is not None and self.focused.id in ("restore-word", "restore-go"):
            self.query_one("#restore-cancel", Press).focus()
        self.set_class(bool(self._refused), "-refused")
        self.say_keys()

    @on(Input.Changed, "#restore-what")
    def _what_changed(self) -> None:
        """What was compared is not what is wanted now; Enter compares."""
        self._found, self._refused = None, ""
        self.workers.cancel_group(self, "compare")
        self._show()

    @on(Input.Changed, "#restore-word")
    def _word_changed(self) -> None:
        self.tell("")
        self._show()

    @on(Input.Submitted, "#restore-what")
    def _what_said(self) -> None:
        self._compare()
        if self.is_complete:
            self.query_one("#restore-word", Input).focus()

    @on(Input.Submitted, "#restore-word")
    def _word_said(self) -> None:
        self.action_submit()

    @on(Press.Pressed, "#restore-cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Press.Pressed, "#restore-go")
    def _gone(self) -> None:
        self.action_submit()

    def action_submit(self) -> None:
        """Begin when everything is right; else say what is missing, and do nothing."""
        if self.is_ready:
            self.dismiss(self.wanted)
        elif self._refused:
            self.tell("It cannot be done; the reason is above.")
        elif self._found is None:
            self.tell(
                "It is still being compared." if self.is_complete else f"Say what first: {ASKS[self.wanted.scope]}."
            )
        else:
            self.tell(f"Type {WORD} first.")

    def tell(self, sentence: str) -> None:
        """Say what is missing, or nothing."""
        self.query_one("#form-error", Static).update(Content.styled(sentence, "$warning"))

    def action_next(self) -> None:
        """Choose the next scope; in a field, a character to the right."""
        self._turn(1)

    def action_previous(self) -> None:
        """Choose the scope before."""
        self._turn(-1)

    def _turn(self, steps: int) -> None:
        if not isinstance(self.focused, Input):
            self._choice.turn(steps)

    def action_down(self) -> None:
        """To the next field."""
        self.focus_next()

    def action_up(self) -> None:
        """To the field before."""
        self.focus_previous()

    def action_page_down(self) -> None:
        """A page of the comparison down."""
        self.query_one("#restore-found").scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """A page of the comparison up."""
        self.query_one("#restore-found").scroll_page_up(animate=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What failed in a way that nobody expects is told, and keeps the run from being restored."""
        if event.state is WorkerState.ERROR and event.worker.group == "compare":
            self._refused = "It could not be found out what would change; e on the screen has the details."
            self._show()
        super().on_worker_state_changed(event)
