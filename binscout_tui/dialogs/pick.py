"""A question that is answered by choosing from a list: by typing, by arrows, or with a hand scanner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input

from binscout_tui.capturing.choosing import Choosing, Option, Picked
from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.widgets.line import Line

ROWS = 8
Load = Callable[[], Awaitable[Sequence[Option]]]


class _Line(Input, inherit_bindings=False):
    """An input that leaves Enter to the dialog, so that its keys are named in one place."""

    BINDINGS = [binding for binding in Input.BINDINGS if isinstance(binding, Binding) and binding.key != "enter"]

    def __init__(self) -> None:
        super().__init__(placeholder="scan, or type a few letters", compact=True, select_on_focus=False)
        self._behind: list[events.Key] | None = None
        self._is_done = False

    def on_key(self, event: events.Key) -> None:
        """What is typed behind Enter belongs to whatever Enter leads to."""
        if self._is_done or self._behind is not None:
            event.stop()
            event.prevent_default()
            if self._is_done:
                self._pass_on(event)
            elif self._behind is not None:
                self._behind.append(event)
        elif event.key == "enter":
            self._behind = []

    def let_go(self, *, done: bool) -> None:
        """Enter has had its effect, and with `done` the dialog is answered: the keys behind it go their way."""
        behind, self._behind, self._is_done = self._behind or [], None, done
        for pressed in behind:
            self._pass_on(pressed)

    def _pass_on(self, pressed: events.Key) -> None:
        """As if it came now, but judged by the moment at which it was pressed."""
        again = events.Key(pressed.key, pressed.character)
        again.time = pressed.time
        self.app.post_message(again)


class Pick(Dialog[Picked]):
    """Answers the option that was taken, or the name of a new one where `makes` says what could be made.

    It opens at once and loads its list meanwhile, so that no key of a scanner gets lost; Enter waits for the list.
    """

    SCOPE = dialog.PICK
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "_Line"
    DEFAULT_CSS = f"""
    Pick #dialog {{ width: 64; max-width: 96%; }}
    Pick Input {{ width: 1fr; margin-bottom: 1; }}
    Pick #pick-rows {{ width: 1fr; height: {ROWS}; text-wrap: nowrap; text-overflow: ellipsis; }}
    Pick #pick-asks {{ width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }}
    """

    def __init__(self, title: str, load: Load, *, makes: str = "", empty: str = "nothing matches") -> None:
        super().__init__(title)
        self._choosing = Choosing(makes=makes)
        self._load = load
        self._empty = empty
        self._loaded = asyncio.Event()
        self._painting = False

    def body(self) -> ComposeResult:
        """The line to type on and the rows below it."""
        yield _Line()
        yield Line(Content.styled("loading…", "$text-muted"), id="pick-rows")
        yield Line(id="pick-asks")

    def on_mount(self) -> None:
        """Load the list."""
        self.run_worker(self._fill(), group="load", exit_on_error=False, description=f"load {self._title}")

    async def _fill(self) -> None:
        try:
            self._choosing.give(await self._load())
        finally:
            self._loaded.set()
        self._choosing.type(self._input.value)
        self._paint()

    @property
    def _input(self) -> _Line:
        return self.query_one(_Line)

    def on_key(self, event: events.Key) -> None:
        """What is typed before the line has the focus belongs to it all the same."""
        if self.focused is None and event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self._input.insert_text_at_cursor(event.character)

    def on_input_changed(self) -> None:
        """Match once for all letters that came together."""
        if not self._painting:
            self._painting = True
            self.call_after_refresh(self._match)

    def _match(self) -> None:
        self._painting = False
        if self._choosing.text != self._input.value:
            self._choosing.type(self._input.value)
            self._paint()

    async def action_submit(self) -> None:
        """Take what is meant, or ask."""
        await self._loaded.wait()
        self._match()
        picked = self._choosing.enter()
        if picked is not None:
            self.dismiss(picked)
        else:
            # What is scanned next takes the place of what nobody knows.
            self._input.select_all()
            self._paint()
        self._input.let_go(done=picked is not None)

    def action_down(self) -> None:
        """Mark the next one."""
        self._move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._move(-1)

    def _move(self, by: int) -> None:
        self._match()
        self._choosing.move(by)
        self._paint()

    def _paint(self) -> None:
        if self._loaded.is_set():
            self.query_one("#pick-rows", Line).say(rows(self._choosing, self._empty))
            self.query_one("#pick-asks", Line).say(Content.styled(question(self._choosing), "$warning"))


def rows(choosing: Choosing, empty: str) -> Content:
    """The rows around the marked one; what they say comes from outside and is shown as it is."""
    first = max(0, choosing.row - ROWS + 1)
    lines = [
        _row(option, marked=place == choosing.row)
        for place, option in enumerate(choosing.matches[first : first + ROWS], first)
    ]
    if choosing.offers_new and len(lines) < ROWS:
        mark = "▸" if choosing.row == len(choosing.matches) else " "
        lines.append(Content.styled(f'{mark} + new {choosing.makes} "{choosing.text.strip()}"', "$accent"))
    return Content("\n").join(lines or [Content.styled(f"  {empty}", "$text-muted")])


def _row(option: Option, *, marked: bool) -> Content:
    rest = " · ".join(part for part in (option.text, option.hint) if part)
    line = Content.assemble(
        ("▸ " if marked else "  ", "bold $accent"),
        (option.code, "bold $accent" if marked else "bold"),
        (f"  {rest}" if rest else "", "" if marked else "$text-muted"),
    )
    return Content(line.plain.replace("\n", " "), spans=list(line.spans))


def question(choosing: Choosing) -> str:
    """What Enter would do now, where it did nothing yet."""
    if not choosing.asks:
        return ""
    if choosing.row < len(choosing.matches):
        return f"Nothing has exactly this code. Enter again takes {choosing.matches[choosing.row].code}."
    return "Enter again makes it. Esc leaves it."
