"""The files of a run: any number of them, found by typing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from binscout_tui.backup.progress import size_words
from binscout_tui.commands import run_detail as commands
from binscout_tui.dialogs.base import Dialog
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.backups.file_index import FileIndex
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.line_list import LineList
from binscout_tui.widgets.text_line import TextLine
from binscout_tui.wording import counted

KIND, SIZE = 9, 9
ASKS = "type to find: parts of paths and kinds"
Load = Callable[[], Awaitable[FileIndex]]


class _Find(TextLine):
    """The line to type on; Home and End go on to the list."""

    class Far(Message):
        """One wants to the first or the last file."""

        def __init__(self, last: bool) -> None:
            super().__init__()
            self.last = last

    def on_key(self, event: events.Key) -> None:
        """What is typed here is short, the list is long."""
        if event.key in ("home", "end"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Far(event.key == "end"))


class RunFiles(Dialog[None]):
    """Opens at once and loads meanwhile; what is typed before that counts."""

    SCOPE = commands.FILES
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "_Find"
    CSS_PATH = "../tcss/run_detail.tcss"

    def __init__(self, title: str, load: Load) -> None:
        super().__init__(title)
        self._load = load
        self._index: FileIndex | None = None
        self._shown: Sequence[int] = ()

    def body(self) -> ComposeResult:
        """The line to type on, how many there are, and the files."""
        yield _Find(placeholder=ASKS, compact=True)
        yield Line("loading…", id="files-told")
        yield LineList(id="files")

    def on_mount(self) -> None:
        """Read the list."""
        self.run_worker(self._fill(), group="load", exit_on_error=False, description="read the files of a run")

    async def _fill(self) -> None:
        try:
            self._index = await self._load()
        except BinScoutError as error:
            self.query_one("#files-told", Line).say(Content.styled(error.sentence, "$error"))
            return
        self._find()

    def on_input_changed(self) -> None:
        """Find what is typed now; what was looked for before does not matter any more."""
        self._find()

    def _find(self) -> None:
        if self._index is not None:
            self.run_worker(
                self._found(self._index, self.query_one(Input).value),
                group="find",
                exclusive=True,
                exit_on_error=False,
                description="find files",
            )

    async def _found(self, index: FileIndex, words: str) -> None:
        self._shown = range(len(index)) if not words.split() else await asyncio.to_thread(index.find, words)
        told = counted(len(index), "file")
        self.query_one("#files-told", Line).say(
            Content.styled(told if len(self._shown) == len(index) else f"{len(self._shown):,} of {told}", "$text-muted")
        )
        self._list.show(len(self._shown), self._line)

    def _line(self, number: int, width: int) -> Content:
        if self._index is None:
            return Content("")
        one = self._index[self._shown[number]]
        head = f"{size_words(one.size):>{SIZE}}  {one.kind:<{KIND}} "
        return Content.assemble((head, "$text-muted"), _shortened(one.path, max(3, width - len(head))))

    @property
    def _list(self) -> LineList:
        return self.query_one(LineList)

    def on__find_far(self, event: _Find.Far) -> None:
        """Home or End was pressed on the line."""
        event.stop()
        if event.last:
            self.action_last()
        else:
            self.action_first()

    def action_down(self) -> None:
        """A file down."""
        self._list.scroll_down(animate=False)

    def action_up(self) -> None:
        """A file up."""
        self._list.scroll_up(animate=False)

    def action_page_down(self) -> None:
        """A page down."""
        self._list.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """A page up."""
        self._list.scroll_page_up(animate=False)

    def action_first(self) -> None:
        """To the first file."""
        self._list.scroll_home(animate=False)

    def action_last(self) -> None:
        """To the last file."""
        self._list.scroll_end(animate=False)


def _shortened(path: str, room: int) -> str:
    """`path` in `room` characters: its middle goes first, since both ends tell what it is."""
    if len(path) <= room:
        return path
    begin = room // 2
    return f"{path[:begin]}…{path[begin - room + 1 :]}"
