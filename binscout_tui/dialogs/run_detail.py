"""Everything that is known of one run of a backup, with what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from textwrap import wrap

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from binscout_tui.commands import run_detail as commands
from binscout_tui.dialogs.base import Dialog
from binscout_tui.dialogs.reader import Page
from binscout_tui.dialogs.run_files import RunFiles
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.backups import detail
from binscout_tui.operations.backups.run_difference import RunsDifference
from binscout_tui.operations.backups.telling import Section, Told, Tone, sections
from binscout_tui.store.users import RANK, Role
from binscout_tui.widgets.press import Press
from binscout_tui.workers.backups import aside

STYLES: Mapping[Tone, str] = {
    "": "",
    "muted": "$text-muted",
    "good": "$success",
    "warning": "$warning",
    "error": "$error",
}
NAME = 20
BUTTONS = {"verify": "Verify", "restore": "Restore", "folder": "Restore to folder", "copy": "Copy command"}
COMPARING = "comparing with the run before…"


class RunDetail(Dialog[str]):
    """Answers `verify`, `restore` or `folder` where that is wanted.

    It opens at once, reads beside the event loop, and shows what the comparison with the run before finds when that is
    there: its lists may have to be fetched.
    """

    SCOPE = commands.DETAIL
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/run_detail.tcss"

    def __init__(self, target: str, run: str) -> None:
        """`run` is the key of a row: the id of a run, or of work that left none."""
        super().__init__(f"Run {run} on {target}")
        self._target, self._run = target, run
        self._found: detail.RunDetail | None = None
        self._between: RunsDifference | str | None = None
        self._failed = ""

    def body(self) -> ComposeResult:
        """The buttons and the text."""
        with Horizontal(id="detail-acts"):
            for name, label in BUTTONS.items():
                yield Press(label, id=f"detail-{name}")
        with VerticalScroll(id="detail", can_focus=False):
            yield Page(self._text, id="detail-text")

    def on_mount(self) -> None:
        """Read it beside the first frame."""
        self._show()
        self.run_worker(self._load(), group="load", exit_on_error=False, description="read a run")

    async def _load(self) -> None:
        root = self.frame.workspace.paths.root
        try:
            found = await aside(root, lambda ws: detail.detail(ws, self._target, self._run))
        except BinScoutError as error:
            self._failed = f"{error.sentence} {error.hint}".rstrip()
            self._show()
            return
        self._found = found
        if (previous := found.previous) is not None:
            self._between = COMPARING
            self._show()
            try:
                self._between = await aside(root, lambda ws: detail.differs(ws, self._target, found.row.run, previous))
            except BinScoutError as error:
                self._between = error.sentence
        self._show()

    def _show(self) -> None:
        for name in BUTTONS:
            self.query_one(f"#detail-{name}", Press).refused = self.verdict(self.SCOPE[f"dialog.{name}"]) is not True
        self.query_one(Page).make_again()

    def _text(self, width: int) -> Content:
        if self._found is None:
            return Content.styled(self._failed or "loading…", "$error" if self._failed else "$text-muted")
        return sections_text(sections(self._found, datetime.now().astimezone(), self._between), width)

    @property
    def state(self) -> str | None:
        """The state of the run."""
        return "unknown" if self._failed else None if self._found is None else self._found.row.state

    @property
    def has_manifest(self) -> bool:
        """Whether the run has a manifest that can be read."""
        return self._found is not None and self._found.manifest is not None

    @property
    def has_commands(self) -> bool:
        """Whether there are commands to copy."""
        return self._found is not None and bool(self._found.by_hand)

    @property
    def may_operate(self) -> str | None:
        """Why this person may not verify."""
        return self._lacks("operator", "Verifying a run")

    @property
    def may_manage(self) -> str | None:
        """Why this person may not restore."""
        return self._lacks("admin", "Restoring")

    def _lacks(self, role: Role, what: str) -> str | None:
        user = self.frame.workspace.user
        return None if RANK[user.role] >= RANK[role] else f"{what} needs the role {role}; {user.name} is {user.role}."

    @on(Press.Pressed)
    async def _pressed(self, event: Press.Pressed) -> None:
        event.stop()
        await self.action_command(f"dialog.{(event.press.id or '').removeprefix('detail-')}")

    def action_verify(self) -> None:
        """Answer that the run is to be checked."""
        self.dismiss("verify")

    def action_restore(self) -> None:
        """Answer that the run is to be brought back."""
        self.dismiss("restore")

    def action_folder(self) -> None:
        """Answer that the run is to be brought back elsewhere."""
        self.dismiss("folder")

    def action_copy(self) -> None:
        """Copy the commands through the terminal."""
        if self._found is not None:
            self.frame.copy_to_clipboard("\n".join(self._found.by_hand))
            self.frame.toast("Copied, if your terminal allows it.")

    def action_files(self) -> None:
        """Show the files of the run over this."""
        root, target = self.frame.workspace.paths.root, self._target
        if (found := self._found) is not None:
            run = found.row.run
            load = lambda: aside(root, lambda ws: detail.file_index(ws, target, run))  # noqa: E731
            self.app.push_screen(RunFiles(f"Files of {run}", load))

    def action_next(self) -> None:
        """To the next button."""
        self.focus_next(Press)

    def action_previous(self) -> None:
        """To the button before."""
        self.focus_previous(Press)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#detail", VerticalScroll)

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

    def action_first(self) -> None:
        """To the top."""
        self._scroll.scroll_home(animate=False)

    def action_last(self) -> None:
        """To the end."""
        self._scroll.scroll_end(animate=False)


def sections_text(parts: list[Section], width: int) -> Content:
    """Sections for `width` cells: names in a column of their own, long lines wrapped behind it."""
    lines: list[Content] = []
    for part in parts:
        lines += [*([Content("")] if lines else []), Content.styled(part.title, "bold $accent")]
        name = min(NAME, width // 3, max((len(one.name) for one in part.lines), default=0))
        lines += [line for one in part.lines for line in _lines(one, name, width)]
    return Content("\n").join(lines)


def _lines(one: Told, name: int, width: int) -> list[Content]:
    indent = 2 + (name + 2 if name else 0)
    # Figures stand in columns; only what is too long is broken.
    room = max(16, width - indent)
    text = [one.text] if len(one.text) <= room else wrap(one.text, room) or [""]
    first = f"  {one.name:<{name}}  " if name else "  "
    if len(one.name) > name:
        text, first = ["", *text], f"  {one.name}"
    return [
        Content.assemble((first if not row else " " * indent, "$text-muted"), (words, STYLES[one.tone]))
        for row, words in enumerate(text)
    ]
