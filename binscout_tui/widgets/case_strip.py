"""The pictures of one case side by side, each in a frame that says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from binscout_tui.selecting.rows import MOST, columns, rooms
from binscout_tui.terminal.graphics import HALF_BLOCKS, TerminalGraphics
from binscout_tui.terminal.overlay import Box, Point
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.set_strip import draft_share

TITLE_EDGES = 6


@dataclass(frozen=True, slots=True)
class Framed:
    """What one frame shows; `kinds` are style classes of the frame, `problem` stands in place of the picture."""

    path: Path
    title: str
    size: tuple[int, int] = (4, 3)
    kinds: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    points: tuple[Point, ...] = ()
    problem: str = ""


class CaseFrame(Vertical):
    """The frame is around the picture, because marking the picture itself would send its pixels again."""

    DEFAULT_CSS = """
    CaseFrame { border: round $surface-lighten-2; border-title-color: $text-muted; }
    CaseFrame.said { border: dashed $secondary; border-title-color: $secondary; }
    CaseFrame.truth { border: round $success; border-title-color: $success; }
    CaseFrame.truth.said { border: dashed $success; border-title-color: $success; }
    CaseFrame.cursor { border: heavy $accent; border-title-color: $accent; border-title-style: bold; }
    CaseFrame Static { width: 1fr; height: 1fr; content-align: center middle; text-align: center; color: $warning; }
    """

    @dataclass
    class Clicked(Message):
        """The frame was clicked."""

        position: int

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position
        self.framed: Framed | None = None
        self.picture = Picture()
        self._card = Static(markup=False)

    def compose(self) -> ComposeResult:
        """The picture, and the words that stand in its place."""
        yield self.picture
        yield self._card

    def show(self, framed: Framed | None, room: tuple[int, int]) -> None:
        """Show a picture, or hide the frame."""
        self.framed = framed
        self.display = framed is not None
        if framed is None:
            self.picture.show(None)
            return
        for kind in ("truth", "said"):
            self.set_class(kind in framed.kinds, kind)
        self.picture.display = not framed.problem
        self._card.display = bool(framed.problem)
        self._card.update(framed.problem)
        ahead = room if min(room) > 0 else None
        path = None if framed.problem else framed.path
        self.picture.show(path, boxes=framed.boxes, points=framed.points, size=framed.size, room=ahead)
        self._entitle()

    def on_resize(self, event: events.Resize) -> None:
        """The title fits its edge."""
        self._entitle()

    def _entitle(self) -> None:
        if self.framed is not None:
            room = max(1, (self.outer_size.width or 80) - TITLE_EDGES)
            # As content: names of classes are data, and a title that is text would be read as markup.
            self.border_title = Content(self.framed.title).truncate(room, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        """Tell which one it was."""
        event.stop()
        self.post_message(self.Clicked(self.position))


class CaseStrip(Grid):
    """Up to nine frames, kept and shown again; the screen that holds it owns the keys."""

    DEFAULT_CSS = """
    CaseStrip { width: 1fr; height: 1fr; grid-gutter: 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.frames = [CaseFrame(position) for position in range(MOST)]
        self.cursor = 0
        self._wide = 1

    def compose(self) -> ComposeResult:
        """All frames; those that are not needed are hidden."""
        yield from self.frames

    @property
    def count(self) -> int:
        """How many pictures are shown."""
        return sum(frame.framed is not None for frame in self.frames)

    def show(self, shown: Sequence[Framed], cursor: int) -> None:
        """Show these pictures, the cursor on one of them."""
        self._arrange([one.size for one in shown[:MOST]])
        found = rooms(self._wide, min(MOST, len(shown)), self.size)
        for position, frame in enumerate(self.frames):
            if position < len(shown):
                frame.picture.draft_bytes = draft_share(len(shown))
                frame.show(shown[position], found[position])
            else:
                frame.show(None, (0, 0))
        self.mark(cursor)

    def mark(self, cursor: int) -> None:
        """Put the cursor on a picture; one picture alone has none."""
        self.cursor = max(0, min(cursor, self.count - 1))
        for position, frame in enumerate(self.frames):
            frame.set_class(position == self.cursor and self.count > 1, "cursor")

    def move(self, by: int) -> None:
        """Move the cursor; it stops at the ends."""
        self.mark(self.cursor + by)

    def on_resize(self, event: events.Resize) -> None:
        """Other room may want other rows."""
        self._arrange([frame.framed.size for frame in self.frames if frame.framed is not None])

    def _arrange(self, sizes: Sequence[tuple[int, int]]) -> None:
        found = getattr(self.app, "graphics", None)
        graphics = found if isinstance(found, TerminalGraphics) else HALF_BLOCKS
        cell = (graphics.cell_width, graphics.cell_height)
        self._wide = columns(sizes, (self.size.width, self.size.height), cell) if self.size else columns(sizes)
        rows = -(-max(1, len(sizes)) // self._wide)
        changed = [self.styles.set_rule("grid_size_columns", self._wide), self.styles.set_rule("grid_size_rows", rows)]
        if any(changed):
            self.frames[0].refresh(layout=True)
