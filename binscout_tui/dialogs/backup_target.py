"""A new target for backups: what kind of place, what it needs, then it is tried and added."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.backup.address_fields import KINDS, ORDER, Kind, kind
from binscout_tui.backup.target_steps import NOT_TRIED
from binscout_tui.dialogs.form import Form
from binscout_tui.dialogs.reader import Page, Reader
from binscout_tui.errors import BinScoutError
from binscout_tui.widgets.choice import Choice
from binscout_tui.workers.backup_targets import NewTarget, add_target

if TYPE_CHECKING:
    from binscout_tui.backup.target_testing import TestStep
    from binscout_tui.operations.backups.targets import Added

PROTECTIONS = [
    ("none", "no", "files can be opened there with tar alone; the server may encrypt its disks"),
    ("made", "yes, make a key", "before anything leaves this machine; without the key NOTHING comes back"),
    ("own", "yes, with my key", "the key of a store that is there already, or one of your own"),
    ("restic", "restic does it", "another engine: always encrypted, only restic can read it, needs restic installed"),
]
SIGNS = {True: ("✓", "$success"), False: ("✗", "$error"), None: ("·", "$text-muted")}


class TargetWizard(Form[str]):
    """Answers the name of the target that was added; nothing is added before it did what backups need."""

    AUTO_FOCUS = "#kind"

    def __init__(self, root: Path) -> None:
        super().__init__("New target for backups: it is tried before it is added")
        self._root = root

    def body(self) -> ComposeResult:
        """The kind, then a line for each thing that it needs, then what is wrong."""
        yield Choice("place", [(one.id, one.words, one.about) for one in KINDS], id="kind")
        yield from _line("name", "name", Input("nas", compact=True, select_on_focus=True, id="name"))
        for field in ORDER:
            yield from _line(field, field, Input(compact=True, id=field))
        yield from _line("secret", "password", Input(compact=True, password=True, id="secret"))
        yield Choice("encrypt", PROTECTIONS, id="protection")
        yield from _line("key", "key", Input(compact=True, password=True, id="key"))
        yield Static("", id="form-error")

    def on_mount(self) -> None:
        """Only what this kind of place needs is asked for."""
        self.watch(self.query_one("#kind", Choice), "index", self._show_fields)
        self.watch(self.query_one("#protection", Choice), "index", self._show_fields)

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
        if field in ORDER:
            self.query_one(f"#{field}", Input).focus()

    def _filled_in(self) -> NewTarget:
        from binscout_tui.backup.addresses import parse
        from binscout_tui.backup.keys import checked_key, checked_secret
        from binscout_tui.backup.targets import checked_name

        values = {name: self.query_one(f"#{name}", Input).value for name in (*ORDER, "name", "secret", "key")}
        address = self._kind.address(values)
        parse(address)
        crypt = {"made": "", "own": values["key"]}.get(self._protection)
        if self._protection == "own":
            checked_key(values["key"])
        return NewTarget(
            checked_name(values["name"].strip()),
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
            self.tell(trial.failure)


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

    def _step_done(self, step: TestStep) -> None:
        self._steps.append(step)
        self._show()

    def _show(self) -> None:
        if self.is_mounted:
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
        return [
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
