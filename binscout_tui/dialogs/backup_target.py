"""A new target for backups: what kind of place, what it needs, then it is tried and added."""

from __future__ import annotations

import threading
from collections.abc import Collection
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.backup.target.address_fields import KINDS, ORDER, Kind, kind
from binscout_tui.backup.target.steps import NOT_TRIED
from binscout_tui.dialogs.form import Form
from binscout_tui.dialogs.reader import Page, Reader
from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.widgets.choice import Choice
from binscout_tui.widgets.text_line import TextLine
from binscout_tui.workers.backup_targets import NewTarget, add_target, target_names

if TYPE_CHECKING:
    from binscout_tui.backup.target.testing import TestStep
    from binscout_tui.operations.backups.targets import Added

PROTECTIONS = [
    ("none", "no", "files can be opened there with tar alone; the server may encrypt its disks"),
    ("made", "yes, make a key", "before anything leaves this machine; without the key NOTHING comes back"),
    ("own", "yes, with my key", "the key of a store that is there already, or one of your own"),
    ("restic", "restic does it", "another engine: always encrypted, only restic can read it, needs restic installed"),
]
NAME = "nas"
# The field that a refusal, or a step that failed, is about.
FIELDS = {"bad_name": "name", "exists": "name", "reach": "server", "sign in": "secret", "folder": "folder"}
SIGNS = {True: ("✓", "$success"), False: ("✗", "$error"), None: ("·", "$text-muted")}


class TargetWizard(Form[str]):
    """Answers the name of the target that was added; nothing is added before it did what backups need."""

    AUTO_FOCUS = "#kind"

    def __init__(self, root: Path) -> None:
        super().__init__("New target for backups: it is tried before it is added")
        self._root = root
        self._taken: list[str] = []

    def body(self) -> ComposeResult:
        """The kind, then a line for each thing that it needs, then what is wrong."""
        yield Choice("place", [(one.id, one.words, one.about) for one in KINDS], id="kind")
        yield from _line("name", "name", TextLine(NAME, compact=True, select_on_focus=True, id="name"))
        for field in ORDER:
            yield from _line(field, field, TextLine(compact=True, id=field))
        yield from _line("secret", "password", TextLine(compact=True, password=True, id="secret"))
        yield Choice("encrypt", PROTECTIONS, id="protection")
        yield from _line("key", "key", TextLine(compact=True, password=True, id="key"))
        yield Static("", id="form-error")

    def on_mount(self) -> None:
        """Only what this kind of place needs is asked for."""
        self.watch(self.query_one("#kind", Choice), "index", self._show_fields)
        self.watch(self.query_one("#protection", Choice), "index", self._show_fields)
        self.run_worker(self._find_a_name(), group="names", exit_on_error=False, description="names of targets")

    async def _find_a_name(self) -> None:
        self._taken = await target_names(self._root)
        entry = self.query_one("#name", Input)
        if entry.value == NAME:
            entry.value = free_name(NAME, self._taken)

    @property
    def _kind(self) -> Kind:
        return kind(self.query_one("#kind", Choice).value)

    @property
    def _protection(self) -> str:
        return self.query_one("#protection", Choice).value

    def _show_fields(self) -> None:
        chosen = {field.id: field for field in self._kind.fields}
        for name in ORDER:
            self.query_one(f"#line-{name}").display = name in chosen
            if name in chosen:
                self.query_one(f"#label-{name}", Static).update(Content(chosen[name].label))
                self.query_one(f"#{name}", Input).placeholder = chosen[name].example
        self.query_one("#line-secret").display = bool(self._kind.secret)
        self.query_one("#label-secret", Static).update(Content(self._kind.secret))
        self.query_one("#line-key").display = self._protection == "own"

    def action_submit(self) -> None:
        """Try what is filled in, when it makes sense."""
        try:
            wanted = self._filled_in()
        except BinScoutError as error:
            self._go_to(error.code)
            self.tell(error.sentence)
            return
        self._try(wanted)

    def _go_to(self, field: str) -> None:
        field = FIELDS.get(field, field)
        if field in (*ORDER, "name", "secret") and self.query_one(f"#line-{field}").display:
            self.query_one(f"#{field}", Input).focus()

    def _filled_in(self) -> NewTarget:
        from binscout_tui.backup.target.addresses import parse
        from binscout_tui.backup.target.keys import checked_key, checked_secret
        from binscout_tui.backup.target.known import checked_name

        values = {name: self.query_one(f"#{name}", Input).value for name in (*ORDER, "name", "secret", "key")}
        name = checked_name(values["name"].strip())
        if name in self._taken:
            raise ConflictError(f"There is a backup target {name!r} already: choose another name.", code="exists")
        address = self._kind.address(values)
        parse(address)
        crypt = {"made": "", "own": values["key"]}.get(self._protection)
        if self._protection == "own":
            checked_key(values["key"])
        return NewTarget(
            name,
            address,
            checked_secret(values["secret"]) if self._kind.secret else "",
            crypt,
            "restic" if self._protection == "restic" else "native",
            Path(values["config"].strip()) if self._kind.id == "section" else None,
        )

    @work(group="target", exclusive=True, exit_on_error=False, description="trying a new target")
    async def _try(self, wanted: NewTarget) -> None:
        trial = TargetTrial(self._root, wanted)
        await self.app.push_screen_wait(trial)
        if trial.added is not None:
            self.dismiss(wanted.name)
        elif trial.failure:
            self._go_to(trial.failed)
            self.tell(trial.failure)


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or with the first number behind it that makes it free."""
    return next(one for one in chain((name,), (f"{name}{number}" for number in count(2))) if one not in taken)


def _line(field: str, label: str, entry: Input) -> ComposeResult:
    with Horizontal(id=f"line-{field}", classes="target-line"):
        yield Static(label, id=f"label-{field}", classes="target-label", markup=False)
        yield entry


class TargetTrial(Reader):
    """Tries and adds a target and shows each step; `added` or `failure` is what came of it."""

    def __init__(self, root: Path, wanted: NewTarget) -> None:
        super().__init__(f"Trying {wanted.name}", self._page)
        self._root, self._wanted = root, wanted
        self._steps: list[TestStep] = []
        self._left = threading.Event()
        self._asked = False
        self.added: Added | None = None
        self.failure = ""

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._add(), group="target", exit_on_error=False, description=f"trying {self._wanted.name}")

    def on_unmount(self) -> None:
        """Closed before it came to its end: nothing is added then."""
        self._left.set()

    async def _add(self) -> None:
        from binscout_tui.backup.faults import CancelledWork

        try:
            self.added = await add_target(self._root, self._wanted, self._step_done, self._left)
        except CancelledWork:
            return
        except BinScoutError as error:
            self.failure = f"{error.sentence} {error.hint}".strip()
        self._show()

    @property
    def failed(self) -> str:
        """The name of the step that failed, empty where none did."""
        return next((one.name for one in self._steps if one.ok is False), "")

    def action_cancel(self) -> None:
        """Close; a key that is shown this once is asked about first."""
        if self.added is not None and self.added.key and not self._asked:
            self._asked = True
            self._show()
        else:
            super().action_cancel()

    def _step_done(self, step: TestStep) -> None:
        self._steps.append(step)
        self._show()

    def _show(self) -> None:
        if self.is_mounted:
            said = "was not added" if self.failure else "is there" if self.added is not None else ""
            title = f"{self._wanted.name} {said}" if said else f"Trying {self._wanted.name}"
            self.query_one("#dialog-title", Static).update(Content(title))
            self.query_one("#reader-text", Page).make_again()

    def _page(self, width: int) -> Content:
        """What came of it first: the steps may be more than the window has lines."""
        steps = [_step(one) for one in self._steps if one.words != NOT_TRIED]
        if self.added is None and not self.failure:
            return Content("\n").join([*steps, Content.styled("⟳ trying…", "$accent")])
        return Content("\n").join([*self._end(), Content(""), *steps])

    def _end(self) -> list[Content]:
        if self.failure:
            told = any(one.ok is False for one in self._steps)
            return [Content.styled("Nothing was added." if told else self.failure, "$error")]
        return [Content.styled(f"{self._wanted.name} is there.", "$success"), *self._key()]

    def _key(self) -> list[Content]:
        if self.added is None or not self.added.key:
            return []
        asked = Content.styled("Is the key written down? Close once more to go on.", "$warning")
        return [
            *([asked] if self._asked else []),
            Content(""),
            Content.assemble("Key: ", (self.added.key, "bold")),
            Content("It is shown this once. Write it down, away from this machine: without it nobody can ever read"),
            Content("these backups, you included. A recovery sheet with it is printed by"),
            Content(f"binscout backup target sheet {self._wanted.name} --secrets"),
        ]


def _step(one: TestStep) -> Content:
    sign, style = SIGNS[one.ok]
    words = "$error" if one.ok is False else ""
    return Content.assemble((f"{sign} ", style), (f"{one.name:<12}", "bold"), (one.words, words))
