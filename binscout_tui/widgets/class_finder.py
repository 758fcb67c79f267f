"""Finding a class by typing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.label import FINDER
from binscout_tui.labelling.finding import find_classes, is_new
from binscout_tui.widgets.text_line import TextLine


class _Line(TextLine, inherit_bindings=False):
    """An input that leaves Enter to the finder, so that the footer names it."""

    BINDINGS = [binding for binding in Input.BINDINGS if isinstance(binding, Binding) and binding.key != "enter"]


class ClassFinder(Commanded, Vertical):
    """A line to type in and the classes that match; Enter takes the marked one.

    On an empty line no class is marked before an arrow marks one, and a new class needs Enter twice, so that a slip
    of the finger neither labels nor makes a class.
    """

    SCOPE = FINDER
    BINDINGS = FINDER.bindings()
    DEFAULT_CSS = """
    ClassFinder { width: 1fr; height: 1fr; }
    ClassFinder Input { border: none; height: 1; padding: 0; background: $surface; }
    ClassFinder Static { height: 1fr; }
    """

    @dataclass
    class Found(Message):
        """A class was taken for the image; `is_new` when it has to be made first."""

        image_id: int
        name: str
        is_new: bool

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.image_id = 0
        self._names: Sequence[str] = ()
        self._matches: list[str] = []
        self._row = -1
        self._sure = False

    def compose(self) -> ComposeResult:
        """The line and the matches."""
        yield _Line(placeholder="class…", select_on_focus=False, compact=True)
        yield Static(markup=False)

    def open(self, image_id: int, names: Sequence[str]) -> None:
        """Begin to find a class for one image; whatever is taken is meant for it and no other."""
        self.image_id, self._names = image_id, names
        line = self.query_one(Input)
        line.value = ""
        self._match("")
        line.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._match(event.value)

    def on_resize(self, event: events.Resize) -> None:
        """As many classes as there is room for, which is known only once the finder is shown."""
        self.call_after_refresh(self._paint)

    def action_pick(self) -> None:
        """Take the marked class, or make sure that a new one is meant."""
        text = self.query_one(Input).value.strip()
        if 0 <= self._row < len(self._matches):
            self.post_message(self.Found(self.image_id, self._matches[self._row], is_new=False))
        elif is_new(text, self._names) and self._sure:
            self.post_message(self.Found(self.image_id, text, is_new=True))
        elif is_new(text, self._names):
            self._sure = True
            self._paint()

    def action_up(self) -> None:
        """Mark the one above."""
        self._move(-1)

    def action_down(self) -> None:
        """Mark the one below."""
        self._move(1)

    def _move(self, by: int) -> None:
        last = len(self._matches) - (0 if is_new(self.query_one(Input).value, self._names) else 1)
        self._row = min(max(0, self._row + by), max(0, last))
        self._sure = False
        self._paint()

    def _match(self, text: str) -> None:
        self._matches = find_classes(text, self._names)
        self._row = 0 if text.strip() else -1
        self._sure = False
        self._paint()

    def _paint(self) -> None:
        text = self.query_one(Input).value.strip()
        names = list(self._matches)
        if is_new(text, self._names):
            make = f'Enter again makes class "{text}"' if self._sure else f'+ make class "{text}"'
            names.append(make)
        room = max(1, self.query_one(Static).size.height)
        first = max(0, self._row - room + 1)
        lines = [
            Content.styled(f"▸ {name}", "bold $accent") if row == self._row else Content(f"  {name}")
            for row, name in enumerate(names)
        ]
        self.query_one(Static).update(Content("\n").join(lines[first : first + room]))
