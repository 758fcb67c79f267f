"""One picture of a set in a frame that says its number and its fate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Static

from binscout_tui.terminal.overlay import Box, Colour
from binscout_tui.widgets.picture import Picture

TITLE_EDGES = 6
"""Cells of the upper edge that the title never gets: corners, a piece of line and a blank at either end."""
SUGGESTED: Colour = (90, 200, 255)
"""A suggested crop: dashed in a colour of its own, while a person's is one line."""

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Member:
    """What one frame shows; `refused` says why the image cannot be chosen, or is empty; `size` is in pixels.

    `suggested` says by whom and how surely, `hint` is the suggested crop; both only while suggestions are shown.
    """

    path: Path
    refused: str = ""
    crop: Corners | None = None
    size: tuple[int, int] = (4, 3)
    is_out: bool = False
    suggested: str = ""
    hint: Corners | None = None

    @property
    def boxes(self) -> list[Box]:
        """What is drawn on the picture."""
        kept = [Box(*self.crop, dashed=False)] if self.crop else []
        return kept + ([Box(*self.hint, colour=SUGGESTED)] if self.hint else [])


class PictureFrame(Vertical):
    """The frame is around the picture, because marking the picture itself would send its pixels again."""

    DEFAULT_CSS = """
    PictureFrame { border: round $surface-lighten-2; border-title-color: $text-muted; }
    PictureFrame.suggested { border: dashed $secondary; border-title-color: $secondary; }
    PictureFrame.cursor { border: heavy $accent; border-title-color: $accent; }
    PictureFrame.suggested.cursor { border: dashed $accent; }
    PictureFrame.out { border: round $surface; border-title-color: $text-disabled; }
    PictureFrame.out.cursor { border: round $accent; }
    PictureFrame.kept { border: double $success; border-title-color: $success; border-title-style: bold; }
    PictureFrame Static { width: 1fr; height: 1fr; content-align: center middle; text-align: center; color: $warning; }
    """

    virtual_size = Reactive(Size(0, 0), repaint=False)
    """Without a second layout of the screen for each new room, as in the picture itself."""

    @dataclass
    class Clicked(Message):
        """The frame was clicked; `time` is when."""

        position: int
        time: float

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position
        self.member: Member | None = None
        self.picture = Picture()
        self._card = Static(markup=False)
        self._words: tuple[str, ...] = ("",)
        self._entitled = ""

    def compose(self) -> ComposeResult:
        """The picture, and the card that stands in its place."""
        yield self.picture
        yield self._card

    @property
    def problem(self) -> str:
        """Why this image cannot be chosen now, or an empty text."""
        if self.member is None:
            return "there is no such image"
        return self.member.refused or ("its picture cannot be shown" if self.picture.state == "damaged" else "")

    @property
    def is_settled(self) -> bool:
        """Whether a person sees what there is to see: the picture, or why there is none."""
        if self.member is None or self.member.refused:
            return True
        return self.picture.path == self.member.path and self.picture.state in ("shown", "damaged")

    def show(self, member: Member | None, room: tuple[int, int] = (0, 0)) -> None:
        """Show a member of the set, or hide the frame; `room` is what its picture will have in cells, where known."""
        self.member = member
        self.display = member is not None
        if member is None:
            self.picture.show(None)
            return
        self.picture.display = not member.refused
        self._card.display = bool(member.refused)
        if member.refused:
            self._card.update(f"✗ {member.refused}")
            self.picture.show(None)
        else:
            ahead = room if min(room) > 0 else None
            self.picture.show(member.path, boxes=member.boxes, size=member.size, room=ahead)

    def mark(self, *, kept: bool, cursor: bool, clicked: bool = False) -> None:
        """Say whether the image is kept, whether the cursor is on it, and whether one more click keeps it."""
        member = self.member
        self.set_class(kept, "kept")
        self.set_class(cursor, "cursor")
        self.set_class(member is not None and member.is_out, "out")
        self.set_class(member is not None and bool(member.suggested), "suggested")
        number = f"▸ {self.position + 1}" if cursor else str(self.position + 1)
        self._words = (*(f"{number} {fate}" for fate in self._fates(kept)), number)
        self._entitle()
        size = "{}x{}".format(*member.size) if member else ""
        self.border_subtitle = "click again keeps" if clicked else size

    def _fates(self, kept: bool) -> list[str]:
        """What became of the image, from the longest to the shortest way to say it."""
        member = self.member
        if member is None:
            return []
        cropped = kept and member.crop is not None
        fates = ["kept, cropped", "kept+crop", "kept"] if cropped else ["kept"] if kept else []
        if member.is_out:
            fates = ["out"]
        if member.suggested:
            return [" · ".join([*fates[:1], member.suggested]), *fates] if fates else [member.suggested, "suggested"]
        return fates

    def on_resize(self, event: events.Resize) -> None:
        """The title is never cut in the middle of a word."""
        self._entitle()

    def _entitle(self) -> None:
        room = (self.outer_size.width or 80) - TITLE_EDGES
        words = next((words for words in self._words if len(words) <= room), self._words[-1])
        # The same title again would have the frame and its picture painted a second time after each new layout.
        if words != self._entitled:
            self._entitled = words
            # As content: the names of models are data, and a title that is text would be read as markup.
            self.border_title = Content(words)

    def on_click(self, event: events.Click) -> None:
        """The first click marks, the second one chooses."""
        event.stop()
        self.post_message(self.Clicked(self.position, event.time))
