"""One picture of a comparison in a frame that says which it is and what of it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message

from binscout_tui.terminal.overlay import Box
from binscout_tui.terminal.scale import Detail
from binscout_tui.terminal.view import WHOLE, View
from binscout_tui.widgets.picture import Picture

TITLE_EDGES = 6
"""Cells of an edge that its words never get: corners, a piece of line and a blank at either end."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A picture to compare: its preview, its size in pixels, upright, and what it is called."""

    path: Path
    size: tuple[int, int]
    title: str


@dataclass(frozen=True, slots=True)
class Instead:
    """What a frame shows instead of its picture for a while, and what is said of that."""

    path: Path
    size: tuple[int, int]
    words: str
    boxes: tuple[Box, ...] = ()
    detail: Detail | None = None


class MovedPicture(Picture):
    """A picture that says when the mouse has moved or zoomed it."""

    @dataclass
    class Moved(Message):
        """Another part of it is looked at."""

        picture: MovedPicture

    def zoom_at(self, offset: Offset, factor: float) -> bool:
        """Closer or farther at the pointer."""
        return self._told(super().zoom_at(offset, factor))

    def drag(self, right: int, down: int) -> bool:
        """Move the picture by cells."""
        return self._told(super().drag(right, down))

    def _told(self, changed: bool) -> bool:
        if changed:
            self.post_message(self.Moved(self))
        return changed


class CompareFrame(Vertical):
    """The frame is around the picture, because marking the picture itself would send its pixels again."""

    DEFAULT_CSS = """
    CompareFrame { border: round $surface-lighten-2; border-title-color: $text-muted; }
    CompareFrame.winner { border: double $success; border-title-color: $success; }
    CompareFrame.cursor { border: heavy $accent; border-title-color: $accent; border-title-style: bold; }
    CompareFrame.instead { border-subtitle-color: $warning; }
    """

    @dataclass
    class Clicked(Message):
        """The frame was clicked."""

        position: int

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position
        self.compared: Compared | None = None
        self.instead: Instead | None = None
        self.picture = MovedPicture(zoomable=True)
        self.view = WHOLE
        """What is to be looked at; a picture of another shape may show a little more or less."""
        self.detail: Detail | None = None
        self._said = ("", "")

    def compose(self) -> ComposeResult:
        """The picture."""
        yield self.picture

    @property
    def is_settled(self) -> bool:
        """Whether a person sees what there is to see: the picture, or why there is none."""
        shown = self.instead or self.compared
        return shown is None or (self.picture.path == shown.path and self.picture.state in ("shown", "damaged"))

    def show(self, compared: Compared | None) -> None:
        """Another picture, or none; the same one again keeps what is looked at. `paint` brings it to the screen."""
        if compared is None or self.compared is None or compared.path != self.compared.path:
            self.instead, self.detail, self.view = None, None, WHOLE
        self.compared = compared

    def put(self, instead: Instead | None) -> None:
        """Show something else at the same place of it, or the picture again."""
        self.instead = instead
        self.paint()

    def look_at(self, view: View) -> None:
        """Show this part."""
        self.view = view
        if self.display:
            self.picture.look_at(view)

    def give_detail(self, path: Path, detail: Detail) -> None:
        """All pixels of what is shown, or of the picture behind it."""
        if self.compared is not None and path == self.compared.path:
            self.detail = detail
        self.picture.give_detail(path, detail)

    def paint(self, room: tuple[int, int] | None = None) -> None:
        """Show what there is now; `room` is what the picture will have in cells, where that is known."""
        self.set_class(self.instead is not None, "instead")
        if self.instead is not None:
            other = self.instead
            self.picture.show(
                other.path, boxes=other.boxes, size=other.size, room=room, view=self.view, detail=other.detail
            )
        elif self.compared is not None:
            own = self.compared
            self.picture.show(own.path, size=own.size, room=room, view=self.view, detail=self.detail)
        else:
            self.picture.show(None)
            return
        if self.picture.view != self.view:
            self.picture.look_at(self.view)  # it was moved while this one was not shown

    def mark(self, *, cursor: bool, winner: bool, title: str, subtitle: str) -> None:
        """Say whether it is the framed one, and the chosen one, and the words of its edges."""
        self.set_class(cursor, "cursor")
        self.set_class(winner, "winner")
        if (title, subtitle) != self._said:
            self._said = (title, subtitle)
            self._entitle()

    def on_resize(self, event: events.Resize) -> None:
        """The words fit their edges."""
        self._entitle()

    def _entitle(self) -> None:
        room = max(1, (self.outer_size.width or 80) - TITLE_EDGES)
        # As content: names of classes are data, and a title that is text would be read as markup.
        self.border_title = Content(self._said[0]).truncate(room, ellipsis=True)
        self.border_subtitle = Content(self._said[1]).truncate(room, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        """Tell which one it was."""
        event.stop()
        self.post_message(self.Clicked(self.position))
