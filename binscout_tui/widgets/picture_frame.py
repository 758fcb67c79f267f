"""One picture of a set in a frame that says its number and its fate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from binscout_tui.terminal.overlay import Box
from binscout_tui.widgets.picture import Picture

TITLE_EDGES = 4
"""Cells of the upper edge that the title never gets."""


@dataclass(frozen=True, slots=True)
class Member:
    """What one frame shows; `refused` says why the image cannot be chosen, or is empty; `size` is in pixels."""

    path: Path
    refused: str = ""
    crop: tuple[float, float, float, float] | None = None
    size: tuple[int, int] = (4, 3)


class PictureFrame(Vertical):
    """The frame is around the picture, because marking the picture itself would send its pixels again."""

    DEFAULT_CSS = """
    PictureFrame { border: round $surface-lighten-2; border-title-color: $text-muted; }
    PictureFrame.cursor { border: heavy $accent; border-title-color: $accent; }
    PictureFrame.kept { border: double $success; border-title-color: $success; border-title-style: bold; }
    PictureFrame Static { width: 1fr; height: 1fr; content-align: center middle; text-align: center; color: $warning; }
    """

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

    def show(self, member: Member | None) -> None:
        """Show a member of the set, or hide the frame."""
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
            self.picture.show(member.path, boxes=[Box(*member.crop)] if member.crop else [])

    def mark(self, *, kept: bool, cursor: bool, clicked: bool = False) -> None:
        """Say whether the image is kept, whether the cursor is on it, and whether one more click keeps it."""
        self.set_class(kept, "kept")
        self.set_class(cursor, "cursor")
        number = f"▸ {self.position + 1}" if cursor else str(self.position + 1)
        cropped = kept and self.member is not None and self.member.crop is not None
        fates = ("kept, cropped", "kept+crop", "kept") if cropped else ("kept",) if kept else ()
        self._words = (*(f"{number} {fate}" for fate in fates), number)
        self._entitle()
        size = "{}x{}".format(*self.member.size) if self.member else ""
        self.border_subtitle = "click again keeps" if clicked else size

    def on_resize(self, event: events.Resize) -> None:
        """The title is never cut in the middle of a word."""
        self._entitle()

    def _entitle(self) -> None:
        room = (self.outer_size.width or 80) - TITLE_EDGES
        self.border_title = next((words for words in self._words if len(words) <= room), self._words[-1])

    def on_click(self, event: events.Click) -> None:
        """The first click marks, the second one chooses."""
        event.stop()
        self.post_message(self.Clicked(self.position, event.time))
