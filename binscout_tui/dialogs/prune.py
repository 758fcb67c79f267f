"""Pruning: which runs would go and which rule keeps each of the others; nothing goes until a word is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.backup.progress import size_words
from binscout_tui.commands import backups as commands
from binscout_tui.dialogs.reader import Page
from binscout_tui.dialogs.restore_text import refusal, run_moment
from binscout_tui.dialogs.worded import Worded
from binscout_tui.errors import BinScoutError
from binscout_tui.widgets.press import Press
from binscout_tui.widgets.text_line import TextLine
from binscout_tui.wording import counted
from binscout_tui.workers import backups as workers

if TYPE_CHECKING:
    from binscout_tui.backup.keeping.pruning import PrunePlan

WORD = "prune"


class PruneDialog(Worded[str], inherit_bindings=False):
    """Works the plan out, shows it, and answers its hash once the word is typed: what is done is what was shown."""

    SCOPE = commands.PRUNE
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "#prune-cancel"

    def __init__(self, root: Path, target: str) -> None:
        super().__init__(f"Prune {target}: nothing is deleted yet")
        self._root, self._target = root, target
        self._plan: PrunePlan | None = None
        self._refused = ""

    def body(self) -> ComposeResult:
        """The plan, the word, and two buttons."""
        with VerticalScroll(id="prune-found", can_focus=False):
            yield Page(self._text, id="prune-text")
        with Horizontal(id="prune-line"):
            yield Static(Content(f"Type {WORD} to continue: "), id="prune-request")
            yield TextLine(compact=True, select_on_focus=False, id="prune-word")
        with Horizontal(id="prune-presses"):
            yield Press("Cancel", id="prune-cancel")
            yield Press("Prune", id="prune-go")
            yield Static("", id="form-error", markup=False)

    def on_mount(self) -> None:
        """Work the plan out."""
        super().on_mount()
        self.run_worker(self._work(), group="plan", exit_on_error=False, description="looking what would be pruned")
        self._show()

    async def _work(self) -> None:
        try:
            self._plan = await workers.prune_plan(self._root, self._target)
            self._refused = self._plan.refused
        except BinScoutError as error:
            self._refused = f"{error.sentence} {error.hint}".strip()
        except Exception:
            self._refused = "The plan could not be worked out; e on the screen has the details."
            self._show()
            raise
        self._show()

    @property
    def is_ready(self) -> bool:
        """Whether there is something to delete, nothing speaks against it, and the word is right."""
        word = self.query_one("#prune-word", Input).value.strip()
        return word == WORD and self._plan is not None and not self._refused and not self._plan.is_empty

    @property
    def typed_into(self) -> Input | None:
        """The word, where there may be something to delete."""
        is_idle = bool(self._refused) or (self._plan is not None and self._plan.is_empty)
        return None if is_idle else self.query_one("#prune-word", Input)

    def _text(self, width: int) -> Content:
        if self._plan is None:
            return refusal(self._refused, width) if self._refused else Content.styled("looking…", "$text-muted")
        return plan_text(self._plan, self._refused, width)

    def _show(self) -> None:
        self.query_one("#prune-text", Page).make_again()
        self.query_one("#prune-go", Press).refused = not self.is_ready
        self.say_keys()

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one("#form-error", Static).update("")
        self._show()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit()

    @on(Press.Pressed)
    def _pressed(self, event: Press.Pressed) -> None:
        if event.press.id == "prune-cancel":
            self.dismiss(None)
        else:
            self.action_submit()

    def action_submit(self) -> None:
        """Answer the plan when everything is right; else say what is missing."""
        if self.is_ready and self._plan is not None:
            self.dismiss(self._plan.hash)
            return
        words = f"Type {WORD} first."
        if self._refused:
            words = "It cannot be done; the reason is above."
        elif self._plan is None:
            words = "It is still being worked out."
        elif self._plan.is_empty:
            words = "There is nothing to delete."
        self.query_one("#form-error", Static).update(Content.styled(words, "$warning"))

    def action_down(self) -> None:
        """To the next field."""
        self.focus_next()

    def action_up(self) -> None:
        """To the field before."""
        self.focus_previous()

    def action_page_down(self) -> None:
        """A page down."""
        self.query_one("#prune-found").scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """A page up."""
        self.query_one("#prune-found").scroll_page_up(animate=False)


def plan_text(plan: PrunePlan, refused: str, width: int) -> Content:
    """What goes, and what stays by which rule, newest first."""
    parts = [refusal(refused, width), Content("")] if refused else []
    frees = f"{counted(len(plan.drop), 'run')}, {counted(plan.blobs, 'stored file')}, {size_words(plan.bytes)}"
    style = "$text-muted" if plan.is_empty else "bold $warning"
    parts.append(Content.assemble(("Goes   ", "bold"), (frees, style)))
    parts += [_run("✗", "$error", run, run) for run in plan.drop]
    parts += [_run("✗", "$error", run, "was never finished") for run in plan.abandoned]
    parts += [Content(f"  {words}") for words in _rest(plan)]
    parts += [Content(""), Content.assemble(("Stays  ", "bold"), counted(len(plan.keep), "run"))]
    parts += [Content.styled(f"       {plan.rules}", "$text-muted")] if plan.rules else []
    parts += [_run("✓", "$success", kept.run, kept.rule) for kept in plan.keep]
    return Content("\n").join(parts)


def _rest(plan: PrunePlan) -> Iterator[str]:
    if plan.partial:
        yield f"{counted(plan.partial, 'half upload')}"
    if plan.waiting:
        yield f"{counted(plan.waiting, 'stored file')} ({size_words(plan.waiting_bytes)}) stay for some days more"


def _run(sign: str, style: str, run: str, words: str) -> Content:
    return Content.assemble((f"  {sign} ", style), run_moment(run), (f"  {words}", "$text-muted"))
