"""Choosing tags for images: by typing, by arrows, several at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.content import Content

from binscout_tui.capturing.tagging import Choice, State, TagChoosing, Tagging
from binscout_tui.commands import gallery_tagging as commands
from binscout_tui.dialogs.by_typing import ByTyping
from binscout_tui.store.named import Name
from binscout_tui.widgets.holding_line import HoldingLine
from binscout_tui.widgets.line import Line

ROWS = 10
SIGNS: dict[State, tuple[str, str]] = {
    "all": ("●", "$success"),
    "some": ("◐", "$warning"),
    "none": ("○", "$text-muted"),
}
SWATCH = "■"
Known = tuple[Sequence[Name], Mapping[int, int], Sequence[int]]
"""(The tags in use, how many of the images have each, the ids of those used last.)"""
Load = Callable[[], Awaitable[Known]]


class _Line(HoldingLine):
    """The line of this dialog; space is a letter of a name, and turns a tag where there is no name to type."""

    def on_key(self, event: events.Key) -> None:
        """Space, in the order of the keys."""
        if event.key == "space" and isinstance(self.screen, TagPicker) and self.screen.space_toggles:
            event.stop()
            event.prevent_default()
            self.screen.action_turn()


class TagPicker(ByTyping[Tagging]):
    """Answers what is to be put and taken, as one decision."""

    SCOPE = commands.PICKER
    BINDINGS = SCOPE.bindings()
    rows_id = "tag-rows"
    DEFAULT_CSS = f"""
    TagPicker #dialog {{ width: 60; max-width: 96%; }}
    TagPicker Input {{ width: 1fr; margin-bottom: 1; }}
    TagPicker #tag-rows {{ width: 1fr; height: {ROWS}; text-wrap: nowrap; text-overflow: ellipsis; }}
    """

    def __init__(self, title: str, load: Load, images: int) -> None:
        super().__init__(title)
        self._choosing = TagChoosing()
        self._load, self._images = load, images

    def body(self) -> ComposeResult:
        """The line to type on and the tags below it."""
        yield _Line("a few letters, or names with commas between them")
        yield Line(Content.styled("loading…", "$text-muted"), id="tag-rows")

    async def read(self) -> None:
        """The tags in use."""
        tags, shared, recent = await self._load()
        self._choosing.give(tags, shared, self._images, recent)

    @property
    def space_toggles(self) -> bool:
        """Whether space turns the marked tag instead of being a letter."""
        self.match()
        return self.has_list and (self._choosing.has_moved or not self.line.value)

    def match(self) -> None:
        """What stands on the line now."""
        self._choosing.type(self.line.value)

    async def action_submit(self) -> None:
        """Take what was turned, and what is typed or marked."""
        if await self.is_ready():
            self.dismiss(self._choosing.finish())
            self.line.let_go(done=True)

    def action_turn(self) -> None:
        """Turn the marked tag and stay."""
        if not self.has_list:
            return
        self.match()
        if self._choosing.toggle():
            self.line.value = ""
            self.match()
            self._paint()

    def mark(self, by: int) -> None:
        """Mark another one."""
        self._choosing.move(by)

    def paint(self) -> None:
        """The rows around the marked one."""
        self.query_one("#tag-rows", Line).say(rows(self._choosing))


def rows(choosing: TagChoosing) -> Content:
    """The rows around the marked one; names are shown as they are."""
    above = [_written(choosing.written)] if choosing.written else []
    room = ROWS - len(above)
    first = max(0, choosing.row - room + 1)
    lines = [
        _row(one, choosing.state(one), marked=place == choosing.row)
        for place, one in enumerate(choosing.matches[first : first + room], first)
    ]
    if choosing.offers_new:
        marked = choosing.is_on_new
        line = Content.styled(f'{"▸" if marked else " "} + new tag "{choosing.new_name}"', "$accent")
        lines = [*lines[: room - 1], line]
    lines = above + lines
    return Content("\n").join(lines or [Content.styled("  No tag yet; type the name of the first.", "$text-muted")])


def _written(names: Sequence[tuple[str, bool]]) -> Content:
    """What is written out already; a name that would be new may be half a name."""
    parts = [("  with ", "$text-muted")]
    for name, is_new in names:
        parts += [(name, "bold"), (" (new)  " if is_new else "  ", "$warning")]
    return Content.assemble(*parts)


def _row(one: Choice, state: State, *, marked: bool) -> Content:
    sign, style = SIGNS[state]
    count = "new" if one.id is None else f"{one.images:,}"
    return Content.assemble(
        ("▸ " if marked else "  ", "bold $accent"),
        (f"{sign} ", style),
        (f"{SWATCH} ", one.colour) if one.colour else ("  ", ""),
        (one.name, "bold" if marked else ""),
        (f"  {count}", "$text-muted"),
    )
