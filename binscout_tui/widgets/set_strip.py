"""The pictures of a set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message

from binscout_tui.selecting.rows import MOST, columns
from binscout_tui.terminal.graphics import HALF_BLOCKS, TerminalGraphics
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.picture_frame import Member, PictureFrame


class SetStrip(Grid):
    """Up to nine frames; frames are kept and shown again, because building widgets costs more than a key may."""

    DEFAULT_CSS = """
    SetStrip { width: 1fr; height: 1fr; grid-gutter: 0; }
    """

    @dataclass
    class Settled(Message):
        """Every picture of the set is on the screen, or says why not."""

    @dataclass
    class Damaged(Message):
        """The picture at `position` cannot be shown."""

        position: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.frames = [PictureFrame(position) for position in range(MOST)]
        self.cursor = 0
        self.kept: int | None = None
        self._wide = 1

    def compose(self) -> ComposeResult:
        """All frames; those that are not needed are hidden."""
        yield from self.frames

    @property
    def count(self) -> int:
        """How many images are shown."""
        return sum(frame.member is not None for frame in self.frames)

    @property
    def is_settled(self) -> bool:
        """Whether a person sees all there is to see."""
        return all(frame.is_settled for frame in self.frames)

    def show(self, members: Sequence[Member], *, kept: int | None, cursor: int) -> None:
        """Show a set; `kept` is the position of the chosen image, `cursor` that of the marked one."""
        self._arrange([member.size for member in members])
        for position, frame in enumerate(self.frames):
            frame.show(members[position] if position < len(members) else None)
        self.mark(kept=kept, cursor=cursor)

    def on_resize(self, event: events.Resize) -> None:
        """Other room may want other rows."""
        self._arrange([frame.member.size for frame in self.frames if frame.member is not None])

    def _arrange(self, sizes: Sequence[tuple[int, int]]) -> None:
        found = getattr(self.app, "graphics", None)
        graphics = found if isinstance(found, TerminalGraphics) else HALF_BLOCKS
        cell = (graphics.cell_width, graphics.cell_height)
        self._wide = columns(sizes, (self.size.width, self.size.height), cell) if self.size else columns(sizes)
        self.styles.grid_size_columns = self._wide
        self.styles.grid_size_rows = -(-max(1, len(sizes)) // self._wide)

    def mark(self, *, kept: int | None, cursor: int, clicked: bool = False) -> None:
        """Mark the kept image and the cursor without touching the pictures; `clicked` when a click put it there."""
        self.kept, self.cursor = kept, cursor
        for position, frame in enumerate(self.frames):
            here = position == cursor
            frame.mark(kept=position == kept, cursor=here, clicked=clicked and here)

    def move(self, right: int, down: int) -> None:
        """Move the cursor; it stops at the edges."""
        wanted = self.cursor + right + down * self._wide
        if 0 <= wanted < self.count:
            self.mark(kept=self.kept, cursor=wanted)

    def prefetch(self, paths: Sequence[Path]) -> None:
        """Make the pictures of the next set ready, each at the size of its frame."""
        for frame, path in zip(self.frames, paths, strict=False):
            frame.picture.prefetch([path])

    def on_picture_shown(self, event: Picture.Shown) -> None:
        """Tell when the last one is there."""
        event.stop()
        self._tell()

    def on_picture_damaged(self, event: Picture.Damaged) -> None:
        """A damaged picture says so itself; perhaps somebody can mend it."""
        event.stop()
        for frame in self.frames:
            if frame.picture is event.picture:
                self.post_message(self.Damaged(frame.position))
        self._tell()

    def _tell(self) -> None:
        if self.is_settled:
            self.post_message(self.Settled())
