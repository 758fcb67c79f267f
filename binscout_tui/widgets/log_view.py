"""A log of any length: paints the visible lines straight from the reader and holds no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.events import Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from binscout_tui.errors import StorageError
from binscout_tui.eventlog.cursor import Cursor
from binscout_tui.eventlog.format import FormattedLine, LineStyle, format_line
from binscout_tui.eventlog.reader import Batch, LogReader

LINE_CACHE = 1024
FOLLOWING = "↓ following"
NOT_FOLLOWING = "not following"


class LogView(ScrollView, can_focus=True):
    """Shows what a `LogReader` has, follows the end while at the end, and keeps its place otherwise.

    Give `apply` to whatever polls the reader. The view never reads ahead, never closes the reader, and posts
    no message for new lines: `following`, `unseen` and `status` say how things stand.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log-view--{style}" for style in LineStyle} | {"log-view--empty"}
    DEFAULT_CSS = """
    LogView {
        background: $surface;
        color: $foreground;
        overflow: scroll;
        scrollbar-size-horizontal: 0;
        & > .log-view--debug, & > .log-view--empty { color: $text-muted; }
        & > .log-view--warning { color: $text-warning; }
        & > .log-view--error { color: $text-error; text-style: bold; }
        & > .log-view--state { text-style: bold; }
        & > .log-view--progress { color: $text-muted; }
        & > .log-view--raw { text-style: italic; }
    }
    """

    following: reactive[bool] = reactive(True, repaint=False)
    """Whether new lines scroll into view; true exactly while the last line is visible."""
    unseen: reactive[int] = reactive(0, repaint=False)
    """Lines that arrived below what is visible."""
    empty_text: reactive[str] = reactive("")
    """What stands there while there is no line."""
    status: reactive[str] = reactive(FOLLOWING, repaint=False)
    """The two above in words, for the screen to show."""

    @dataclass
    class Cleared(Message):
        """The reader's cursor was moved to the end: whoever keeps cursors keeps this one."""

        view: LogView
        cursor: Cursor

        @property
        def control(self) -> LogView:
            return self.view

    @dataclass
    class AllShown(Message):
        """The cursor was moved back to the start of the log."""

        view: LogView
        cursor: Cursor

        @property
        def control(self) -> LogView:
            return self.view

    @dataclass
    class Restarted(Message):
        """The file was truncated or replaced; what the view shows starts at its beginning."""

        view: LogView
        cursor: Cursor

        @property
        def control(self) -> LogView:
            return self.view

    def __init__(
        self,
        reader: LogReader | None = None,
        *,
        empty_text: str = "No lines yet.",
        zone: tzinfo | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.reader = reader
        self.set_reactive(LogView.empty_text, empty_text)
        self._zone = zone
        self._lines: LRUCache[int, FormattedLine] = LRUCache(LINE_CACHE)
        self._styles: dict[str, Style] = {}
        self._generation = -1
        self._first = 0
        self._stop = 0
        self._width = 0

    def on_mount(self) -> None:
        self.sync()

    def show(self, reader: LogReader | None) -> None:
        """Show another log, from its end."""
        self.reader = reader
        self._generation = -1
        self.sync()

    def apply(self, batch: Batch) -> None:
        """Show what a poll of the reader found."""
        self.sync()
        if batch.reset and self.reader is not None:
            self.post_message(self.Restarted(self, self.reader.cursor))

    def sync(self) -> None:
        """Take over the state of the reader; cheap, and harmless when nothing changed."""
        if not self.is_attached:
            return
        generation, first, stop = (-1, 0, 0) if (r := self.reader) is None else (r.generation, r.first, r.stop)
        if generation != self._generation or r is None:
            self._generation = generation
            self._start_over()
        elif (first, stop) == (self._first, self._stop):
            return
        if self.following:
            self.refresh()
        older, newer = self._first - first, stop - self._stop
        self._first, self._stop = first, stop
        self._fit()
        if self.following:
            self.scroll_to(y=self.max_scroll_y)
        else:
            self.unseen += newer
            self.scroll_to(y=self.scroll_y + older)
        self._tell_status()

    def clear(self) -> None:
        """Hide all lines up to now; only later ones will show. Raises StorageError."""
        if self.reader is not None:
            cursor = self.reader.clear()
            self.sync()
            self.post_message(self.Cleared(self, cursor))

    def show_all(self) -> None:
        """Bring every line of the file back, the last page first. Raises StorageError."""
        if self.reader is not None:
            cursor = self.reader.show_all()
            self.reader.poll()
            self.sync()
            self.post_message(self.AllShown(self, cursor))

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.following = True
        self.scroll_to(y=self.max_scroll_y)

    def action_clear(self) -> None:
        self._or_say_why_not(self.clear)

    def action_show_all(self) -> None:
        self._or_say_why_not(self.show_all)

    def action_follow(self) -> None:
        self.follow()

    def action_scroll_home(self) -> None:
        self.scroll_to(x=0, y=0)

    def action_scroll_end(self) -> None:
        self.follow()

    def action_scroll_page_up(self) -> None:
        self.action_page_up()

    def action_scroll_page_down(self) -> None:
        self.action_page_down()

    def action_half_page_up(self) -> None:
        self.scroll_to(y=self.scroll_y - self.size.height // 2)

    def action_half_page_down(self) -> None:
        self.scroll_to(y=self.scroll_y + self.size.height // 2)

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> None:
        # An animation ends where the log ended when it began, which under a fast log is not the end.
        super().scroll_to(x, y, **(options | {"animate": False}))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.following = self._at_end()

    def watch_following(self, following: bool) -> None:
        if following:
            self.unseen = 0
        self._tell_status()

    def on_resize(self, event: Resize) -> None:
        self._fit()
        self.scroll_to(y=self.max_scroll_y if self.following else self.scroll_y)
        self.following = self._at_end()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        top = self._first + self.scroll_offset.y
        self._format(top, min(top + self.size.height, self._stop))
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        number = self._first + self.scroll_offset.y + y
        if self._stop == self._first and y == 0:
            text = Segment(self.empty_text, self._style("empty"))
            return Strip([text]).adjust_cell_length(width, base)
        line = self._lines.get(number) if number < self._stop else None
        if line is None:
            return Strip.blank(width, base)
        left = self.scroll_offset.x
        strip = Strip([Segment(line.text, self._style(line.style))])
        return strip.crop_extend(left, left + width, base)

    def _format(self, start: int, stop: int) -> None:
        """Have lines `start` to `stop - 1` ready, and room to scroll to the end of the longest."""
        missing = [number for number in range(start, stop) if number not in self._lines]
        if not missing or self.reader is None or self.reader.generation != self._generation:
            return
        longest = self._width
        try:
            lines = self.reader.lines(missing[0], missing[-1] + 1)
        except StorageError as error:
            self._lines[missing[0]] = FormattedLine(error.sentence, LineStyle.ERROR)
            return
        for number, raw in enumerate(lines, missing[0]):
            self._lines[number] = line = format_line(raw, zone=self._zone)
            longest = max(longest, cell_len(line.text))
        if longest > self._width:
            self._width = longest
            # The virtual size cannot change in the middle of painting.
            self.call_later(self._fit)

    def _fit(self) -> None:
        size = Size(max(self._width, self.size.width), self._stop - self._first)
        # Assigning the reactive would lay out and repaint the whole screen for every batch of lines;
        # the scroll bars are always there, so that nothing but their knobs has to change.
        self.set_reactive(LogView.virtual_size, size)
        self.vertical_scrollbar.window_virtual_size = size.height
        self.horizontal_scrollbar.window_virtual_size = size.width

    def _at_end(self) -> bool:
        return round(self.scroll_y) >= self.max_scroll_y

    def _or_say_why_not(self, action: Callable[[], None]) -> None:
        try:
            action()
        except StorageError as error:
            self.notify(error.sentence, severity="error", markup=False)

    def _start_over(self) -> None:
        self._lines.clear()
        self._first = self._stop = self._width = 0
        self.following = True
        self.unseen = 0

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"log-view--{name}")
        return self._styles[name]

    def _tell_status(self) -> None:
        if self.following:
            self.status = FOLLOWING
        else:
            self.status = f"{self.unseen:,} new" if self.unseen else NOT_FOLLOWING
